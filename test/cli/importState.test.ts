import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeEip1186 } from '../../adapters/ethereum/proofs/eip1186.js';
import { StoragePayloadType } from '../../adapters/ethereum/proofs/storage.js';
import { decodeEthereumHeader } from '../../adapters/ethereum/rules/header.js';
import {
  block,
  NOBODY,
  nodesOf,
  PAYEE,
  SLOTS,
  storageOf,
  TOKEN,
} from '../../adapters/ethereum/testing/kinds.js';
import { toBareHex, toHex } from '../../proofs/bytes.js';
import { ensureBuilt } from '../support/built.js';
import { CommandServer } from '../support/commandServer.js';

const commands = new CommandServer();
const crossroot = (args: readonly string[]) => commands.run(args);
afterAll(() => commands.close());

const CHAIN = 'ethereum-local';
const { stateRoot, hash, raw } = block.header;
const storage = StoragePayloadType.deserialize(storageOf(TOKEN, SLOTS.slice(0, 3)));
const answers = {
  account: encodeEip1186(stateRoot, PAYEE, nodesOf(PAYEE).accountNodes),
  absent: encodeEip1186(stateRoot, NOBODY, nodesOf(NOBODY).accountNodes),
  storage: encodeEip1186(
    stateRoot,
    TOKEN,
    storage.accountNodes,
    storage.question.slots,
    storage.storageNodes,
  ),
};

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), 'crossroot-state-'));
  for (const [name, text] of Object.entries(answers)) await writeFile(at(`${name}.json`), text);
  await writeFile(at('header.raw'), raw);
  await writeFile(at('header.hex'), `${toBareHex(raw)}\n`);
  const error = { code: -32000, message: 'missing trie node' };
  await writeFile(at('refusal.json'), JSON.stringify({ jsonrpc: '2.0', id: 1, error }));
  await writeFile(at('block.json'), JSON.stringify({ jsonrpc: '2.0', id: 1, result: blockJson() }));
});
afterAll(() => rm(folder, { recursive: true }));

/** The block as a node answers it. */
function blockJson(): Record<string, unknown> {
  const header = decodeEthereumHeader(raw);
  const names = { ommersHash: 'sha3Uncles', beneficiary: 'miner' } as Record<string, string>;
  const fields = Object.entries(header).flatMap(([name, value]) => {
    if (name === 'fields' || value === undefined) return [];
    const text = value instanceof Uint8Array ? toHex(value) : `0x${(value as bigint).toString(16)}`;
    return [[names[name] ?? name, text]];
  });
  return { ...Object.fromEntries(fields), hash: toHex(hash) };
}

const run = (file: string, ...more: string[]) =>
  crossroot(['import', at(file), '--format', 'eip1186', '--chain', CHAIN, ...more]);
const verify = (file: string, ...more: string[]) =>
  crossroot(['verify', at(file), '--data', folder, ...more]);

