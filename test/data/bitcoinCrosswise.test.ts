import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseBlock } from '../../adapters/bitcoin/blocks/block.js';
import { ByteReader } from '../../adapters/bitcoin/proofs/reader.js';
import { readParts } from '../../adapters/bitcoin/proofs/transaction.js';
import { bitsAt, foreignHeader, splitHeaders } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { periodStartHeight } from '../../adapters/bitcoin/rules/parameters.js';
import { validateHeader } from '../../adapters/bitcoin/rules/validate.js';
import { HeaderChainValidator, type RunStart } from '../../adapters/bitcoin/rules/validator.js';
import { bip54BlockWarnings } from '../../adapters/bitcoin/rules/warnings.js';
import { HeaderRuleError } from '../../adapters/errors.js';
import { fromHex } from '../../proofs/bytes.js';
import { CommandServer } from '../support/commandServer.js';
import { dataPath, hasData, needsData, readBytes, readJson } from './folder.js';

const commands = new CommandServer();
const crossroot = (args: readonly string[]) => commands.run(args);
afterAll(() => commands.close());

const NOW = 2_000_000_000;
const runs = {
  mainnet: ['mainnet_0_10236.bin', 0],
  'mainnet (late)': ['mainnet_822528_826560.bin', 822_528],
  testnet3: ['testnet3_0_5999.bin', 0],
  testnet4: ['testnet4_0_100.bin', 0],
  signet: ['signet_0_2015.bin', 0],
  regtest: ['regtest_0_100.bin', 0],
} as const;
type Run = keyof typeof runs;
const networks = ['mainnet', 'testnet3', 'testnet4', 'signet', 'regtest'];

function ruleOf(check: () => void): string {
  try {
    check();
    return 'valid';
  } catch (error) {
    if (!(error instanceof HeaderRuleError)) throw error;
    return error.rule;
  }
}

function runRule(network: string, bytes: Uint8Array, start: RunStart): string {
  const validator = new HeaderChainValidator(bitcoinNetwork(`bitcoin-${network}`), start);
  return ruleOf(() => validator.pushMany(bytes, NOW));
}

/**
 * Why the main chain's function refuses a header of the run, with the run's header at `skip` as checkpoint.
 * @param from height of the run's first header
 */
function chainRule(network: string, raws: readonly Uint8Array[], from: number, skip: number): string {
  const { rules } = bitcoinNetwork(`bitcoin-${network}`);
  const headers = raws.map((raw, i) => foreignHeader(raw, from + i));
  const first = headers[skip];
  if (first === undefined) return 'empty';
  const start = headers[periodStartHeight(rules, first.height) - from];
  const checkpoint = {
    height: first.height,
    hash: first.hash,
    work: 1n,
    periodStartTime: start?.time ?? first.time,
    periodStartBits: bitsAt((start ?? first).raw),
  };
  const header = (height: number) => (height < first.height ? undefined : headers[height - from]);
  return ruleOf(() => {
    for (const one of headers.slice(skip + 1))
      validateHeader(`bitcoin-${network}`, one, { checkpoint, header }, NOW);
  });
}

/** Why `headers verify` refuses a file; `valid` where it does not. */
async function commandRule(network: string, file: string, startHeight?: number): Promise<string> {
  const start = startHeight === undefined ? [] : ['--start-height', String(startHeight)];
  const chain = `bitcoin-${network}`;
  const now = ['--now', String(NOW)];
  const ran = await crossroot(['headers', 'verify', '--chain', chain, ...start, ...now, file, '--json']);
  expect(ran.code).toBeOneOf([0, 1]);
  const answer = JSON.parse(ran.stdout);
  if (ran.code === 1) return answer.error.rule;
  expect(answer.startHeight).toBe(startHeight ?? 0);
  return 'valid';
}

