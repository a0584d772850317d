import { afterEach, describe, expect, test } from 'vitest';
import { followedChain, replicatedChain } from '../../relay/bind.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { MemoryStore } from '../../storage/memory.js';
import { fakeCheckpoint, fakeGenesis, fakeHeader, fakeKind } from '../../test/support/indexers/fakeKind.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { open, until } from '../../test/support/indexers/follow.js';
import { FakeBroker } from '../../test/support/kafka/fakeBroker.js';
import { EmbeddedLog } from '../log/embedded.js';
import { LogCorruptError } from '../log/errors.js';
import { eventOf } from '../log/event.js';
import type { EventLog } from '../log/eventLog.js';
import { KafkaLog } from '../log/kafka/kafkaLog.js';
import { CheckpointMismatchError } from './errors.js';
import type { Follower } from './follower.js';
import { LogReplica, type ReplicaOptions } from './replica.js';

const CHAIN = 'fake-attested';
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const replicaOf = (log: EventLog, more: Partial<ReplicaOptions> = {}): LogReplica => {
  const replica = new LogReplica({
    ...{ chain: CHAIN, kind: fakeKind, checkpoint: fakeCheckpoint, log, store: new MemoryStore() },
    ...{ retryMs: 2, ...more },
  });
  ends.push(() => replica.stop());
  return replica;
};

interface World {
  /** Where the writer writes, and a reader's own log of the same. */
  readonly log: EventLog;
  readonly store: KeyValueStore;
  readonly read: EventLog;
}

const worlds: readonly (readonly [string, () => World])[] = [
  [
    'embedded',
    () => {
      const store = new MemoryStore();
      const log = new EmbeddedLog(store);
      return { log, store, read: log };
    },
  ],
  [
    'Kafka',
    () => {
      const broker = new FakeBroker();
      const kafka = (store: KeyValueStore): KafkaLog => {
        const log = new KafkaLog({ driver: broker.driver(), store, prefix: 'x', maxWaitMs: 20 });
        ends.push(() => log.close());
        return log;
      };
      const store = new MemoryStore();
      return { log: kafka(store), store, read: kafka(new MemoryStore()) };
    },
  ],
];

/** That a replica says of the chain what the follower says. */
function expectSame(replica: LogReplica, follower: Follower, world: FakeChain): void {
  const [mine, theirs] = [replicatedChain(replica), followedChain(follower)];
  expect([mine.tip(), mine.finalized()]).toEqual([theirs.tip(), theirs.finalized()]);
  for (const { height, hash } of world.best) {
    expect(mine.header(height)).toEqual(theirs.header(height));
    expect(mine.work(height)).toEqual(theirs.work(height));
    expect(mine.find(hash)).toEqual(theirs.find(hash));
  }
}