describe('import --format eip1186', () => {
  test.each([
    ['account.json', [], 'account 0x'],
    ['absent.json', ['--kind', 'account'], 'no account 0x'],
    ['storage.json', [], '3 slots of 0x'],
    ['storage.json', ['--kind', 'account'], 'account 0x'],
  ])('%s %j: in and checked', async (file, more, words) => {
    const { code, stderr } = await run(file, '--header', toHex(raw), ...more, '-o', at('proof.json'));
    expect([code, stderr]).toEqual([0, '']);
    const good = await verify('proof.json', '--block-hash', toHex(hash));
    expect([good.code, good.stderr]).toEqual([0, '']);
    expect(good.stdout).toContain(words);
    expect(good.stdout).toContain('anchored in no main chain');
    const nothing = await verify('proof.json');
    expect([nothing.code, nothing.stdout]).toEqual([1, expect.stringContaining('refused (unanchored)')]);
  });

  test.each([
    ['hex', '@header.hex'],
    ['raw bytes', '@header.raw'],
    ['the JSON of a node', '@block.json'],
  ])('takes the header as %s from a file', async (_, header) => {
    const path = `@${at(header.slice(1))}`;
    const { code, stderr } = await run('account.json', '--header', path, '--as', 'ssz', '-o', at('p.ssz'));
    expect([code, stderr]).toEqual([0, '']);
    expect((await verify('p.ssz', '--block-hash', toHex(hash))).code).toBe(0);
  });

  test.each<[string, object, string]>([
    ['account', { balance: '0x0' }, 'balance: says 0x0, the nodes show'],
    ['account', { nonce: '0x4' }, 'nonce: says 0x4, the nodes show 0x3'],
    ['account', { codeHash: toHex(hash) }, 'codeHash: says'],
    ['account', { storageHash: toHex(hash) }, 'storageHash: says'],
    ['account', { address: toHex(NOBODY) }, 'accountProof: '],
    ['absent', { balance: '0x1' }, 'balance: says 0x1, the nodes show 0x0'],
    ['storage', { storageProof: [], accountProof: [] }, 'accountProof: trie proof lacks a node'],
  ])('%s with %j is refused by name', async (name, changes, message) => {
    const answer = JSON.parse(answers[name as keyof typeof answers]) as object;
    await writeFile(at('wrong.json'), JSON.stringify({ ...answer, ...changes }));
    const { code, stderr, stdout } = await run('wrong.json', '--header', toHex(raw));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`error: ${message}`);
  });

  test.each<[string[], number, string]>([
    [['account.json'], 2, 'needs --header'],
    [['account.json', '--header', toHex(raw), '--raw', '00'], 2, '--raw does not go with'],
    [['account.json', '--header', toHex(raw), '--kind', 'code'], 2, 'proves account and storage'],
    [['account.json', '--header', '0x00'], 1, 'is not a list'],
    [['header.raw', '--header', toHex(raw)], 1, 'not text'],
    [['header.hex', '--header', toHex(raw)], 1, 'not JSON'],
    [['refusal.json', '--header', toHex(raw)], 1, 'is the node’s refusal: missing trie node (-32000)'],
  ])('%j is refused', async ([file = '', ...more], exit, message) => {
    const { code, stderr } = await run(file, ...more);
    expect([code, stderr]).toEqual([exit, expect.stringContaining(message)]);
  });

  test('a block whose hash is not that of its fields is refused; so is another chain', async () => {
    await writeFile(at('lying.json'), JSON.stringify({ ...blockJson(), hash: toHex(stateRoot) }));
    const lying = await run('account.json', '--header', `@${at('lying.json')}`);
    expect([lying.code, lying.stderr]).toEqual([1, expect.stringContaining('another block hash')]);
    const bitcoin = await crossroot([
      ...[
        'import',
        at('account.json'),
        '--format',
        'eip1186',
        '--chain',
        'bitcoin-regtest',
        '--header',
        '00',
      ],
    ]);
    expect([bitcoin.code, bitcoin.stderr]).toEqual([2, expect.stringContaining('is of Ethereum')]);
  });
});

describe('prove refuses before it asks', () => {
  const api = ['--api', 'http://127.0.0.1:1', '--chain', CHAIN];
  test.each<[string[], string]>([
    [['--kind', 'account'], '--kind account needs --address'],
    [['--kind', 'storage', '--address', toHex(PAYEE), '--tx', toHex(hash)], '--tx does not go with it'],
    [['--kind', 'account', '--address', toHex(PAYEE), '--slot', '1'], 'slot: does not go with kind=account'],
    [['--kind', 'account', '--address', toHex(PAYEE), '--from-block', '1'], 'go with --kind logs'],
    [['--kind', 'logs', '--block', '5', '--to-block', '6'], '--block or --to-block'],
    [
      ['--kind', 'code', '--format', 'eip1186', '--address', toHex(PAYEE)],
      'is of --kind account or, with --slot, storage',
    ],
    [['--kind', 'block-log', '--tx', toHex(hash)], '--log goes with'],
    [['--kind', 'nonsense', '--tx', toHex(hash)], 'offers tx, receipt, log'],
    [['--kind', 'tx', '--tx', toHex(hash), '--tx', toHex(hash)], 'one --tx is needed'],
  ])('%j', async (args, message) => {
    const { code, stderr } = await crossroot(['prove', ...api, ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test('and finds nobody to ask for the rest', async () => {
    const { code, stderr } = await crossroot(['prove', ...api, '--kind', 'logs', '--topic', 'any']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('nothing answers')]);
  });
});
