import { describe, expect, test } from 'vitest';
import { SourceFaultError, SourceUnavailableError } from '../../adapters/errors.js';
import { MemoryStore } from '../../storage/memory.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { expectFollowed, open, until } from '../../test/support/indexers/follow.js';

/** A source that is asked for several ranges at once and answers them out of order. */
function parallelSource(world: FakeChain, chain: string, ranges: number) {
  const seen = { most: 0, calls: [] as number[] };
  const source: FakeSource & { parallelRanges?: number } = new FakeSource('a', world, chain);
  const headers = source.headers;
  let running = 0;
  source.parallelRanges = ranges;
  source.headers = async (from, count) => {
    seen.calls.push(from);
    seen.most = Math.max(seen.most, ++running);
    await new Promise((resolve) => setTimeout(resolve, (seen.calls.length * 7) % 5));
    running--;
    return headers(from, count);
  };
  return { source, seen };
}

describe.each(['fake-work', 'fake-attested'])('ranges of %s read at once', (chain) => {
  test('end in the same chain, in order, as many at once as the source allows', async () => {
    for (const ranges of [1, 4, 100]) {
      const store = new MemoryStore();
      const world = new FakeChain();
      world.mine(200);
      const { source, seen } = parallelSource(world, chain, ranges);
      const follower = await open(store, [source], { timeoutMs: 60_000 });
      await follower.pollAll();
      await expectFollowed(store, chain, world);
      expect(seen.most).toBe(Math.min(8, ranges));
      // The checkpoint and the first range alone, then each header once.
      expect(seen.calls.slice(0, 2)).toEqual([100, 101]);
      expect(new Set(seen.calls).size).toBe(seen.calls.length);
    }
  });

  test('go on where an error stopped them', async () => {
    const store = new MemoryStore();
    const world = new FakeChain();
    world.mine(200);
    const { source, seen } = parallelSource(world, chain, 4);
    const headers = source.headers;
    source.headers = async (from, count) => {
      if (from > 150 && source.mode === 'good' && seen.calls.length < 20)
        throw new SourceUnavailableError('a', 'is overloaded');
      return headers(from, count);
    };
    const follower = await open(store, [source], { timeoutMs: 60_000 });
    await follower.pollAll();
    expect(follower.status().height).toBeGreaterThanOrEqual(142);
    const before = seen.calls.length;
    seen.calls.push(...Array.from({ length: 20 }, (_, i) => -i));
    await follower.pollAll();
    await follower.pollAll();
    await expectFollowed(store, chain, world);
    // What was stored is not read again, but for the step back that finds where the chains join.
    expect(Math.min(...seen.calls.slice(before + 20))).toBeGreaterThan(130);
  });

  test('survive a reorganisation between two of them', async () => {
    for (const change of [2, 3, 4, 5, 6]) {
      const store = new MemoryStore();
      const world = new FakeChain();
      world.mine(100);
      const { source, seen } = parallelSource(world, chain, 4);
      const headers = source.headers;
      source.headers = async (from, count) => {
        const answer = await headers(from, count);
        if (seen.calls.length >= change && world.tip.height === 200) world.fork(80, 90, { work: 3 });
        return answer;
      };
      const follower = await open(store, [source], { timeoutMs: 60_000 });
      for (let i = 0; i < 3; i++) await follower.pollAll();
      await expectFollowed(store, chain, world);
      expect(await follower.evidence.list(chain, 5)).toEqual([]);
    }
  });
});

test('a source that tells of new heads is polled at once, but not out of its back-off', async () => {
  const store = new MemoryStore();
  const world = new FakeChain();
  const source: FakeSource & { subscribe?: (listener: () => void) => () => void } = new FakeSource(
    'a',
    world,
  );
  let tell: (() => void) | undefined;
  source.subscribe = (listener) => {
    tell = listener;
    return () => {
      tell = undefined;
    };
  };
  const follower = await open(store, [source], { pollMs: 60_000, maxBackoffMs: 60_000 });
  follower.start();
  await until(() => follower.status().height === 100);
  for (let i = 1; i <= 5; i++) {
    world.mine(1);
    tell?.();
    await until(() => follower.status().height === 100 + i);
  }
  source.mode = 'dead';
  tell?.();
  await until(() => follower.status().sources[0]?.healthy === false);
  const { calls } = source;
  tell?.();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(source.calls).toBe(calls);
  await follower.stop();
  expect(tell).toBeUndefined();
});

test('what a source told others wrongly counts against it, with evidence', async () => {
  const store = new MemoryStore();
  const world = new FakeChain();
  const [liar, good] = [new FakeSource('liar', world), new FakeSource('good', world)];
  const follower = await open(store, [liar, good]);
  await follower.pollAll();
  await follower.blame(good, new SourceUnavailableError('good', 'is busy'));
  await follower.blame(liar, new SourceFaultError('liar', 'omitted a log', { height: 100 }));
  expect(await follower.evidence.list('fake-work', 5)).toMatchObject([
    { kind: 'source-fault', source: 'liar', height: 100, message: 'liar: omitted a log' },
  ]);
  expect(follower.status().sources).toMatchObject([
    { faults: 1, healthy: false },
    { faults: 0, healthy: true },
  ]);
});
