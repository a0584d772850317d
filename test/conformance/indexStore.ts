import { afterAll, beforeAll, expect, test } from 'vitest';
import { Follower } from '../../indexers/follow/follower.js';
import { EmbeddedLog } from '../../indexers/log/embedded.js';
import { indexSink, rebuildIndex } from '../../indexers/sinks/indexSink.js';
import type { FormerIndexStore as IndexStore } from '../../indexers/store/former.js';
import { MemoryStore } from '../../storage/memory.js';
import { fakeCheckpoint, fakeKind } from '../support/indexers/fakeKind.js';
import { FakeChain, FakeSource } from '../support/indexers/fakeSource.js';

const CHAIN = 'fake-attested';
const byHash = (a: { hash: Uint8Array }, b: { hash: Uint8Array }) => Buffer.compare(a.hash, b.hash);

/** What every index store must do. `open` gives an empty one. */
export function indexStoreConformance(open: () => Promise<IndexStore>): void {
  let store: IndexStore;
  const world = new FakeChain();
  const source = new FakeSource('a', world, CHAIN);
  const kv = new MemoryStore();
  const log = new EmbeddedLog(kv);
  let follower: Follower;
  const sink = () => indexSink({ log, chain: CHAIN, store, batch: 7 });

  beforeAll(async () => {
    store = await open();
    follower = await Follower.open({
      chain: CHAIN,
      kind: fakeKind,
      checkpoint: fakeCheckpoint,
      sources: [source],
      log,
      store: kv,
    });
  });
  afterAll(async () => {
    await store.close();
  });

  const expectSame = async () => {
    const rows = await store.headers(CHAIN, { from: 0, limit: 1000 });
    expect(rows.map((row) => row.hash)).toEqual(world.best.map((header) => header.hash));
    expect(rows.every((row) => row.canonical)).toBe(true);
    const all = await store.headers(CHAIN, { from: 0, limit: 1000, branches: true });
    expect(all.map(({ hash }) => ({ hash })).sort(byHash)).toEqual(
      [...world.all.values()].map(({ hash }) => ({ hash })).sort(byHash),
    );
  };

  test('is empty at first', async () => {
    expect(await store.lastNumber(CHAIN)).toBe(0);
    expect(await store.headers(CHAIN, { from: 0, limit: 10 })).toEqual([]);
    expect(await store.header(CHAIN, new Uint8Array(32))).toBeUndefined();
    expect(await store.latest(CHAIN, 5)).toEqual([]);
    expect(await store.reorganisations(CHAIN, 5)).toEqual([]);
    expect(await store.counts()).toEqual([]);
  });

  test('follows the log through reorganisations', async () => {
    world.mine(20);
    await follower.pollAll();
    await sink().drain();
    await expectSame();
    world.fork(3, 5);
    await follower.pollAll();
    world.fork(6, 2);
    world.finalizedHeight = 110;
    await follower.pollAll();
    await sink().drain();
    await expectSame();
    expect(await store.lastNumber(CHAIN)).toBe((await log.last(CHAIN))?.number);
  });

  test('answers by hash, by height, and with the latest', async () => {
    const header = world.best[4]!;
    expect(await store.header(CHAIN, header.hash)).toMatchObject({
      height: header.height,
      hash: header.hash,
      parentHash: header.parentHash,
      time: header.time,
      raw: header.raw,
      canonical: true,
    });
    expect(await store.header('other', header.hash)).toBeUndefined();
    const lost = [...world.all.values()].find((one) => world.best[one.height - 100] !== one)!;
    expect(await store.header(CHAIN, lost.hash)).toMatchObject({ canonical: false });
    expect((await store.latest(CHAIN, 3)).map((row) => row.height)).toEqual(
      [0, 1, 2].map((i) => world.tip.height - i),
    );
    const page = await store.headers(CHAIN, { from: 103, to: 107, limit: 3 });
    expect(page.map((row) => row.height)).toEqual([103, 104, 105]);
  });

  test('lists reorganisations and counts', async () => {
    expect(await store.reorganisations(CHAIN, 10)).toMatchObject([
      { forkHeight: 116, depth: 6, oldTipHeight: 122 },
      { forkHeight: 117, depth: 3, oldTipHeight: 120 },
    ]);
    expect(await store.counts()).toEqual([
      {
        chain: CHAIN,
        headers: world.all.size,
        canonical: world.best.length,
        reorganisations: 2,
        commitments: 0,
        height: world.tip.height,
        finalizedHeight: 110,
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

  test('is rebuilt from the log', async () => {
    const before = await store.counts();
    const one = sink();
    await store.clear(CHAIN);
    expect(await store.lastNumber(CHAIN)).toBe(0);
    // A store that lost its rows gets them again, whatever the cursor says.
    await one.drain();
    expect(await store.counts()).toEqual(before);
    await rebuildIndex(one, store);
    expect(await store.counts()).toEqual(before);
    await expectSame();
  });

  test('keeps commitments and evidence', async () => {
    const filled = (n: number) => new Uint8Array(32).fill(n);
    const commitments = [1, 2].map((mainHeight) => ({
      mainHeight,
      mainRoot: filled(1),
      status: 1,
      epoch: 0,
      start: 100,
      size: mainHeight,
      historyRoot: filled(2),
      tipHeight: 120,
      tipHash: filled(0xff),
      reorgCount: 0,
      policyVersion: 1,
    }));
    await store.writeCommitments(CHAIN, commitments);
    await store.writeCommitments(CHAIN, commitments.slice(0, 1));
    expect(await store.commitments(CHAIN, 10)).toEqual([commitments[1], commitments[0]]);
    const evidence = {
      number: 1,
      kind: 'invalid-header',
      source: `it's "quoted" \\ {chain:String}`,
      height: 5,
      hash: 'ab',
      message: 'Größe\n\t; DROP TABLE x',
      seen: 7,
    } as const;
    await store.writeEvidence(CHAIN, [evidence, evidence, { ...evidence, number: 2, raw: '00ff' }]);
    expect(await store.evidence(CHAIN, 10)).toEqual([{ ...evidence, number: 2, raw: '00ff' }, evidence]);
    expect(await store.evidence(`x' OR '1'='1`, 10)).toEqual([]);
  });
}
