import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { genesisHeaders } from '../../adapters/bitcoin/rules/genesis.js';
import { foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { mineAfter } from '../../adapters/bitcoin/testing/samples.js';
import { REGTEST_GENESIS } from '../../devnet/bitcoin/params.js';
import { reversed, toBareHex } from '../../proofs/bytes.js';
import { crossroot, ensureBuilt } from '../support/built.js';
import { CommandServer } from '../support/commandServer.js';

const GUARD = pathToFileURL(fileURLToPath(new URL('../../dist/cli/noSockets.js', import.meta.url))).href;
const genesis = foreignHeader(genesisHeaders.regtest, 0);
const chain = [genesis];
for (let i = 0; i < 12; i++) chain.push(mineAfter(chain[chain.length - 1]!));
const display = (hash: Uint8Array) => toBareHex(reversed(hash));
/** The only transaction of the genesis block: its hash is the Merkle root. */
const txid = display(genesis.transactionsRoot);
const blockHash = display(genesis.hash);

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), 'crossroot-cli-'));
  await writeFile(at('headers.bin'), Buffer.concat(chain.map((header) => header.raw)));
  await writeFile(at('genesis.raw'), REGTEST_GENESIS);
});
afterAll(() => rm(folder, { recursive: true }));

test('a proof about a custom signet needs its challenge, and is refused without it', async () => {
  const chainName = 'bitcoin-signet-mine';
  const signet = ['--signet-challenge', `${chainName}=51`];
  const block = foreignHeader(genesisHeaders.signet, 0);
  await writeFile(at('signet.raw'), Buffer.concat([block.raw, REGTEST_GENESIS.subarray(80)]));
  const args = ['--offline', 'bitcoin', '--chain', chainName, '--block', at('signet.raw'), '--tx', txid];
  const proof = at('signet.json');
  const proved = await crossroot([
    'prove',
    ...args,
    ...signet,
    '--kind',
    'output',
    '--output-index',
    '0',
    '-o',
    proof,
  ]);
  expect([proved.code, proved.stderr]).toEqual([0, '']);
  const verify = ['verify', proof, '--block-hash', display(block.hash), '--data', folder];
  expect((await crossroot([...verify, ...signet])).code).toBe(0);
  const without = await crossroot(verify);
  expect([without.code, without.stdout]).toEqual([1, expect.stringContaining('unknown-chain')]);
  expect((await crossroot(['prove', ...args])).code).toBe(2);
});

