import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hold, release } from './ports.js';
import { commandOf, endLeftover, endProcess } from './processes.js';

let folder: string;
let child: ChildProcess;
let ended: Promise<NodeJS.Signals | null>;
const pidFile = () => join(folder, 'node.pid');
const isOurs = (command: string) => command.includes(`-datadir=${folder} `);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'leftover-'));
  child = spawn(process.execPath, [
    '-e',
    'setInterval(() => {}, 1000)',
    '--',
    `-datadir=${folder}`,
    '-server',
  ]);
  ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  await new Promise((resolve) => child.once('spawn', resolve));
  await expect.poll(() => commandOf(child.pid ?? 0)).toContain(folder);
});
afterEach(() => {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

it('ends what a killed run left behind', async () => {
  writeFileSync(pidFile(), `${child.pid}\n`);
  await endLeftover(pidFile(), isOurs);
  expect(await ended).toBe('SIGINT');
  expect(existsSync(pidFile())).toBe(false);
});

it('leaves alone what is not ours', async () => {
  writeFileSync(pidFile(), String(child.pid));
  await endLeftover(pidFile(), (command) => command.includes('another'));
  expect(child.exitCode ?? child.signalCode).toBe(null);
  expect(existsSync(pidFile())).toBe(false);
});

it.each(['', 'x', '0', '1', '-1', '999999999'])('a file with %j harms nobody', async (content) => {
  writeFileSync(pidFile(), content);
  await endLeftover(pidFile(), () => true);
  expect(child.exitCode ?? child.signalCode).toBe(null);
});

it('no file, nothing to do', async () => {
  await endLeftover(pidFile(), () => true);
});

it('what a process had is free once it has ended', async () => {
  // Much memory takes the system a while to take back, while the port is still open.
  const program = `const held = Buffer.alloc(3e8, 1); const server = require('node:net').createServer();
    server.listen(0, '127.0.0.1', () => console.log(server.address().port, held.length))`;
  for (let i = 0; i < 3; i++) {
    const other = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(other.stdout, 'data');
    await endProcess(other.pid ?? 0, (command) => command.includes('createServer'));
    await release(await hold(Number.parseInt(String(said), 10)));
  }
});
