import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { toBareHex } from '../../proofs/bytes.js';
import { IndexedWorld, indexedKind } from '../../test/support/indexers/indexedWorld.js';
import { fakeMainBlock } from '../../test/support/indexers/mainBlocks.js';
import { MemoryIndex } from '../../test/support/indexers/memoryIndex.js';
import { openChdbStore } from '../store/chdbStore.js';
import { IndexUnavailableError } from '../store/errors.js';
import type { IndexStore } from '../store/indexStore.js';
import { UnavailableIndexStore } from '../store/unavailable.js';
import { joined } from './contents/ranges.js';
import { type IndexHandle, IndexService, type IndexServiceOptions } from './indexService.js';
import { progressLine, type RebuildProgress } from './rebuild/progress.js';

const WAIT = { timeout: 60_000, interval: 20 };
const root = mkdtempSync(join(tmpdir(), 'crossroot-index-'));
const services: IndexService[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const installed = await import('chdb/connection').then(
  () => true,
  () => false,
);

/** A handle that opens when it is told to. */
function handle(store: IndexStore) {
  const without = (problem: string) => new UnavailableIndexStore(new IndexUnavailableError(problem));
  let state: IndexStore = without('it is still being opened');
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = () => {
      state = store;
      resolve();
    };
  });
  const index: IndexHandle = {
    get store() {
      return state;
    },
    get available() {
      return !(state instanceof UnavailableIndexStore);
    },
    opened: () => opened,
    close: async () => {
      const closing = state;
      open();
      state = without('it has been closed');
      await closing.close();
    },
  };
  return { index, open };
}

function serve(world: IndexedWorld, index: IndexHandle, options: Partial<IndexServiceOptions> = {}) {
  const service = new IndexService({
    ...{ index, log: world.log, streams: world.log, blocks: world, sampleMs: 20 },
    chains: [
      {
        name: world.chain,
        kind: indexedKind,
        book: () => world.book,
        specRoot: new Uint8Array(32).fill(9),
        health: () => [],
      },
    ],
    ...options,
  });
  services.push(service);
  return service;
}

async function filled(): Promise<IndexedWorld> {
  const world = new IndexedWorld();
  await world.connect(30);
  const gone = await world.disconnect(3);
  await world.connect(2, gone);
  await world.connect(5);
  await world.publish(3);
  await world.blame(2);
  return world;
}

test('before the index is open queries say why; then everything is filled', async () => {
  const world = await filled();
  const memory = new MemoryIndex();
  const { index, open } = handle(memory.client().store);
  const service = serve(world, index);
  service.start();
  expect(service.available).toBe(false);
  await expect(service.page(world.chain, 0, 5)).rejects.toThrow('still being opened');
  await expect(service.rebuild()).rejects.toThrow('still being opened');
  expect(service.status()).toMatchObject({ available: false, headers: [], rebuild: undefined });
  open();
  await service.opened();
  const published = () => joined(memory.tables.published.get(world.chain) ?? []);
  await expect.poll(published, WAIT).toEqual([{ from: 1, to: world.number }]);
  await expect.poll(() => memory.tables.main.size, WAIT).toBe(3);
  await expect.poll(() => memory.tables.evidence.size, WAIT).toBe(2);
  expect(memory.tables.main.get(0)?.commitments).toMatchObject([{ chain: world.chain }]);
  await expect.poll(() => memory.samples.lags, WAIT).toBeGreaterThan(0);
  const proof = { ...{ chain: 'a', kind: 'b', subject: 'c', height: 1, mainHeight: 2 }, bytes: 3 };
  service.served({ ...proof, milliseconds: 1, time: 2 });
  await expect.poll(() => memory.samples.proofs, WAIT).toBe(1);
  // What was written counts as done a moment later.
  await expect
    .poll(() => service.consumers(), WAIT)
    .toMatchObject([
      { name: 'index', chain: world.chain, done: world.number, failures: 0 },
      { name: 'contents', chain: world.chain, done: world.number, failures: 0 },
    ]);
  await expect.poll(() => service.status().streams.map(({ lag }) => lag), WAIT).toEqual([0, 0]);
  expect(service.status()).toMatchObject({ available: true, rows: { events: world.number }, lost: 0 });
  await service.stop();
  await expect(service.page(world.chain, 0, 1)).rejects.toThrow('closed');
});

test('asked for at the start, the tables are made anew once the index is open', async () => {
  const world = await filled();
  const memory = new MemoryIndex();
  const { index, open } = handle(memory.client().store);
  const told: string[] = [];
  const onProgress = (progress: RebuildProgress) => told.push(progressLine(progress));
  const service = serve(world, index, { rebuild: 'fetch', onProgress });
  service.start();
  open();
  await expect.poll(() => memory.current, WAIT).toBe(2);
  const published = () => joined(memory.tables.published.get(world.chain) ?? []);
  await expect.poll(published, WAIT).toEqual([{ from: 1, to: world.number }]);
  expect(told.at(-1)).toContain('100 % swap');
  await expect.poll(() => service.status().rebuild, WAIT).toBeUndefined();
});

