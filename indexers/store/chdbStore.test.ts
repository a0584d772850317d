import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { GRACE_MS, indexStoreConformance } from '../../test/conformance/indexStore.js';
import { hasChdb } from '../../test/support/clickhouse/front.js';
import { openChdbStore, openIndexStore } from './chdbStore.js';
import { IndexUnavailableError } from './errors.js';

const folder = mkdtempSync(join(tmpdir(), 'crossroot-index-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// The optional package is absent on platforms that it does not support.
describe.skipIf(!hasChdb)('chDB index store', () => {
  indexStoreConformance(() => openChdbStore(join(folder, 'index'), { graceMs: GRACE_MS }));
});

describe('without a usable index', () => {
  test('every query says why', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'not a folder');
    const errors: unknown[] = [];
    const store = await openIndexStore(path, (error) => errors.push(error));
    expect(errors).toHaveLength(1);
    await expect(store.latest('x', { limit: 1 })).rejects.toBeInstanceOf(IndexUnavailableError);
    await expect(store.writeEvents('x', [])).rejects.toBeInstanceOf(IndexUnavailableError);
    await expect(store.sets.newSet()).rejects.toBeInstanceOf(IndexUnavailableError);
    await store.close();
  });
});
