import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { HeaderChainValidator } from '../../adapters/bitcoin/rules/validator.js';
import { verifyHeaderRun } from '../../adapters/bitcoin/rules/verifyRun.js';
import type { Ancestors, ForeignHeader } from '../../adapters/types.js';

const folder = new URL('../../../shared/data/btc-headers/', import.meta.url);
const present = existsSync(folder);
if (!present) console.warn('skipped: no Bitcoin header data at ../shared/data/btc-headers');
const bytes = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)));
const json = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const NOW = 1_800_000_000;
const genesis = { kind: 'genesis' } as const;

interface Milestone {
  height: number;
  header: string;
  hash: string;
  chainwork: string;
}

/** Every header by random access too: the same verdicts as in sequence. */
function validateEach(chain: string, data: Uint8Array, startHeight: number): void {
  const headers = new Map<number, ForeignHeader>();
  const raws = bitcoinKind.split(data);
  const first = bitcoinKind.decode(raws[0]!, startHeight);
  const ancestors: Ancestors = {
    checkpoint: {
      height: startHeight,
      hash: first.hash,
      work: 0n,
      periodStartTime: first.time,
      periodStartBits: new DataView(first.raw.buffer).getUint32(72, true),
    },
    header: (height) => headers.get(height),
  };
  headers.set(startHeight, first);
  for (let i = 1; i < raws.length; i++) {
    const header = bitcoinKind.decode(raws[i]!, startHeight + i);
    bitcoinKind.validate(chain, header, ancestors, NOW);
    headers.set(header.height, header);
  }
}

describe.skipIf(!present)('real header runs', () => {
  const runs = [
    ['bitcoin-mainnet', 'mainnet_0_10236.bin', 0],
    ['bitcoin-mainnet', 'mainnet_822528_826560.bin', 822528],
    ['bitcoin-testnet3', 'testnet3_0_5999.bin', 0],
    ['bitcoin-testnet4', 'testnet4_0_100.bin', 0],
    ['bitcoin-signet', 'signet_0_2015.bin', 0],
    ['bitcoin-regtest', 'regtest_0_100.bin', 0],
  ] as const;

  it.each(runs)('%s %s verifies to its last header', async (chain, file, height) => {
    const data = bytes(file);
    const start = height === 0 ? genesis : ({ kind: 'trusted', height } as const);
    const summary = await verifyHeaderRun(chain, [data], start, NOW);
    expect(summary.count).toBe(data.length / 80);
    expect(summary.startHeight).toBe(height);
    expect(summary.tipHeight).toBe(height + data.length / 80 - 1);
    validateEach(chain, data, height);
  });

  it('a stream cut anywhere gives the same answer', async () => {
    const data = bytes('signet_0_2015.bin');
    const chunks = function* () {
      for (let at = 0, size = 1; at < data.length; at += size, size = (size * 7) % 997)
        yield data.subarray(at, at + size);
    };
    expect(await verifyHeaderRun('bitcoin-signet', chunks(), genesis, NOW)).toEqual(
      await verifyHeaderRun('bitcoin-signet', [data], genesis, NOW),
    );
  });

  it.each([
    ['bitcoin-mainnet', 'mainnet_0_10236.bin', 'mainnet_epoch_boundaries_0_604800.json'],
    ['bitcoin-testnet3', 'testnet3_0_5999.bin', 'testnet3_checkpoints_every2016.json'],
    ['bitcoin-signet', 'signet_0_2015.bin', 'signet_checkpoints_every2016.json'],
  ])('%s: chain work and hashes at the known heights', (chain, file, milestones) => {
    const data = bytes(file);
    const known = new Map<number, Milestone>(json(milestones).map((m: Milestone) => [m.height, m]));
    const validator = new HeaderChainValidator(bitcoinNetwork(chain), genesis);
    let seen = 0;
    for (let at = 0; at < data.length; at += 80) {
      validator.push(data, at, NOW);
      const milestone = known.get(validator.height - 1);
      if (milestone === undefined) continue;
      seen++;
      expect(bitcoinKind.displayHash(validator.tipHash!)).toBe(milestone.hash);
      expect(validator.work.toString(16).padStart(64, '0')).toBe(milestone.chainwork);
    }
    if (chain !== 'bitcoin-signet') expect(seen).toBeGreaterThan(1);
  });
});