describe.skipIf(!hasData)(needsData('real headers under every other network’s rules'), () => {
  const others = (Object.keys(runs) as Run[]).flatMap((run) =>
    networks.filter((network) => !run.startsWith(network)).map((network) => [run, network] as const),
  );
  /** Rules that a run started in its midst breaks. */
  const seen: Record<string, string> = {};
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crossroot-crosswise-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(others)(
    '%s under %s, from genesis, from its midst, by the main chain and the command line',
    async (run, network) => {
      const [file, height] = runs[run];
      const bytes = readBytes(`btc-headers/${file}`);
      expect(runRule(network, bytes, { kind: 'genesis' })).toBe('bad-genesis');
      const skip = 5;
      const rule = runRule(network, bytes.subarray(skip * 80), { kind: 'trusted', height: height + skip });
      const chain = chainRule(network, splitHeaders(bytes), height, skip);
      seen[`${run} under ${network}`] = `${rule}, ${chain}`;

      const whole = dataPath(`btc-headers/${file}`);
      expect(await commandRule(network, whole)).toBe('bad-genesis');
      const part = join(folder, `${network} ${file}`);
      await writeFile(part, bytes.subarray(skip * 80));
      expect(await commandRule(network, part, height + skip)).toBe(rule);
      // From height 0 on there is nothing to take on trust: the genesis is known.
      expect(await commandRule(network, whole, 0)).toBe('bad-genesis');
    },
  );

  /**
   * Where a trusted header in mid-run takes the genesis' place, `valid` stands for what no header rule tells apart, in the
   * reference client either: all of these blocks are of difficulty 1, or the networks differ only in what comes earlier (highest
   * target, heights of versions). There the trusted header is what names the chain.
   */
  it('names the rule that a run taken up in its midst breaks', () => {
    expect(seen).toMatchInlineSnapshot(`
      {
        "mainnet (late) under regtest": "bad-diffbits, bad-diffbits",
        "mainnet (late) under signet": "valid, valid",
        "mainnet (late) under testnet3": "bad-diffbits, bad-diffbits",
        "mainnet (late) under testnet4": "bad-diffbits, bad-diffbits",
        "mainnet under regtest": "bad-diffbits, bad-diffbits",
        "mainnet under signet": "bad-version, bad-version",
        "mainnet under testnet3": "valid, valid",
        "mainnet under testnet4": "bad-version, bad-version",
        "regtest under mainnet": "high-hash, high-hash",
        "regtest under signet": "high-hash, high-hash",
        "regtest under testnet3": "high-hash, high-hash",
        "regtest under testnet4": "high-hash, high-hash",
        "signet under mainnet": "high-hash, high-hash",
        "signet under regtest": "bad-diffbits, bad-diffbits",
        "signet under testnet3": "high-hash, high-hash",
        "signet under testnet4": "high-hash, high-hash",
        "testnet3 under mainnet": "bad-diffbits, bad-diffbits",
        "testnet3 under regtest": "bad-diffbits, bad-diffbits",
        "testnet3 under signet": "bad-version, bad-version",
        "testnet3 under testnet4": "bad-version, bad-version",
        "testnet4 under mainnet": "valid, valid",
        "testnet4 under regtest": "bad-diffbits, bad-diffbits",
        "testnet4 under signet": "valid, valid",
        "testnet4 under testnet3": "valid, valid",
      }
    `);
  });
});

describe.skipIf(!hasData)(needsData('BIP54 on real data'), () => {
  it('warns of nothing in mainnet, and the command line says so and exits 0', async () => {
    const { code, stdout } = await crossroot([
      'headers',
      'verify',
      '--chain',
      'bitcoin-mainnet',
      dataPath('btc-headers/mainnet_0_10236.bin'),
      '--warn',
      'bip54',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ count: 10_237, warnings: [], warningCount: 0 });
  });

  it('agrees with its vectors of transaction sizes', () => {
    const vectors = readJson<{ tx: string; valid: boolean; comment: string }[]>(
      'btc-headers/bip54_txsize.json',
    );
    for (const { tx, valid, comment } of vectors) {
      const { stripped } = readParts(new ByteReader(fromHex(tx)));
      const warnings = bip54BlockWarnings({
        height: 0,
        coinbase: { lockTime: 0, sequence: 0 },
        strippedSizes: [stripped.length],
      });
      expect(warnings.length === 0, comment).toBe(valid);
    }
    expect(vectors.length).toBeGreaterThan(10);
  });

  it('agrees with its vectors of coinbases', () => {
    const vectors = readJson<{ block_chain: string[]; valid: boolean; comment: string }[]>(
      'btc-headers/bip54_coinbases.json',
    );
    for (const { block_chain, valid, comment } of vectors) {
      const height = block_chain.length - 1;
      const { transactions } = parseBlock(fromHex(block_chain[height]!));
      const coinbase = transactions[0]!.transaction;
      const warnings = bip54BlockWarnings({
        height,
        coinbase: { lockTime: coinbase.locktime, sequence: coinbase.ins[0]!.sequence },
        strippedSizes: transactions.map(({ stripped }) => stripped.length),
      });
      expect(warnings.length === 0, comment).toBe(valid);
    }
  });
});
