import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Follower } from '../../indexers/follow/follower.js';
import { EmbeddedLog } from '../../indexers/log/embedded.js';
import { IndexGapError, UnknownViewError } from '../../indexers/store/errors.js';
import type { IndexedHeader, IndexStore } from '../../indexers/store/indexStore.js';
import type { Page, PageQuery } from '../../indexers/store/view.js';
import { LimitExceededError, MalformedInputError } from '../../proofs/errors/input.js';
import { MemoryStore } from '../../storage/memory.js';
import { fakeCheckpoint, fakeKind } from '../support/indexers/fakeKind.js';
import { FakeChain, FakeSource } from '../support/indexers/fakeSource.js';
import { indexContentsConformance } from './indexContents.js';
import { indexRecordsConformance } from './indexRecords.js';
import { indexSetsConformance } from './indexSets.js';
import { indexViewsConformance } from './indexViews.js';

const CHAIN = 'fake-attested';
const byHash = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b);

/** How long the store keeps sets out of use, in ms: longer than the suite takes on the busiest machine. */
export const GRACE_MS = 3_600_000;

/** What every index store must do. `open` gives an empty one that has `GRACE_MS`; it is called once and closed at the end. */
export function indexStoreConformance(open: () => Promise<IndexStore>): void {
  let store: IndexStore;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(async () => {
    await store.close();
  });

  describe('headers', () => headerConformance(() => store));
  describe('views', () => indexViewsConformance(() => store));
  describe('contents', () => indexContentsConformance(() => store));
  describe('records', () => indexRecordsConformance(() => store));
  describe('sets', () => indexSetsConformance(() => store));
}

/** All rows of a question, page by page. */
export async function allPages<T>(ask: (query: PageQuery) => Promise<Page<T>>, limit: number): Promise<T[]> {
  const rows: T[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await ask({ limit, ...(cursor === undefined ? {} : { cursor }) });
    rows.push(...page.rows);
    cursor = page.next;
    if (cursor === undefined) return rows;
  }
}