for (const [name, make] of worlds)
  describe(`a replica of a log: ${name}`, () => {
    test('keeps step with a follower elsewhere, over reorganisations', async () => {
      const { log, store, read } = make();
      const world = new FakeChain();
      world.mine(30);
      world.finalizedHeight = 110;
      const follower = await open(store, [new FakeSource('a', world, CHAIN)], { log });
      ends.push(() => follower.stop());
      const replica = replicaOf(read);
      let changes = 0;
      replica.onChange(() => changes++);
      expect(replica.status()).toMatchObject({ height: undefined, lastNumber: 0, healthy: false });
      replica.start();
      for (let round = 0; round < 5; round++) {
        await follower.pollAll();
        await until(() => replica.book.applied() === follower.book.applied());
        expectSame(replica, follower, world);
        expect(changes).toBeGreaterThan(round);
        world.fork(15 + 3 * round, 20);
      }
      await until(() => replica.status().lag === 0);
      expect(replica.status()).toMatchObject({
        ...{ chain: CHAIN, height: follower.status().height, finalizedHeight: 110, healthy: true },
        ...{ lastNumber: follower.status().lastNumber, lastError: undefined },
      });
      await replica.stop();
      const before = replica.book.applied();
      await follower.pollAll();
      expect(replica.book.applied()).toBe(before);
    });

    test('catches up when told to, and goes on after a restart where it was', async () => {
      const { log, store, read } = make();
      const world = new FakeChain();
      world.mine(1100);
      const follower = await open(store, [new FakeSource('a', world, CHAIN)], { log, batch: 500 });
      ends.push(() => follower.stop());
      await follower.pollAll();
      const own = new MemoryStore();
      const first = replicaOf(read, { store: own });
      let steps = 0;
      first.onChange(() => steps++);
      await first.catchUp();
      expectSame(first, follower, world);
      expect(steps).toBeGreaterThan(1);
      await first.catchUp();
      const again = replicaOf(read, { store: own });
      expect(again.status().lastNumber).toBe(follower.book.applied());
      world.mine(1);
      await follower.pollAll();
      await again.catchUp();
      expectSame(again, follower, world);
    });

    test('a log that begins at another block is refused, and nothing of it taken', async () => {
      const { log, store, read } = make();
      const world = new FakeChain();
      world.mine(3);
      const follower = await open(store, [new FakeSource('a', world, CHAIN)], { log });
      ends.push(() => follower.stop());
      await follower.pollAll();
      const checkpoint = { ...fakeCheckpoint, hash: world.tip.hash };
      const errors: unknown[] = [];
      const replica = replicaOf(read, { checkpoint, onError: (error) => errors.push(error) });
      await expect(replica.catchUp()).rejects.toThrow(CheckpointMismatchError);
      replica.start();
      await until(() => errors.length > 1);
      expect(replica.book.tip()).toBeUndefined();
      expect(replicatedChain(replica).health()).toMatchObject({
        healthy: false,
        problem: expect.stringMatching(/checkpoint/),
      });
    });

    test('an event with the header of another block is refused', async () => {
      const { log, read } = make();
      const lease = await log.acquire(CHAIN);
      const child = fakeHeader(fakeGenesis, 1);
      await log.append(lease, 1, [
        eventOf('connect', fakeGenesis),
        { ...eventOf('connect', child), raw: fakeHeader(fakeGenesis, 2).raw },
      ]);
      const replica = replicaOf(read);
      await expect(replica.catchUp()).rejects.toThrow(LogCorruptError);
      expect(replica.book.applied()).toBe(0);
    });
  });

test('a log that fails is read again', async () => {
  const store = new MemoryStore();
  const log = new EmbeddedLog(store);
  let failing = true;
  const flaky: EventLog = Object.assign(Object.create(log), {
    read: async (...of: Parameters<EventLog['read']>) => {
      if (failing) throw new Error('disk on fire');
      return log.read(...of);
    },
    ...{ subscribe: log.subscribe.bind(log), catchUp: undefined, lag: () => 7 },
  });
  const world = new FakeChain();
  world.mine(3);
  const follower = await open(store, [new FakeSource('a', world, CHAIN)], { log });
  await follower.pollAll();
  const errors: unknown[] = [];
  const replica = replicaOf(flaky, { onError: (error) => errors.push(error) });
  replica.start();
  await until(() => errors.length > 2);
  expect(replica.status()).toMatchObject({ healthy: false, lag: 7, lastError: { message: 'disk on fire' } });
  failing = false;
  await until(() => replica.book.tip()?.height === 103);
  expect(replica.status()).toMatchObject({ healthy: true, lastError: undefined });
});

describe('the safe block of a replicated chain', () => {
  const of = async (...claims: (number | 'off' | 'none' | 'dead')[]) => {
    const store = new MemoryStore();
    const world = new FakeChain();
    world.mine(20);
    const log = new EmbeddedLog(store);
    const follower = await open(store, [new FakeSource('a', world, CHAIN)], { log });
    await follower.pollAll();
    const replica = replicaOf(log);
    await replica.catchUp();
    const sources = claims.map((claim) => ({
      name: 'a',
      async safe() {
        if (claim === 'dead') throw new Error('dead');
        if (claim === 'none') return undefined;
        return claim === 'off' ? { height: 105, hash: new Uint8Array(32) } : world.best[claim];
      },
    }));
    return (await replicatedChain(replica, { sources }).safe?.())?.height;
  };

  test('is what more than half of the sources that answer call so', async () => {
    expect(await of(10)).toBe(110);
    expect(await of(20, 10)).toBe(110);
    expect(await of(20, 10, 12)).toBe(112);
    expect(await of(10, 'dead')).toBe(110);
    expect(await of(10, 'off')).toBeUndefined();
    expect(await of(10, 12, 'off')).toBe(110);
    expect(await of(10, 'none')).toBeUndefined();
    expect(await of('dead')).toBeUndefined();
  });
});
