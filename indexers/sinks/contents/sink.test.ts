import { afterEach, expect, test } from 'vitest';
import { toBareHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { IndexedWorld } from '../../../test/support/indexers/indexedWorld.js';
import { MemoryIndex } from '../../../test/support/indexers/memoryIndex.js';
import { bitcoinContents } from '../../store/contents/bitcoin.js';
import { backfillChunk, gapsBelow, joined, liveStart } from './ranges.js';
import { ContentsSink, type ContentsSinkOptions } from './sink.js';

const WAIT = { timeout: 90_000, interval: 5 };
const sinks: ContentsSink[] = [];
afterEach(async () => {
  for (const sink of sinks.splice(0)) await sink.stop();
});

/** A sink over an index that has all headers. */
async function begin(world: IndexedWorld, options: Partial<ContentsSinkOptions> = {}) {
  const index = new MemoryIndex();
  const { store } = index.client();
  await store.writeEvents(world.chain, await world.log.read(world.chain, 1, world.number));
  const sink = new ContentsSink({
    ...{ chain: world.chain, build: bitcoinContents, log: world.log, index: store, blocks: world },
    ...{ book: world.book, near: 10, chunk: 20, retryMs: 5, idleMs: 20, ...options },
  });
  sinks.push(sink);
  sink.start();
  const published = () => joined(index.tables.published.get(world.chain) ?? []);
  const more = async () => {
    const last = await store.lastNumber(world.chain);
    await store.writeEvents(world.chain, await world.log.read(world.chain, last + 1, 1000));
    sink.wake();
  };
  return { index, sink, published, more, store };
}

test('with a long backlog the live work begins near the tip and never waits for what is below', async () => {
  const world = new IndexedWorld();
  await world.connect(200);
  // No source answers for anything below.
  const below = world.best.slice(0, 190);
  for (const { hash } of below) world.lost.add(toBareHex(hash));
  const { sink, published, more } = await begin(world);
  await expect.poll(published, WAIT).toEqual([{ from: 191, to: 200 }]);
  for (let i = 0; i < 3; i++) {
    await world.connect(2);
    await more();
    await expect.poll(published, WAIT).toEqual([{ from: 191, to: world.number }]);
  }
  expect(sink.status()).toMatchObject({ failures: 0, backfill: { left: 190 } });
  await expect.poll(() => sink.status().backfillFailures, WAIT).toBeGreaterThan(0);
  // The newest of the missing ones come first.
  for (const { hash } of below.slice(100)) world.lost.delete(toBareHex(hash));
  await expect.poll(() => published()[0]?.from, WAIT).toBeLessThan(120);
  world.lost.clear();
  await expect.poll(published, WAIT).toEqual([{ from: 1, to: world.number }]);
  expect(sink.status()).toMatchObject({ blocks: 206, skipped: 0, backfill: { left: 0 } });
});

test('a block that nobody has holds the work up while it is on the best chain, and is left out once it is off it', async () => {
  const world = new IndexedWorld();
  await world.connect(5);
  const { index, sink, published, more } = await begin(world);
  await expect.poll(published, WAIT).toEqual([{ from: 1, to: 5 }]);
  await world.connect(1);
  const missing = world.best.at(-1)!;
  world.lost.add(toBareHex(missing.hash));
  await more();
  await expect.poll(() => sink.status().failures, WAIT).toBeGreaterThan(1);
  expect(published()).toEqual([{ from: 1, to: 5 }]);
  expect(sink.status().lastError).toContain('no such block');
  const gone = await world.disconnect(1);
  await world.connect(2);
  await more();
  await expect.poll(published, WAIT).toEqual([{ from: 1, to: 9 }]);
  expect(sink.status()).toMatchObject({ skipped: 1, failures: 0 });
  const key = `${world.chain}/${toBareHex(missing.hash)}`;
  expect(index.tables.contents.has(key)).toBe(false);
  // It comes back, under the number at which it first came.
  await world.disconnect(2);
  await world.connect(1, gone);
  world.lost.clear();
  await more();
  await expect.poll(published, WAIT).toEqual([{ from: 1, to: 12 }]);
  expect(index.tables.contents.get(key)).toMatchObject({ number: 6 });
});

test('a header book that is behind does not make a block count as off the best chain', async () => {
  const world = new IndexedWorld();
  await world.connect(3);
  world.lost.add(toBareHex(world.best[2]!.hash));
  const book = { ...world.book, isBest: () => false, applied: () => 2 };
  const { sink, published } = await begin(world, { book });
  await expect.poll(() => sink.status().failures, WAIT).toBeGreaterThan(1);
  expect(sink.status().lastError).toContain('header book');
  expect(published()).toEqual([]);
  world.lost.clear();
  await expect.poll(published, WAIT).toEqual([{ from: 1, to: 3 }]);
});

test('blocks are fetched a few at once, and written by bytes', async () => {
  const world = new IndexedWorld();
  await world.connect(300);
  const { index, published } = await begin(world, { parallel: 3, near: 300, writeBytes: 2000 });
  await expect.poll(published, WAIT).toEqual([{ from: 1, to: 300 }]);
  expect(world.atOnce).toBe(3);
  // 281 bytes are counted for each of these blocks.
  expect(Math.max(...index.writes.map((blocks) => blocks.length))).toBe(8);
});

test('a block that cannot be read stops nobody, and is not said to be in', async () => {
  const world = new IndexedWorld();
  await world.connect(100);
  const bad = new Set([3, 4, 50, 98, 100, 101]);
  const errors: unknown[] = [];
  const build: typeof bitcoinContents = async (event, block) => {
    if (bad.has(event.number))
      throw new MalformedInputError('transaction', 'has type 99, which is not known');
    return bitcoinContents(event, block);
  };
  const { index, sink, published, more } = await begin(world, {
    build,
    onError: (error) => errors.push(error),
  });
  await expect.poll(() => sink.status().backfill.left, WAIT).toBe(0);
  await world.connect(3);
  await more();
  const ranges = [
    { from: 1, to: 2 },
    { from: 5, to: 49 },
    { from: 51, to: 97 },
    { from: 99, to: 99 },
    { from: 102, to: 103 },
  ];
  await expect.poll(published, WAIT).toEqual(ranges);
  expect(sink.status()).toMatchObject({ unreadable: 6, failures: 0, backfillFailures: 0, done: 103 });
  expect(errors.map((error) => (error instanceof Error ? error.name : ''))).toEqual(
    Array.from({ length: 6 }, () => 'UnreadableBlockError'),
  );
  expect(index.tables.contents.size).toBe(97);
});

test('below a depth nothing is fetched', async () => {
  const world = new IndexedWorld();
  await world.connect(200);
  const lefts: number[] = [];
  let left = () => 0;
  const build: typeof bitcoinContents = async (event, block) => {
    lefts.push(left());
    return bitcoinContents(event, block);
  };
  const { sink, published } = await begin(world, { depth: 50, chunk: 7, build });
  left = () => sink.status().backfill.left;
  await expect.poll(() => published()[0]?.from, WAIT).toBeLessThanOrEqual(151);
  await expect.poll(() => sink.status().backfill, WAIT).toMatchObject({ left: 0, secondsLeft: 0 });
  expect(published()[0]?.from).toBeGreaterThan(140);
  // Not what lies below the depth.
  expect(Math.max(...lefts)).toBe(40);
});

test('ranges join, and tell what is missing', () => {
  const ranges = [
    { from: 20, to: 30 },
    { from: 3, to: 5 },
    { from: 6, to: 7 },
    { from: 25, to: 40 },
    { from: 9, to: 8 },
  ];
  expect(joined(ranges)).toEqual([
    { from: 3, to: 7 },
    { from: 20, to: 40 },
  ]);
  expect(gapsBelow(ranges)).toEqual([
    { from: 1, to: 2 },
    { from: 8, to: 19 },
  ]);
  expect(gapsBelow([])).toEqual([]);
  expect(backfillChunk(ranges, 5)).toEqual({ from: 15, to: 19 });
  expect(backfillChunk(ranges, 50)).toEqual({ from: 8, to: 19 });
  expect(backfillChunk([{ from: 1, to: 4 }], 5)).toBeUndefined();
  expect(liveStart(ranges, 45, 10)).toBe(41);
  expect(liveStart(ranges, 100, 10)).toBe(91);
  expect(liveStart([], 100, 10)).toBe(91);
  expect(liveStart([], 4, 10)).toBe(1);
});
