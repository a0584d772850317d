import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { rawBlock, sampleTransactions, transaction } from '../../adapters/bitcoin/testing/samples.js';
import { fromHex, ZERO32 } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import { CommandServer } from '../support/commandServer.js';
import { dataPath, hasData, needsData, readJson } from './folder.js';

interface BlockInfo {
  readonly file: string;
  readonly network: string;
  readonly height: number | null;
  readonly hash: string;
  readonly ntx: number;
}

const commands = new CommandServer();
const folder = mkdtemp(join(tmpdir(), 'crossroot-block-'));
afterAll(async () => {
  await commands.close();
  await rm(await folder, { recursive: true, force: true });
});

async function verify(chain: string, file: string | Uint8Array, ...more: string[]) {
  const path = typeof file === 'string' ? file : join(await folder, 'block.bin');
  if (typeof file !== 'string') await writeFile(path, file);
  const ran = await commands.run(['block', 'verify', '--chain', chain, path, '--json', ...more]);
  return {
    code: ran.code,
    answer: ran.stdout === '' ? undefined : JSON.parse(ran.stdout),
    stderr: ran.stderr,
  };
}

describe('block verify', () => {
  const genesis = foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0);
  const withSize = (bytes: number) =>
    transaction(sha256d(Uint8Array.of(3)), 0, new Uint8Array(0), new Uint8Array(bytes - 60).fill(0x51));

  it('warns of what BIP54 would forbid, and refuses nothing for it', async () => {
    // Its height, BIP34: OP_1.
    const coinbase = transaction(ZERO32, 0xffffffff, Uint8Array.of(0x51, 0), Uint8Array.of(0x51));
    const raw = rawBlock(genesis, [coinbase, withSize(63), withSize(64), withSize(65)]);
    const plain = await verify('bitcoin-regtest', raw);
    expect(plain).toMatchObject({ code: 0, answer: { transactions: 4, signature: 'not-signet' } });
    expect(plain.answer.warnings).toBeUndefined();
    const { code, answer } = await verify('bitcoin-regtest', raw, '--warn', 'bip54', '--height', '1');
    expect(code).toBe(0);
    expect(answer.warnings.map(({ rule }: { rule: string }) => rule)).toEqual([
      'bip54-transaction-size',
      'bip54-coinbase-sequence',
    ]);
    expect(answer.warnings[0].message).toMatch(/^transaction 2 has 64 bytes/);
  });

  it('names what is wrong', async () => {
    const raw = rawBlock(genesis, sampleTransactions(3));
    const changed = (at: number) => raw.map((byte, i) => (i === at ? byte ^ 1 : byte));
    expect(await verify('bitcoin-regtest', changed(raw.length - 1))).toMatchObject({ code: 1 });
    expect((await verify('bitcoin-regtest', changed(raw.length - 1))).answer.error.message).toMatch(
      /Merkle root/,
    );
    expect((await verify('bitcoin-regtest', raw.subarray(0, 79))).answer.error.message).toMatch(
      /fewer than a header/,
    );
    expect((await verify('bitcoin-mainnet', raw)).answer.error.message).toMatch(/^high-hash/);
    expect((await verify('bitcoin-signet', raw)).answer.error.message).toMatch(/bad-signet-blksig/);
    expect(await verify('bitcoin-nowhere', raw)).toMatchObject({ code: 2 });
    expect((await verify('bitcoin-regtest', new Uint8Array(4_000_001))).code).not.toBe(0);
  });
});

describe.skipIf(!hasData)(needsData('block verify on real blocks'), () => {
  let blocks: readonly BlockInfo[] = [];
  beforeAll(() => {
    blocks = readJson<readonly BlockInfo[]>('btc-blocks/index.json');
  });

  it('takes each under its own network, and none as a signet’s', async () => {
    for (const { file, network, height: known, hash, ntx } of blocks) {
      const height = known ?? 100_001;
      const path = dataPath(`btc-blocks/${file}`);
      const warned = await verify(`bitcoin-${network}`, path, '--warn', 'bip54', '--height', String(height));
      expect(warned, file).toMatchObject({ code: 0, answer: { hash, height, transactions: ntx } });
      for (const { rule } of warned.answer.warnings) expect(rule).toMatch(/^bip54-coinbase/);
      const signet = await verify('bitcoin-signet', path);
      expect(signet.code, file).toBe(1);
      expect(signet.answer.error.message, file).toMatch(/bad-signet-blksig/);
    }
  });

  it('agrees with BIP54’s vectors of coinbases', async () => {
    const vectors = readJson<{ block_chain: string[]; valid: boolean; comment: string }[]>(
      'btc-headers/bip54_coinbases.json',
    );
    for (const { block_chain, valid, comment } of vectors) {
      const raw = fromHex(block_chain.at(-1) ?? '');
      const height = String(block_chain.length - 1);
      const { code, answer } = await verify('bitcoin-mainnet', raw, '--warn', 'bip54', '--height', height);
      expect([code, answer.warningCount === 0], comment).toEqual([0, valid]);
    }
  });

  it('knows the height from the coinbase where BIP34 holds, and asks for it elsewhere', async () => {
    for (const { file, network, height } of blocks) {
      const told = await verify(`bitcoin-${network}`, dataPath(`btc-blocks/${file}`));
      expect([height, null], file).toContain(told.answer.height);
      if (told.answer.height !== null) {
        const other = await verify(`bitcoin-${network}`, dataPath(`btc-blocks/${file}`), '--height', '5');
        expect(other, file).toMatchObject({ code: 1 });
        expect(other.answer.error.message).toBe(
          `bad-cb-height: the block says that it is at height ${height}, not 5`,
        );
        continue;
      }
      const asked = await verify(`bitcoin-${network}`, dataPath(`btc-blocks/${file}`), '--warn', 'bip54');
      expect(asked, file).toMatchObject({ code: 2 });
    }
  });
});
