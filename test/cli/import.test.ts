import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BlockProver } from '../../adapters/bitcoin/proofs/build.js';
import { joinParts } from '../../adapters/bitcoin/proofs/transaction.js';
import { displayHash } from '../../adapters/bitcoin/rules/checks.js';
import { foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { segwitBlock } from '../../adapters/bitcoin/testing/segwit.js';
import { toBareHex } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import { ensureBuilt } from '../support/built.js';
import { CommandServer } from '../support/commandServer.js';

const commands = new CommandServer();
const crossroot = (args: readonly string[]) => commands.run(args);
afterAll(() => commands.close());

const CHAIN = 'bitcoin-regtest';
const block = segwitBlock(foreignHeader(bitcoinNetwork(CHAIN).genesisHeader, 0), 7);
const prover = new BlockProver(block.raw);
const blockHash = displayHash(sha256d(prover.header));
const header = toBareHex(prover.header);
const txid = (place: number) => displayHash(prover.txids[place]!);
const raw = (place: number) => toBareHex(joinParts(block.parts[place]!));

let folder: string;
beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), 'crossroot-import-'));
  await writeFile(join(folder, 'block.raw'), block.raw);
  await writeFile(join(folder, 'coinbase.hex'), `${raw(0)}\n`);
  await writeFile(join(folder, 'payment.bin'), joinParts(block.parts[4]!));
});
afterAll(() => rm(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const prove = (...args: string[]) =>
  crossroot(['prove', '--offline', 'bitcoin', '--chain', CHAIN, '--block', at('block.raw'), ...args]);
const verify = (file: string) => crossroot(['verify', at(file), '--block-hash', blockHash, '--data', folder]);

/** Writes the branch of one transaction in a form of other programs. */
async function branch(format: string, place: number): Promise<string> {
  const file = at(`${format}.${place}`);
  const height = format === 'txoutproof' ? [] : ['--height', '101'];
  const { code, stderr } = await prove('--tx', txid(place), '--format', format, ...height, '-o', file);
  expect([code, stderr]).toEqual([0, '']);
  return file;
}

describe('import', () => {
  test.each(['txoutproof', 'esplora', 'electrum'])(
    '%s: out and in again, as the block proves it',
    async (format) => {
      const files = [await branch(format, 0), await branch(format, 4)];
      const given = format === 'txoutproof' ? [] : ['--header', header];
      const raws = ['--raw', `@${at('coinbase.hex')}`, '--raw', `@${at('payment.bin')}`];
      const { code, stderr, stdout } = await crossroot([
        'import',
        ...files,
        '--format',
        format,
        '--chain',
        CHAIN,
        ...given,
        ...raws,
      ]);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toBe((await prove('--tx', txid(4))).stdout);
      const output = at(`${format}.ssz`);
      const kind = ['--kind', 'output', '--output-index', '2', '--as', 'ssz', '-o', output, '--json'];
      const made = await crossroot([
        'import',
        ...files,
        '--format',
        format,
        '--chain',
        CHAIN,
        ...given,
        ...raws,
        ...kind,
      ]);
      expect(made.json()).toMatchObject({ file: output, format: 'ssz' });
      const verdict = await verify(`${format}.ssz`);
      expect(verdict.code).toBe(0);
      expect(verdict.stdout).toContain(`output 2 of transaction ${txid(4)}`);
      expect(verdict.stdout).toContain('anchored in no main chain');
    },
  );

  test('without the coinbase is refused, with the reason', async () => {
    const files = [await branch('txoutproof', 4)];
    const args = ['import', ...files, '--format', 'txoutproof', '--chain', CHAIN, '--raw', raw(4)];
    const { code, stderr } = await crossroot(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /does not prove the block's coinbase: without it nothing shows how deep the tree is/,
    );
  });

  test.each([
    [
      'a branch without its header',
      ['--format', 'esplora', '--chain', CHAIN, '--raw', raw(0)],
      2,
      /--header/,
    ],
    [
      'a header too short',
      ['--format', 'esplora', '--chain', CHAIN, '--raw', raw(0), '--header', '00'],
      1,
      /not 80/,
    ],
    [
      'a header without work',
      ['--format', 'esplora', '--chain', 'bitcoin-mainnet', '--raw', raw(0), '--header', header],
      1,
      /proof of work|high-hash|no work|enough work/,
    ],
    ['another form', ['--format', 'txoutproof', '--chain', CHAIN, '--raw', raw(0)], 1, /merkle block/],
    [
      'another kind of chain',
      ['--format', 'esplora', '--chain', 'ethereum-local', '--raw', raw(0)],
      2,
      /of Bitcoin/,
    ],
    [
      'a kind that branches do not prove',
      ['--format', 'esplora', '--chain', CHAIN, '--raw', raw(0), '--kind', 'witness'],
      2,
      /witness/,
    ],
    ['an unknown form', ['--format', 'spv', '--chain', CHAIN, '--raw', raw(0)], 2, /Allowed choices/],
  ])('refuses %s', async (_, args, exit, reason) => {
    const { code, stderr } = await crossroot(['import', await branch('esplora', 0), ...args]);
    expect(stderr).toMatch(reason);
    expect(code).toBe(exit);
  });

  test('verify does not take the forms of other programs for proofs', async () => {
    for (const format of ['txoutproof', 'esplora', 'electrum']) {
      await branch(format, 4);
      const { code, stdout } = await verify(`${format}.4`);
      expect(code).toBe(1);
      expect(stdout).toContain('refused (malformed)');
    }
  });
});

describe('prove --kind', () => {
  test.each([
    [['--kind', 'txs', '--tx', txid(4), '--tx', txid(2)], '2 transactions'],
    [['--kind', 'witness', '--tx', txid(4)], 'with its witness'],
    [['--kind', 'output', '--tx', txid(4), '--output-index', '0'], `output 0 of transaction ${txid(4)}`],
    [['--kind', 'spend', '--tx', txid(4), '--input', '1'], `input 1 of transaction ${txid(4)} spends`],
    [['--kind', 'data', '--tx', txid(4)], 'data "note 3" in output 1'],
  ])('%j', async (args, words) => {
    const { code, stderr } = await prove(...args, '-o', at('kind.json'));
    expect([code, stderr]).toEqual([0, '']);
    const file = JSON.parse(await readFile(at('kind.json'), 'utf8')) as object;
    expect(file).toMatchObject({ kind: 'unanchored', chain: CHAIN });
    const good = await verify('kind.json');
    expect([good.code, good.stderr]).toEqual([0, '']);
    expect(good.stdout).toContain(words);
    const bare = await crossroot(['verify', at('kind.json'), '--data', folder]);
    expect([bare.code, bare.stdout]).toEqual([1, expect.stringContaining('refused (unanchored)')]);
  });

  test.each([
    [
      ['--kind', 'receipt', '--tx', txid(4)],
      2,
      'kind=receipt: bitcoin-regtest offers tx, txs, witness, output, spend, data',
    ],
    [['--kind', 'output', '--tx', txid(4)], 1, 'needs the number of the output, or the address'],
    [['--kind', 'output', '--tx', txid(4), '--output-index', '3'], 1, '3 outputs, not one at index 3'],
    [
      ['--kind', 'output', '--tx', txid(4), '--address', 'bcrt1q'],
      1,
      'no output of the transaction pays to bcrt1q',
    ],
    [['--kind', 'output', '--tx', txid(4), '--input', '0'], 2, 'input: does not go with kind=output'],
    [['--kind', 'spend', '--tx', txid(4)], 1, 'the number of the input or the outpoint'],
    [
      ['--kind', 'spend', '--tx', txid(4), '--outpoint', `${txid(4)}:0`],
      1,
      'no input of the transaction spends',
    ],
    [['--kind', 'spend', '--tx', txid(0), '--input', '0'], 1, 'spends nothing'],
    [['--kind', 'witness', '--tx', txid(0)], 1, 'coinbase, whose witness is not committed'],
    [['--kind', 'witness', '--tx', txid(1), '--tx', txid(2)], 2, 'of one --tx'],
    [['--kind', 'data', '--tx', txid(4), '--output-index', '0'], 1, 'OP_RETURN'],
    [['--kind', 'txs', '--tx', txid(4), '--tx', blockHash], 1, 'not in the block of the first'],
    [['--tx', txid(4), '--log', '0'], 2, '--log goes with --kind log'],
    [['--tx', txid(4), '--format', 'esplora', '--height', '7'], 2, 'the block says that it is at 101'],
  ])('%j is refused', async (args, exit, reason) => {
    const { code, stderr } = await prove(...args);
    expect(stderr).toContain(reason);
    expect(code).toBe(exit);
  });

  test('an output is found by its address, an input by what it spends', async () => {
    const output = await prove(
      '--kind',
      'output',
      '--tx',
      txid(4),
      '--output-index',
      '2',
      '-o',
      at('o.json'),
    );
    expect(output.code).toBe(0);
    const { stdout } = await verify('o.json');
    const address = /address +(\S+)/.exec(stdout)?.[1] ?? '';
    expect(address).toMatch(/^bcrt1q/);
    const same = await prove('--kind', 'output', '--tx', txid(4), '--address', address);
    expect(same.stdout).toBe(await readFile(at('o.json'), 'utf8'));

    await prove('--kind', 'spend', '--tx', txid(4), '--input', '1', '-o', at('s.json'));
    const spent = /spent +(\S+)/.exec((await verify('s.json')).stdout)?.[1] ?? '';
    const again = await prove('--kind', 'spend', '--tx', txid(4), '--outpoint', spent);
    expect(again.stdout).toBe(await readFile(at('s.json'), 'utf8'));
  });
});