test('an index of another log is made anew from this one', async () => {
  const memory = new MemoryIndex();
  const before = await filled();
  const fill = async (world: IndexedWorld): Promise<void> => {
    const { index, open } = handle(memory.client().store);
    const service = serve(world, index);
    open();
    service.start();
    const rows = () => memory.tables.eventsOf(world.chain).map(({ hash }) => toBareHex(hash));
    const events = await world.log.read(world.chain, 1, 1000);
    await expect.poll(rows, WAIT).toEqual(events.map(({ hash }) => toBareHex(hash)));
    const published = () => joined(memory.tables.published.get(world.chain) ?? []);
    await expect.poll(published, WAIT).toEqual([{ from: 1, to: world.number }]);
    await service.stop();
  };
  await fill(before);
  expect(memory.current).toBe(1);
  // A shorter one; one with other blocks; and the same one again.
  const short = new IndexedWorld();
  await short.connect(10);
  await fill(short);
  expect(memory.current).toBe(2);
  const other = await filled();
  await fill(other);
  expect(memory.current).toBe(2);
  const forked = new IndexedWorld();
  await forked.connect(20);
  await forked.disconnect(18);
  await forked.connect(60);
  await fill(forked);
  expect(memory.current).toBe(3);
  await fill(forked);
  expect(memory.current).toBe(3);
});

test('without an index, everything else goes on', async () => {
  const world = await filled();
  const missing = new UnavailableIndexStore(new IndexUnavailableError('it is not installed'));
  const closed = {
    store: missing,
    available: false,
    opened: async () => undefined,
    close: async () => undefined,
  };
  const service = serve(world, closed);
  service.start();
  await service.opened();
  expect(service.available).toBe(false);
  await expect(service.page(world.chain, 0, 5)).rejects.toThrow('not installed');
  await service.stop();
});

test('a chain comes and goes, as when work is shared', async () => {
  const world = await filled();
  const memory = new MemoryIndex();
  const { index, open } = handle(memory.client().store);
  const service = serve(world, index);
  const early = service.begin(world.chain);
  await early();
  open();
  await service.opened();
  expect(service.status().headers).toEqual([]);
  for (let round = 0; round < 3; round++) {
    const end = service.begin(world.chain);
    await expect.poll(() => memory.tables.eventsOf(world.chain).length, WAIT).toBe(world.number);
    await end();
    expect(service.status().headers).toEqual([]);
    await world.connect(4);
  }
  expect(memory.tables.main.size).toBe(0);
  expect(() => service.begin('none')).toThrow('no chain');
});

describe.skipIf(!installed)('with chDB', () => {
  test('headers, contents and main-chain blocks get in, live and by a rebuild, and come back the same', async () => {
    const world = await filled();
    const { index, open } = handle(await openChdbStore(join(root, 'index')));
    const errors: unknown[] = [];
    const service = serve(world, index, { onError: (error) => errors.push(error) });
    open();
    service.start();
    await service.opened();
    const { store } = service;
    const covered = async () => (await store.coverage(world.chain)).contents;
    const whole = () => [{ from: 100, to: world.best.at(-1)?.height }];
    await expect.poll(covered, WAIT).toEqual(whole());
    const hashes = async () => (await service.page(world.chain, 0, 1000)).map(({ hash }) => hash);
    expect(await hashes()).toEqual(world.best.map(({ hash }) => hash));
    for (const contents of ['copy', 'fetch'] as const) {
      const told: RebuildProgress[] = [];
      const set = await service.rebuild({ contents, onProgress: (progress) => told.push(progress) });
      expect(await store.sets.current()).toBe(set);
      expect(told.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['headers', 'contents', 'swap']));
      await world.connect(2);
      await world.publish(1);
      await expect.poll(covered, WAIT).toEqual(whole());
      await expect.poll(hashes, WAIT).toEqual(world.best.map(({ hash }) => hash));
      const roots = async () => (await store.mainBlocks({ limit: 10 })).rows.map(({ height }) => height);
      await expect.poll(roots, WAIT).toEqual(world.main.map((_, i) => i).reverse());
      expect((await store.evidence(world.chain, { limit: 10 })).rows).toHaveLength(2);
    }
    // Told of the other blocks at published heights, each time that they are read: nothing else went wrong.
    expect(errors.filter((error) => !(error instanceof Error && error.name === 'MainConflictError'))).toEqual(
      [],
    );
    expect(fakeMainBlock(world.main[0]).header).toEqual(world.main[1]?.header);
  });
});