describe('every command', () => {
  const commands = new CommandServer();
  afterAll(() => commands.close());

  test('ends its process with its exit code', async () => {
    const [help, wrong] = await Promise.all([crossroot(['verify', '--help']), crossroot(['frobnicate'])]);
    expect([help.code, wrong.code]).toEqual([0, 2]);
  });

  test.each(['up', 'headers verify', 'block verify', 'prove', 'import', 'verify', 'trust', 'status'])(
    '%s has --help and --json',
    async (words) => {
      const { code, stdout } = await commands.run([...words.split(' '), '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain('--json');
    },
  );

  test.each([
    [['frobnicate']],
    [['verify']],
    [['verify', '--nope', 'x']],
    [['headers', 'verify', 'x']],
    [['headers', 'verify', '--chain', 'ethereum-mainnet', 'x']],
    [['headers', 'verify', '--chain', 'bitcoin-mainnet', '--start-height', 'ten', 'x']],
    [['prove']],
    [['prove', '--chain', 'bitcoin-regtest']],
    [['prove', '--chain', 'bitcoin-regtest', '--tx', txid, '--kind', 'log']],
    [['prove', '--chain', 'bitcoin-regtest', '--tx', txid, '--kind', 'coin']],
    [['prove', '--offline', 'bitcoin', '--tx', txid]],
    [['prove', '--offline', 'dogecoin', '--tx', txid]],
    [['status', 'now']],
  ])('wrong usage ends with 2: %j', async (args) => {
    const [people, machines] = [await commands.run(args), await commands.run([...args, '--json'])];
    expect(people.code).toBe(2);
    expect(people.stdout).toBe('');
    expect(people.stderr).toMatch(/^error: /);
    expect(machines.code).toBe(2);
    expect(machines.json()).toMatchObject({ error: { name: 'UsageError', message: expect.any(String) } });
    expect(machines.stderr).toBe('');
  });
});

describe('headers verify', () => {
  const verify = (...args: string[]) =>
    crossroot(['headers', 'verify', '--chain', 'bitcoin-regtest', ...args]);
  const bad = async (name: string, change: (bytes: Uint8Array) => Uint8Array) => {
    const bytes = change(new Uint8Array(await readFile(at('headers.bin'))));
    await writeFile(at(name), bytes);
    return at(name);
  };

  test('a whole chain', async () => {
    const { code, json } = await verify(at('headers.bin'), '--json');
    expect(code).toBe(0);
    expect(json()).toEqual({
      count: 13,
      startHeight: 0,
      tipHeight: 12,
      tipHash: display(chain[12]!.hash),
      chainWork: (26).toString(16).padStart(64, '0'),
    });
    const people = await verify(at('headers.bin'));
    expect(people.stdout).toContain('13 headers of bitcoin-regtest, heights 0 to 12');
  });

  test('a run that begins elsewhere', async () => {
    const path = await bad('rest.bin', (bytes) => bytes.slice(5 * 80));
    expect((await verify(path, '--start-height', '5', '--json')).json()).toMatchObject({
      count: 8,
      startHeight: 5,
      tipHeight: 12,
    });
    const refused = await verify(path, '--json');
    expect(refused.code).toBe(1);
    expect(refused.json()).toMatchObject({ error: { rule: 'bad-genesis', height: 0 } });
  });

  test('a run on top of a checkpoint', async () => {
    const path = await bad('rest.bin', (bytes) => bytes.slice(5 * 80));
    const checkpoint = (height: number) =>
      writeFile(
        at('point.json'),
        JSON.stringify({ height, hash: display(chain[height]!.hash), work: String(2 * (height + 1)) }),
      );
    await checkpoint(4);
    const good = await verify(path, '--checkpoint', at('point.json'), '--json');
    expect(good.json()).toMatchObject({
      count: 8,
      startHeight: 5,
      chainWork: (26).toString(16).padStart(64, '0'),
    });
    await checkpoint(3);
    const refused = await verify(path, '--checkpoint', at('point.json'), '--json');
    expect(refused.code).toBe(1);
    expect(refused.json()).toMatchObject({ error: { rule: 'bad-prevblk', height: 4 } });
    expect((await verify(path, '--checkpoint', at('point.json'), '--start-height', '9')).code).toBe(2);
  });

  test('one bit changed', async () => {
    const path = await bad('bit.bin', (bytes) => {
      bytes[7 * 80 + 40]! ^= 1;
      return bytes;
    });
    const { code, json } = await verify(path, '--json');
    expect(code).toBe(1);
    // Half of all hashes meet regtest's target: then the next header no longer follows.
    const { error } = json() as { error: { rule: string; height: number; hash: string; message: string } };
    expect(Object.keys(error)).toEqual(['rule', 'height', 'hash', 'message']);
    expect([error.rule, error.height]).toEqual(
      error.rule === 'high-hash' ? ['high-hash', 7] : ['bad-prevblk', 8],
    );
    const people = await verify(path);
    expect(people.stderr).toMatch(/^error: (high-hash|bad-prevblk): .*\n$/);
  });

  test('bytes left over, an empty file, no file', async () => {
    const longer = await verify(await bad('long.bin', (bytes) => bytes.slice(0, 200)));
    expect([longer.code, longer.stderr]).toEqual([1, expect.stringContaining('40 bytes')]);
    const empty = await verify(await bad('empty.bin', () => new Uint8Array()), '--json');
    expect([empty.code, empty.json()]).toEqual([
      1,
      { error: expect.objectContaining({ name: 'MalformedInputError' }) },
    ]);
    const none = await verify(at('none.bin'));
    expect([none.code, none.stderr]).toEqual([
      1,
      `error: ${at('none.bin')}: cannot be read (there is no such file)\n`,
    ]);
  });

  test('the clock is the one given', async () => {
    const tip = chain[12]!;
    const now = String(tip.time - 7201);
    const { code, json } = await verify(at('headers.bin'), '--now', now, '--json');
    expect(code).toBe(1);
    expect(json()).toMatchObject({ error: { rule: 'time-too-new', height: 12 } });
    expect((await verify(at('headers.bin'), '--now', String(tip.time - 7200))).code).toBe(0);
  });
});

describe('prove and verify offline', () => {
  const prove = (...args: string[]) =>
    crossroot([
      'prove',
      '--offline',
      'bitcoin',
      '--chain',
      'bitcoin-regtest',
      '--block',
      at('genesis.raw'),
      '--tx',
      txid,
      ...args,
    ]);
  // Nothing in the working directory may be trusted by accident.
  const verify = (...args: string[]) => crossroot(['verify', ...args], { cwd: folder, imports: [GUARD] });

  test.each(['json', 'ssz'])('an inclusion proof as %s', async (format) => {
    const file = at(`inclusion.${format}`);
    const made = await prove('--format', format, '-o', file, '--json');
    expect(made.code).toBe(0);
    expect(made.json()).toMatchObject({ file, format });
    const good = await verify(file, '--block-hash', blockHash, '--json');
    expect(good.stderr).toBe('');
    expect(good.json()).toMatchObject({
      file,
      ok: true,
      format,
      verdict: { kind: 'bitcoin-inclusion', blockHash },
    });
    expect(good.code).toBe(0);
  });

  test('without -o the proof goes to standard output', async () => {
    await prove('-o', at('one.json'));
    const { stdout } = await prove();
    expect(stdout).toBe(await readFile(at('one.json'), 'utf8'));
  });

  test('is refused without the block, with another, and when changed', async () => {
    const file = at('changed.json');
    await prove('-o', file);
    const bare = await verify(file, '--json');
    expect(bare.code).toBe(1);
    expect(bare.json()).toMatchObject({ ok: false, error: { flaw: expect.any(String) } });
    const other = await verify(file, '--block-hash', display(chain[1]!.hash), '--json');
    expect([other.code, other.json()]).toEqual([1, expect.objectContaining({ ok: false })]);
    const text = await readFile(file, 'utf8');
    await writeFile(
      file,
      text.replace(/("header": "0x.{20})(.)/, (_, before, digit) => `${before}${digit === '0' ? '1' : '0'}`),
    );
    const changed = await verify(file, '--block-hash', blockHash);
    expect(changed.code).toBe(1);
    expect(changed.stdout).toContain('refused');
  });

  test('several files: one bad one decides', async () => {
    const file = at('two.json');
    await prove('-o', file);
    await writeFile(at('junk.json'), '{"format":');
    const { code, json } = await verify(file, at('junk.json'), '--block-hash', blockHash, '--json');
    expect(code).toBe(1);
    expect(json()).toMatchObject({
      ok: false,
      files: [
        { file, ok: true },
        { ok: false, error: { flaw: 'malformed' } },
      ],
    });
  });

  test('a transaction that the block does not have', async () => {
    const { code, stderr } = await crossroot([
      'prove',
      '--offline',
      'bitcoin',
      '--block',
      at('genesis.raw'),
      '--tx',
      blockHash,
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: /);
  });
});

describe('no socket', () => {
  test('the guard ends a command that opens one', async () => {
    const { code, stderr } = await crossroot(['status', '--api', 'http://localhost:4999'], {
      imports: [GUARD],
    });
    expect(code).toBe(3);
    expect(stderr).toMatch(/offline command tried/);
  });
});

describe('status', () => {
  test('of a running API, and of none', async () => {
    const answer = { version: '1', ready: true, main: { head: { height: '7' } }, chains: [] };
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/v1/status' ? 200 : 404).end(JSON.stringify(answer));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const good = await crossroot(['status', '--api', api, '--json']);
    expect([good.code, good.json()]).toEqual([0, answer]);
    expect((await crossroot(['status', '--api', api])).stdout).toMatch(/height\s+7/);
    await new Promise((done) => server.close(done));
    const none = await crossroot(['status', '--api', api]);
    expect([none.code, none.stderr.split('\n')[0]]).toEqual([1, `error: nothing answers at ${api}`]);
  });
});
