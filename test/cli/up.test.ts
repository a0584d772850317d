import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crossroot, ensureBuilt } from '../support/built.js';
import { freePorts } from '../support/ports.js';

/** The main job, as a user runs it: everything starts, both payments are proven, Ctrl-C stops, the next start goes on. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GUARD = pathToFileURL(join(ROOT, 'dist', 'cli', 'noSockets.js')).href;
const CHAINS = ['bitcoin-regtest', 'ethereum-local'];

let folder: string;
let base: number;
let api: string;
let running: { child: ChildProcess; output: () => string; ended: Promise<number | null> } | undefined;
const data = () => join(folder, 'data');
const proof = (name: string) => join(data(), 'proofs', `${name}.json`);

beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), 'crossroot-up-'));
  base = await freePorts(24);
  api = `http://127.0.0.1:${base}`;
});
afterAll(async () => {
  if (running?.child.pid !== undefined && isAlive(-running.child.pid))
    process.kill(-running.child.pid, 'SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function up(settings: object, ...args: string[]) {
  const config = join(folder, 'crossroot.json');
  const chains = [
    {
      name: 'bitcoin-regtest',
      policy: 'confirmations(2)',
      devnet: { port: base + 1, blockMilliseconds: 1000 },
    },
    { name: 'ethereum-local', policy: 'finalized', devnet: { port: base + 2, beaconPort: base + 3 } },
  ];
  const main = { p2pPort: base + 4, rpcPort: base + 10 };
  await writeFile(config, JSON.stringify({ api: { port: base }, main, chains, ...settings }));
  // The bootstrap runs the command in its own process: a signal to it is a signal to `up`.
  const words = [join(ROOT, 'bin', 'bootstrap.mjs'), 'up', '--config', config, '--data', data(), ...args];
  const child = spawn(process.execPath, words, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  running = { child, output: () => output, ended };
  return running;
}

/** Waits until the output has `text`. */
async function told(text: string | RegExp, seconds = 120): Promise<void> {
  const has = () =>
    typeof text === 'string' ? running!.output().includes(text) : text.test(running!.output());
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    if (has()) return;
    if (running!.child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`"${text}" was not told:\n${running!.output()}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** Processes started by `pid` whose command line has `text`. */
function childrenOf(pid: number, text: string): number[] {
  return execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .flatMap((found) => (found?.[2] === String(pid) && found[3]?.includes(text) ? [Number(found[1])] : []));
}

// Each step waits for an event and no longer; on a busy machine some take minutes.
describe.sequential('up', { timeout: 300_000 }, () => {
  /** What the first run told. */
  let first = '';
  /** Transaction that it says was paid. */
  const paid = (chain: string): string =>
    new RegExp(`${chain}: paid .* transaction (\\S+)`).exec(first)?.[1] ?? '';

  test('proves a payment on each foreign chain', async () => {
    await up({});
    await told('running: page and API at', 280);
    const output = running!.output();
    first = output;
    for (const chain of CHAINS) {
      expect(output).toMatch(new RegExp(`${chain}: registered by a quorum of delegates`));
      expect(output).toMatch(new RegExp(`${chain}: paid .*transaction`));
      expect(output).toMatch(new RegExp(`${chain}: checked offline, in a fresh process without sockets`));
    }
    expect(
      output.match(/took: in a foreign block [\d.]+ s, committed [\d.]+ s, finalised [\d.]+ s/g),
    ).toHaveLength(2);
    expect(output).toMatch(/payment of 0\.5 BTC to bcrt1/);
    expect(output).toContain('assurance     work');
    expect(output).toContain('assurance     sync-committee');
    expect(output).toContain('of 4 delegates signed (3 needed)');
  });

  test('both proofs verify with the genesis alone, and only with it', async () => {
    const files = [proof('bitcoin'), proof('ethereum')];
    const verify = (...args: string[]) =>
      crossroot(['verify', ...files, '--json', ...args], { cwd: folder, imports: [GUARD] });
    const [byData, byFile, byNothing, tooOld] = await Promise.all([
      verify('--data', data()),
      verify('--trust', join(data(), 'genesis.json')),
      verify('--data', join(folder, 'elsewhere')),
      verify('--data', data(), '--min-main-height', '1000000'),
    ]);
    expect([byData.code, byData.stderr]).toEqual([0, '']);
    expect(byData.json()).toMatchObject({
      ok: true,
      files: [
        { verdict: { chain: 'bitcoin-regtest', assurance: 'work' } },
        { verdict: { chain: 'ethereum-local', assurance: 'sync-committee' } },
      ],
    });
    expect(byFile.code).toBe(0);
    expect([byNothing.code, byNothing.json()]).toEqual([1, expect.objectContaining({ ok: false })]);
    expect([tooOld.code, tooOld.json()]).toEqual([1, expect.objectContaining({ ok: false })]);
    const genesis = JSON.parse(await readFile(join(data(), 'genesis.json'), 'utf8'));
    const { root: _, ...other } = { ...genesis, time: genesis.time + 1 };
    await writeFile(join(folder, 'other.json'), JSON.stringify(other));
    const foreign = await verify('--trust', join(folder, 'other.json'));
    expect([foreign.code, foreign.json()]).toEqual([1, expect.objectContaining({ ok: false })]);
  });

  test('prove and status speak with it', async () => {
    const transaction = paid('bitcoin-regtest');
    const again = join(folder, 'again.ssz');
    const made = await crossroot([
      'prove',
      '--api',
      api,
      '--chain',
      'bitcoin-regtest',
      '--tx',
      transaction,
      '--format',
      'ssz',
      '-o',
      again,
    ]);
    expect([made.code, made.stderr]).toEqual([0, '']);
    const receipt = join(folder, 'receipt.json');
    const args = ['--chain', 'ethereum-local', '--tx', paid('ethereum-local'), '--kind', 'receipt'];
    expect((await crossroot(['prove', '--api', api, ...args, '-o', receipt])).code).toBe(0);
    const checked = await crossroot(['verify', again, receipt, '--data', data(), '--as-of']);
    expect([checked.code, checked.stderr]).toEqual([0, '']);
    const none = await crossroot([
      'prove',
      '--api',
      api,
      '--chain',
      'bitcoin-regtest',
      '--tx',
      '00'.repeat(32),
      '--json',
    ]);
    expect([none.code, none.json()]).toEqual([1, { error: expect.objectContaining({ name: 'ApiError' }) }]);
    const reorg = await crossroot(['prove', '--api', api, '--chain', 'bitcoin-regtest', '--reorg', '0']);
    expect([reorg.code, reorg.stdout]).toEqual([1, '']);
    const status = await crossroot(['status', '--api', api, '--json']);
    expect(status.json()).toMatchObject({ ready: true, chains: [{ name: CHAINS[0] }, { name: CHAINS[1] }] });
  });

  test('secrets are readable by their owner alone and in no log', () => {
    for (const part of ['operator', 'delegates/0', 'delegates/3']) {
      expect(statSync(join(data(), part, 'passphrase')).mode & 0o077).toBe(0);
      const passphrase = readFileSync(join(data(), part, 'passphrase'), 'utf8').trim();
      for (const log of readdirSync(join(data(), 'logs')))
        expect(readFileSync(join(data(), 'logs', log), 'utf8')).not.toContain(passphrase);
    }
  });

  test('a delegate that dies is started again', async () => {
    const pids = childrenOf(running!.child.pid!, 'processes/node.js');
    expect(pids).toHaveLength(4);
    process.kill(pids[1]!, 'SIGKILL');
    await told(/delegate \d ended \(killed by SIGKILL\); starting it again/);
    await expect
      .poll(() => childrenOf(running!.child.pid!, 'processes/node.js').length, { timeout: 60_000 })
      .toBe(4);
  });

  test('the beacon chain that dies is started again and goes on', async () => {
    const [pid] = childrenOf(running!.child.pid!, 'processes/beacon.js');
    const headSlot = async () => {
      const response = await fetch(`http://127.0.0.1:${base + 3}/eth/v1/node/syncing`);
      return Number(((await response.json()) as { data: { head_slot: string } }).data.head_slot);
    };
    const before = await headSlot();
    process.kill(pid!, 'SIGKILL');
    await told(/the beacon chain ended \(killed by SIGKILL\); starting it again/);
    await expect.poll(() => headSlot().catch(() => 0), { timeout: 120_000 }).toBeGreaterThan(before + 2);
  });

  test('Ctrl-C stops everything: exit code 0, no process left', async () => {
    const { child, ended } = running!;
    process.kill(child.pid!, 'SIGINT');
    expect(await ended).toBe(0);
    expect(isAlive(-child.pid!)).toBe(false);
    expect(running!.output().trimEnd()).toMatch(/stopped$/);
    expect(existsSync(join(data(), 'running'))).toBe(false);
  });

  test('the next start goes on from disk; --once ends with 0', async () => {
    const genesis = await readFile(join(data(), 'genesis.json'), 'utf8');
    const { child, ended } = await up({ demo: false }, '--once');
    expect(await ended, running!.output()).toBe(0);
    expect(isAlive(-child.pid!)).toBe(false);
    const output = running!.output();
    expect(output).toContain('ethereum-local: committed and final on the main chain');
    expect(output).not.toContain('registered');
    expect(await readFile(join(data(), 'genesis.json'), 'utf8')).toBe(genesis);
    const verdict = await crossroot(['verify', proof('bitcoin'), '--data', data()]);
    expect(verdict.code).toBe(0);
  });

  test('a kill -9 of its own process alone leaves none of the others behind', async () => {
    const { child } = await up({ demo: false });
    await told(/main chain: \d delegates/);
    expect(childrenOf(child.pid!, 'anvil').length).toBeGreaterThan(0);
    process.kill(child.pid!, 'SIGKILL');
    await expect.poll(() => isAlive(-child.pid!), { timeout: 120_000 }).toBe(false);
  });
});
