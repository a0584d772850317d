import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { GRACE_MS, indexStoreConformance } from '../../test/conformance/indexStore.js';
import { hasChdb } from '../../test/support/clickhouse/front.js';
import { openChdbStore } from './chdbStore.js';
import { IndexUnavailableError } from './errors.js';
import type { IndexStore } from './indexStore.js';
import { UnavailableIndexStore } from './unavailable.js';

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
    const reason = await openChdbStore(path).catch((error: unknown) => error);
    expect(reason).toBeInstanceOf(IndexUnavailableError);
    const store: IndexStore = new UnavailableIndexStore(reason as IndexUnavailableError);
    await expect(store.latest('x', { limit: 1 })).rejects.toBe(reason);
    await expect(store.writeEvents('x', [])).rejects.toBe(reason);
    await expect(store.sets.newSet()).rejects.toBe(reason);
    await store.close();
  });
});
