import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { throwAwayFolder } from './throwAway.js';

const parent = mkdtempSync(join(tmpdir(), 'crossroot-throw-away-'));
afterEach(() => rmSync(parent, { recursive: true, force: true }));

test('removes what killed processes of this machine left, and nothing else', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  const pid = child.pid;
  await new Promise((resolve) => child.once('exit', resolve));
  const host = hostname().replace(/[^A-Za-z0-9.-]/g, '');
  const names = {
    dead: `crossroot-api-${host}-${pid}-abc`,
    alive: `crossroot-api-${host}-${process.pid}-abc`,
    elsewhere: `crossroot-api-elsewhere-${pid}-abc`,
    other: `crossroot-api-${host}-notes`,
  };
  for (const name of Object.values(names)) {
    mkdirSync(join(parent, name));
    writeFileSync(join(parent, name, 'x'), 'x');
  }
  const made = await throwAwayFolder(parent);
  expect(dirname(made)).toBe(parent);
  expect(readdirSync(parent).sort()).toEqual(
    [basename(made), names.alive, names.elsewhere, names.other].sort(),
  );
});