function headerConformance(open: () => IndexStore): void {
  const world = new FakeChain();
  const kv = new MemoryStore();
  const log = new EmbeddedLog(kv);
  let store: IndexStore;
  let follower: Follower;
  /** In small writes. */
  const drain = async () => {
    for (;;) {
      const events = await log.read(CHAIN, (await store.lastNumber(CHAIN)) + 1, 7);
      if (events.length === 0) return;
      await store.writeEvents(CHAIN, events);
    }
  };

  beforeAll(async () => {
    store = open();
    follower = await Follower.open({
      chain: CHAIN,
      kind: fakeKind,
      checkpoint: fakeCheckpoint,
      sources: [new FakeSource('a', world, CHAIN)],
      log,
      store: kv,
    });
  });

  const expectSame = async () => {
    const { rows, view } = await store.headers(CHAIN, { from: 0, limit: 1000 });
    expect(rows.map((row) => row.hash)).toEqual(world.best.map((header) => header.hash));
    expect(rows.every((row) => row.canonical)).toBe(true);
    expect(view).toMatchObject({ chain: CHAIN, height: world.tip.height, hash: world.tip.hash });
    const all = await store.headers(CHAIN, { from: 0, limit: 1000, branches: true });
    expect(all.rows.map(({ hash }) => hash).sort(byHash)).toEqual(
      [...world.all.values()].map(({ hash }) => hash).sort(byHash),
    );
    expect(all.rows.filter(({ canonical }) => canonical)).toEqual(rows);
  };

  test('is empty at first', async () => {
    expect(await store.lastNumber(CHAIN)).toBe(0);
    const view = { chain: CHAIN, number: 0, height: 0, hash: new Uint8Array(32) };
    expect(await store.view(CHAIN)).toEqual(view);
    expect(await store.headers(CHAIN, { from: 0, limit: 10 })).toEqual({ view, rows: [] });
    expect(await store.header(CHAIN, new Uint8Array(32))).toEqual({ view, row: undefined });
    expect(await store.latest(CHAIN, { limit: 5 })).toEqual({ view, rows: [] });
    expect(await store.reorganisations(CHAIN, { limit: 5 })).toEqual({ view, rows: [] });
    expect(await store.coverage(CHAIN)).toEqual({ view, start: undefined, contents: [] });
    expect((await store.counts()).filter(({ chain }) => chain === CHAIN)).toEqual([]);
  });

  test('follows the log through reorganisations', async () => {
    world.mine(20);
    await follower.pollAll();
    await drain();
    await expectSame();
    world.fork(3, 5);
    await follower.pollAll();
    world.fork(6, 2);
    world.finalizedHeight = 110;
    await follower.pollAll();
    await drain();
    await expectSame();
    expect(await store.lastNumber(CHAIN)).toBe((await log.last(CHAIN))?.number);
  });

  test('answers by hash, by height, and with the latest', async () => {
    const header = world.best[4]!;
    expect((await store.header(CHAIN, header.hash)).row).toMatchObject({
      height: header.height,
      hash: header.hash,
      parentHash: header.parentHash,
      time: header.time,
      raw: header.raw,
      canonical: true,
    });
    expect((await store.header('other', header.hash)).row).toBeUndefined();
    const lost = [...world.all.values()].find((one) => world.best[one.height - 100] !== one)!;
    expect((await store.header(CHAIN, lost.hash)).row).toMatchObject({ canonical: false });
    const heights = ({ rows }: Page<IndexedHeader>) => rows.map((row) => row.height);
    expect(heights(await store.latest(CHAIN, { limit: 3 }))).toEqual(
      [0, 1, 2].map((i) => world.tip.height - i),
    );
    expect(heights(await store.headers(CHAIN, { from: 103, to: 107, limit: 3 }))).toEqual([103, 104, 105]);
    expect(heights(await store.headers(CHAIN, { from: 10_000, limit: 3 }))).toEqual([]);
  });

  test('gives pages that join without a gap, both ways', async () => {
    const whole = (await store.headers(CHAIN, { from: 0, limit: 1000 })).rows;
    expect(await allPages((page) => store.headers(CHAIN, { from: 0, ...page }), 4)).toEqual(whole);
    expect(await allPages((page) => store.latest(CHAIN, page), 5)).toEqual([...whole].reverse());
    const branches = (await store.headers(CHAIN, { from: 0, limit: 1000, branches: true })).rows;
    for (const limit of [1, 3, branches.length])
      expect(
        await allPages((page) => store.headers(CHAIN, { from: 0, branches: true, ...page }), limit),
      ).toEqual(branches);
    const reorganisations = (await store.reorganisations(CHAIN, { limit: 10 })).rows;
    expect(await allPages((page) => store.reorganisations(CHAIN, page), 1)).toEqual(reorganisations);
  });

  test('lists reorganisations and counts', async () => {
    expect((await store.reorganisations(CHAIN, { limit: 10 })).rows).toMatchObject([
      { forkHeight: 116, depth: 6, oldTipHeight: 122 },
      { forkHeight: 117, depth: 3, oldTipHeight: 120 },
    ]);
    expect((await store.counts()).filter(({ chain }) => chain === CHAIN)).toEqual([
      {
        chain: CHAIN,
        headers: world.all.size,
        canonical: world.best.length,
        reorganisations: 2,
        commitments: 0,
        height: world.tip.height,
        finalizedHeight: 110,
        number: (await store.view(CHAIN)).number,
      },
    ]);
  });

  test('writing again changes nothing', async () => {
    const before = await store.counts();
    await store.writeEvents(CHAIN, await log.read(CHAIN, 1, 1000));
    await store.writeEvents(CHAIN, await log.read(CHAIN, 5, 9));
    expect(await store.counts()).toEqual(before);
    await expectSame();
  });

  test('takes no events with a gap before them, and none of another chain', async () => {
    const [last] = (await log.read(CHAIN, 1, 1000)).slice(-1);
    const later = { ...last!, number: last!.number + 2 };
    await expect(store.writeEvents(CHAIN, [later])).rejects.toThrow(IndexGapError);
    await expect(store.writeEvents('new', [{ ...later, chain: 'new' }])).rejects.toThrow(IndexGapError);
    const before = await store.lastNumber(CHAIN);
    await store.writeEvents(CHAIN, [{ ...later, chain: 'other' }]);
    expect(await store.lastNumber(CHAIN)).toBe(before);
    expect(await store.lastNumber('other')).toBe(0);
  });

  test('refuses views it has not, cursors of others, and pages too long', async () => {
    const { number } = await store.view(CHAIN);
    await expect(store.view(CHAIN, number + 1)).rejects.toThrow(UnknownViewError);
    await expect(store.headers(CHAIN, { from: 0, limit: 1, at: number + 1 })).rejects.toThrow(
      UnknownViewError,
    );
    const { next } = await store.headers(CHAIN, { from: 0, limit: 1 });
    for (const cursor of [next!, 'x', '', Buffer.from('[1,2,3]').toString('base64url'), 'A'.repeat(2000)])
      await expect(store.latest(CHAIN, { limit: 1, cursor })).rejects.toThrow(MalformedInputError);
    await expect(store.headers('other', { from: 0, limit: 1, cursor: next! })).rejects.toThrow(
      MalformedInputError,
    );
    await expect(store.headers(CHAIN, { from: 0, limit: 1001 })).rejects.toThrow(LimitExceededError);
    await expect(store.headers(CHAIN, { from: 0, limit: 0 })).rejects.toThrow(MalformedInputError);
  });

  test('keeps how far contents are, and says of which heights', async () => {
    const { number, height } = await store.view(CHAIN);
    await store.publishContents(CHAIN, { from: number - 1, to: number });
    await store.publishContents(CHAIN, { from: 1, to: 5 });
    await store.publishContents(CHAIN, { from: 6, to: 8 });
    await store.publishContents(CHAIN, { from: 2, to: 3 });
    expect(await store.contentsProgress(CHAIN)).toEqual([
      { from: 1, to: 8 },
      { from: number - 1, to: number },
    ]);
    const { contents, start } = await store.coverage(CHAIN);
    expect(start).toBe(100);
    expect(contents[0]).toEqual({ from: 100, to: 107 });
    expect(contents.slice(1).every(({ to }) => to <= height)).toBe(true);
    await store.publishContents(CHAIN, { from: 9, to: number });
    expect(await store.contentsProgress(CHAIN)).toEqual([{ from: 1, to: number }]);
    expect((await store.coverage(CHAIN)).contents).toEqual([{ from: 100, to: height }]);
  });
}
