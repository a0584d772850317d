import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { StoreFailedError } from '../../storage/errors.js';
import { openStore } from './store.js';

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
