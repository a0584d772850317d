import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { compileEntry } from '../test/support/compile.js';
import { commandOf } from './processes.js';

/** Whoever is gone, and whom it had started. */
let parent: ChildProcess | undefined;
let program: string;
let folder: string | undefined;
beforeAll(async () => {
  program = await compileEntry('test/support/endWithUsMain.ts');
});
afterEach(() => {
  parent?.kill('SIGKILL');
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
});

/** Starts a process that starts one more, as `how` says. @returns the second one's number */
async function start(how: 'obedient' | 'deaf' | 'shortLived', signal = 'SIGKILL'): Promise<number> {
  folder = mkdtempSync(join(tmpdir(), 'end-with-us-'));
  parent = spawn(process.execPath, [program, how, signal, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = await new Promise<string>((resolve) =>
    parent?.stdout?.once('data', (part) => resolve(String(part))),
  );
  return Number(said);
}

const isGone = (pid: number) => expect.poll(() => commandOf(pid)).toBeUndefined();

it.skipIf(process.platform === 'win32')('a kill -9 of whoever started it ends a process', async () => {
  const pid = await start('obedient');
  expect(commandOf(pid)).toContain('obedient');
  parent?.kill('SIGKILL');
  await isGone(pid);
});

it.skipIf(process.platform === 'win32')(
  'it may end by itself: the signal is one that it can hear',
  async () => {
    const pid = await start('obedient', 'SIGINT');
    parent?.kill('SIGKILL');
    await isGone(pid);
    expect(readdirSync(folder ?? '')).toEqual(['SIGINT']);
  },
);

it.skipIf(process.platform === 'win32')('one that does not is killed a little later', async () => {
  const pid = await start('deaf', 'SIGTERM');
  parent?.kill('SIGKILL');
  await expect.poll(() => existsSync(join(folder ?? '', 'later'))).toBe(true);
  await isGone(pid);
});

it.skipIf(!existsSync('/proc/self/stat'))(
  'nobody watches a process that has ended, and nothing keeps its starter',
  async () => {
    const pid = await start('shortLived');
    await isGone(pid);
    await expect.poll(() => watchers(pid)).toEqual([]);
    await expect.poll(() => parent?.exitCode).toBe(0);
  },
);

/** Shepherds of a process. */
function watchers(pid: number): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || !existsSync(`/proc/${name}/cmdline`)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`\0shepherd\0${pid}\0`);
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
}
