import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { StoreFailedError } from '../../storage/errors.js';
import { LevelStore } from '../../storage/level.js';
import { openStore, StoreFormatError } from './store.js';

const PRLIMIT = '/usr/bin/prlimit';
const limit = (bytes: number | 'unlimited') =>
  execFileSync(PRLIMIT, ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);

test.skipIf(!existsSync(PRLIMIT))('a full disk ends the process, whoever wrote', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-role-'));
  process.on('SIGXFSZ', () => undefined);
  const store = await openStore(folder);
  const uncaught: unknown[] = [];
  vi.stubGlobal('setImmediate', (run: () => void) => {
    try {
      run();
    } catch (error) {
      uncaught.push(error);
    }
  });
  limit(10_000);
  const write = () => store.batch([{ type: 'put', key: Uint8Array.of(1), value: new Uint8Array(20_000) }]);
  // A caller that only tries again keeps nothing alive.
  for (let i = 0; i < 3; i++) await expect(write()).rejects.toThrow(StoreFailedError);
  limit('unlimited');
  vi.unstubAllGlobals();
  expect(uncaught).toHaveLength(1);
  expect(uncaught[0]).toBeInstanceOf(StoreFailedError);
  await store.close();
  rmSync(folder, { recursive: true });
});

test('a store of another format is refused, and left as it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-role-'));
  const key = Uint8Array.of(1);
  // From before stores said their format.
  const old = await LevelStore.open(folder);
  await old.batch([{ type: 'put', key, value: key }]);
  await old.close();
  const first = await openStore(folder);
  expect(first.get(key)).toEqual(key);
  await first.close();
  const mark = join(folder, 'crossroot.json');
  expect(JSON.parse(readFileSync(mark, 'utf8'))).toMatchObject({ format: 1 });
  const again = await openStore(folder);
  await again.close();

  writeFileSync(mark, '{"format":2,"writtenBy":"9.0.0"}');
  await expect(openStore(folder)).rejects.toThrow(
    /was written by crossroot 9\.0\.0 in format 2; this is .*, which reads format 1/,
  );
  for (const broken of ['', '{', '[]', '{"format":"1"}']) {
    writeFileSync(mark, broken);
    await expect(openStore(folder)).rejects.toBeInstanceOf(StoreFormatError);
  }
  rmSync(folder, { recursive: true });
});
