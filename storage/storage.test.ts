import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { keyValueConformance } from '../test/conformance/keyValue.js';
import { StoreError, StoreLockedError } from './errors.js';
import type { KeyValueStore } from './keyValue.js';
import { LevelStore } from './level.js';
import { MemoryStore } from './memory.js';

const folder = mkdtempSync(join(tmpdir(), 'crossroot-store-'));
const open: KeyValueStore[] = [];
afterAll(async () => {
  for (const store of open) await store.close();
  rmSync(folder, { recursive: true, force: true });
});
let count = 0;
const path = () => join(folder, String(count++));

describe('memory', () => {
  keyValueConformance(async () => new MemoryStore());
});

describe('level', () => {
  keyValueConformance(async () => {
    const store = await LevelStore.open(path());
    open.push(store);
    return store;
  });

  test('keeps everything over a restart', async () => {
    const where = path();
    const key = Uint8Array.of(1);
    const first = await LevelStore.open(where);
    await first.batch([{ type: 'put', key, value: key }]);
    await first.close();
    const second = await LevelStore.open(where);
    expect(second.get(key)).toEqual(key);
    await second.close();
  });

  test('a second owner is refused', async () => {
    const where = path();
    const first = await LevelStore.open(where);
    await expect(LevelStore.open(where)).rejects.toBeInstanceOf(StoreLockedError);
    await first.close();
  });

  test('a folder that is none is a clear error', async () => {
    const where = path();
    writeFileSync(where, 'a file');
    await expect(LevelStore.open(where)).rejects.toBeInstanceOf(StoreError);
    const store = await LevelStore.open(path());
    await store.close();
    await expect(store.batch([{ type: 'del', key: Uint8Array.of(1) }])).rejects.toBeInstanceOf(StoreError);
  });

  test('batches are whole after kill -9', async () => {
    const where = path();
    // Plain JavaScript on the same library: the child needs no build.
    const script = `
      import { ClassicLevel } from 'classic-level';
      const db = new ClassicLevel(${JSON.stringify(where)}, { keyEncoding: 'view', valueEncoding: 'view' });
      await db.open();
      for (let n = 1; ; n++) {
        const value = Uint8Array.of(n >> 16, n >> 8, n);
        const batch = Array.from({ length: 20 }, (_, i) => ({ type: 'put', key: Uint8Array.of(i), value }));
        await db.batch(batch, { sync: true });
        if (n === 30) console.log('going');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: process.cwd(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    const store = await LevelStore.open(where);
    const values = Array.from({ length: 20 }, (_, i) => store.get(Uint8Array.of(i))?.join());
    expect(new Set(values).size).toBe(1);
    expect(values[0]).toBeDefined();
    await store.close();
  });
});
