import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SourceUnavailableError } from '../../adapters/errors.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { MemoryStore } from '../../storage/memory.js';
import { CrashError, CrashStore } from '../../test/support/indexers/crashStore.js';
import { fakeCheckpoint, fakeKind } from '../../test/support/indexers/fakeKind.js';
import { FakeChain, FakeSource, fakeTransactions } from '../../test/support/indexers/fakeSource.js';
import { Follower } from '../follow/follower.js';
import { EmbeddedLog } from '../log/embedded.js';
import { BlockCache } from './blockCache.js';
import { TransactionIndex } from './transactionIndex.js';
import { transactionSink } from './transactionSink.js';

const CHAIN = 'fake-attested';

async function setup(store: KeyValueStore, sources: FakeSource[], depth = 1000) {
  const log = new EmbeddedLog(store);
  const follower = await Follower.open({
    chain: CHAIN,
    kind: fakeKind,
    checkpoint: fakeCheckpoint,
    sources,
    log,
    store,
  });
  const { book } = follower;
  const blocks = new BlockCache({ sources: new Map([[CHAIN, sources]]), timeoutMs: 50 });
  const sink = transactionSink({ log, store, book, blocks, depth, retryMs: 1 });
  const index = new TransactionIndex(store, blocks, new Map([[CHAIN, book]]));
  return { follower, blocks, sink, index, log };
}

async function expectIndexed(index: TransactionIndex, world: FakeChain): Promise<void> {
  for (const header of world.best)
    for (const [i, hash] of fakeTransactions(header).entries())
      expect(await index.lookup(CHAIN, hash)).toEqual({
        height: header.height,
        blockHash: header.hash,
        index: i,
      });
  for (const header of world.all.values())
    if (world.best[header.height - 100] !== header)
      expect(await index.lookup(CHAIN, fakeTransactions(header)[0]!)).toBeUndefined();
}

test('the map follows every reorganisation, killed anywhere', async () => {
  const steps = fc.array(fc.tuple(fc.nat(8), fc.nat(8), fc.nat(12), fc.boolean()), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const disk = new MemoryStore();
      const world = new FakeChain();
      const source = new FakeSource('a', world, CHAIN);
      for (const [depth, count, crashAt, after] of script) {
        world.fork(depth, count);
        try {
          const { follower, sink } = await setup(new CrashStore(disk, crashAt, after), [source]);
          await follower.pollAll();
          await sink.drain();
        } catch (error) {
          expect(error).toBeInstanceOf(CrashError);
        }
      }
      const { follower, sink, index } = await setup(disk, [source]);
      await follower.pollAll();
      await sink.drain();
      // The map alone must know it.
      source.findTransaction = async () => undefined;
      await expectIndexed(index, world);
    }),
    { numRuns: 40 },
  );
});

test('blocks below the depth are found through a source', async () => {
  const world = new FakeChain();
  world.mine(30);
  const source = new FakeSource('a', world, CHAIN);
  const { follower, sink, index } = await setup(new MemoryStore(), [source], 10);
  await follower.pollAll();
  await sink.drain();
  expect(source.blockCalls).toBe(10);
  await expectIndexed(index, world);
  expect(await index.lookup(CHAIN, new Uint8Array(32))).toBeUndefined();
  const header = world.best[25]!;
  expect(await index.transactions(CHAIN, header.hash)).toEqual(fakeTransactions(header));
});

test('a block that no source has is waited for while it is on the best chain', async () => {
  const world = new FakeChain();
  world.mine(3);
  const source = new FakeSource('a', world, CHAIN);
  const { follower, sink, index } = await setup(new MemoryStore(), [source]);
  await follower.pollAll();
  const lost = world.best[2]!;
  const block = source.block;
  source.block = async (hash) => {
    if (hash === lost.hash || hash.every((byte, i) => byte === lost.hash[i]))
      throw new SourceUnavailableError('a', 'pruned');
    return block(hash);
  };
  await expect(sink.drain()).rejects.toThrow('pruned');
  world.fork(2, 4);
  await follower.pollAll();
  await sink.drain();
  await expectIndexed(index, world);
});

test('the loop picks up new events and survives failures', async () => {
  const world = new FakeChain();
  const source = new FakeSource('a', world, CHAIN);
  const { follower, sink, log } = await setup(new MemoryStore(), [source]);
  source.mode = 'good';
  sink.start();
  world.mine(5);
  await follower.pollAll();
  source.mode = 'dead';
  world.mine(1);
  await new Promise((resolve) => setTimeout(resolve, 10));
  source.mode = 'good';
  await follower.pollAll();
  const last = (await log.last(CHAIN))?.number;
  await expect.poll(() => sink.status().done).toBe(last);
  await sink.stop();
});

test('the block cache fails over, asks once, and refuses another block', async () => {
  const world = new FakeChain();
  world.mine(2);
  const [dead, liar, good] = ['dead', 'liar', 'good'].map((name) => new FakeSource(name, world, CHAIN)) as [
    FakeSource,
    FakeSource,
    FakeSource,
  ];
  dead.mode = 'hanging';
  liar.block = async () => ({ header: world.best[1]!, transactionHashes: [] });
  const cache = new BlockCache({ sources: new Map([[CHAIN, [dead, liar, good]]]), timeoutMs: 20 });
  const { hash } = world.tip;
  const [one, two] = await Promise.all([cache.get(CHAIN, hash), cache.get(CHAIN, hash)]);
  expect(one).toBe(two);
  expect(one.header.hash).toEqual(hash);
  expect(good.blockCalls).toBe(1);
  expect(await cache.get(CHAIN, hash)).toBe(one);
  expect(good.blockCalls).toBe(1);
  await expect(cache.get('other', hash)).rejects.toThrow(SourceUnavailableError);
});

test('the block cache is bounded', async () => {
  const world = new FakeChain();
  world.mine(50);
  const source = new FakeSource('a', world, CHAIN);
  const cache = new BlockCache({ sources: new Map([[CHAIN, [source]]]), maxBytes: 5000 });
  for (const header of world.best) await cache.get(CHAIN, header.hash);
  const calls = source.blockCalls;
  await cache.get(CHAIN, world.tip.hash);
  expect(source.blockCalls).toBe(calls);
  await cache.get(CHAIN, world.best[0]!.hash);
  expect(source.blockCalls).toBe(calls + 1);
});
