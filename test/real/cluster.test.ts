import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findKafka } from '../../devnet/kafka/install.js';
import { freePorts } from '../../devnet/ports.js';
import { commandOf } from '../../devnet/processes.js';
import { ensureBuilt } from '../support/built.js';

/** `npm run cluster -- --once`, as a user runs it: every role a process of its own, on real servers. */
const BOOTSTRAP = fileURLToPath(new URL('../../bin/bootstrap.mjs', import.meta.url));
const MINUTES = 60_000;

const kafka = findKafka();
if (typeof kafka === 'string') console.warn(`the cluster is not tested: ${kafka}`);

function cluster(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [BOOTSTRAP, '--cluster', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => {
      output += part.toString();
    });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return { child, ended, output: () => output };
}

test.skipIf(typeof kafka === 'string')(
  'pays and proves, loses one of each pair, pays and proves again',
  async () => {
    ensureBuilt();
    const folder = await mkdtemp(join(tmpdir(), 'crossroot-cluster-test-'));
    const data = join(folder, 'cluster');
    const run = cluster(['--once', '--port', String(await freePorts(1)), '--data', data]);
    const code = await run.ended;
    expect(code, run.output()).toBe(0);
    expect(run.output()).toMatch(/killed, as by kill -9: index 0, relay 0, api 0/);
    for (const proven of ['bitcoin-regtest: proven by work', 'ethereum-local: proven by sync-committee'])
      expect(run.output().match(new RegExp(`${proven} after .* checked without sockets`, 'g'))).toHaveLength(
        2,
      );
    for (const chain of ['bitcoin-regtest', 'ethereum-local'])
      expect(
        run.output().match(new RegExp(`${chain}: the index has the payment at height \\d+`, 'g')),
      ).toHaveLength(2);
    for (const name of ['node-3', 'index-1', 'relay-1', 'api-1'])
      expect(await readFile(join(data, 'logs', `${name}.log`), 'utf8')).not.toMatch(/"level":60/);
    await rm(folder, { recursive: true, force: true });
  },
  12 * MINUTES,
);

/** Numbers of all processes below one, and of those that watch them. */
function descendants(of: number): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const all = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    all.flatMap(([pid = 0, ppid]) => (ppid === parent ? [pid, ...below(pid)] : []));
  return below(of);
}

test.skipIf(typeof kafka === 'string')(
  'a kill -9 of its own process alone leaves none of the others behind',
  async () => {
    ensureBuilt();
    const folder = await mkdtemp(join(tmpdir(), 'crossroot-cluster-test-'));
    const run = cluster(['--port', String(await freePorts(1)), '--data', join(folder, 'cluster')]);
    await expect
      .poll(run.output, { timeout: 5 * MINUTES, interval: 500 })
      .toMatch(/running \(Ctrl-C stops\)/);
    const running = descendants(run.child.pid ?? 0).map((pid) => ({ pid, command: commandOf(pid) ?? '' }));
    for (const part of ['kafka.Kafka', 'anvil', 'beacon/main.js', 'clickhouse/main.js', 'bitcoin/main.js'])
      expect(running.filter(({ command }) => command.includes(part)).length, part).toBeGreaterThan(0);
    for (const [role, count] of Object.entries({ node: 4, index: 2, relay: 2, api: 2 }))
      expect(running.filter(({ command }) => command.includes(`cli/main.js ${role} `))).toHaveLength(count);
    run.child.kill('SIGKILL');
    const left = () => running.filter(({ pid, command }) => commandOf(pid) === command);
    await expect.poll(left, { timeout: 30_000 }).toEqual([]);
    await rm(folder, { recursive: true, force: true });
  },
  12 * MINUTES,
);

test(
  'says what is missing, and ends with 2',
  async () => {
    ensureBuilt();
    const run = cluster(['--once'], { CROSSROOT_KAFKA: tmpdir() });
    expect(await run.ended).toBe(2);
    expect(run.output()).toMatch(
      /error: the cluster cannot run here: .*(CROSSROOT_KAFKA has no Kafka|java is not)/,
    );
    expect(run.output()).toMatch(/It needs Java 17/);
  },
  MINUTES,
);

test.skipIf(typeof kafka === 'string')(
  'a folder with something in it is left alone',
  async () => {
    ensureBuilt();
    const folder = await mkdtemp(join(tmpdir(), 'crossroot-cluster-test-'));
    await writeFile(join(folder, 'mine'), 'mine');
    const run = cluster(['--once', '--data', folder]);
    expect([await run.ended, run.output()]).toEqual([
      1,
      expect.stringMatching(/is not empty: every run begins anew/),
    ]);
    expect(await readdir(folder)).toEqual(['mine']);
    await rm(folder, { recursive: true, force: true });
  },
  MINUTES,
);
