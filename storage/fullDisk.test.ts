import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { StoreFailedError } from './errors.js';
import { LevelStore } from './level.js';

const folder = mkdtempSync(join(tmpdir(), 'crossroot-full-'));
// A limit of this process's files behaves as a full disk does: the write that passes it is cut short.
const hasLimits = existsSync('/usr/bin/prlimit');
const limit = (bytes: number | 'unlimited') =>
  execFileSync('/usr/bin/prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
process.on('SIGXFSZ', () => undefined);
afterEach(() => void (hasLimits && limit('unlimited')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const key = (n: number) => Uint8Array.of(n >> 8, n);
const put = (n: number) => [{ type: 'put', key: key(n), value: new Uint8Array(1000) }] as const;

test.skipIf(!hasLimits).each([true, false])(
  'a store that met a full disk confirms nothing that is gone after a restart (synced: %s)',
  async (sync) => {
    const path = join(folder, String(sync));
    const failures: unknown[] = [];
    const store = await LevelStore.open(path, { onFailure: (error) => failures.push(error) });
    limit(50_000);
    const confirmed: number[] = [];
    const write = async (n: number) => {
      await store.batch(put(n), { sync });
      confirmed.push(n);
    };
    const fill = async () => {
      for (let n = 0; n < 100; n++) await write(n);
    };
    await expect(fill()).rejects.toThrow(StoreFailedError);
    expect(confirmed.length).toBeGreaterThan(40);
    // Somebody makes room; what is written now would lie behind a torn record.
    limit('unlimited');
    for (let n = 200; n < 220; n++) await expect(write(n)).rejects.toThrow(/cannot be written .*too large/i);
    expect(failures).toHaveLength(1);
    expect(store.get(key(0))).toHaveLength(1000);
    await store.close();

    const again = await LevelStore.open(path);
    for (const n of confirmed) expect(again.get(key(n)), `key ${n}`).toBeDefined();
    await again.batch(put(300));
    expect(again.get(key(300))).toBeDefined();
    await again.close();
  },
);
