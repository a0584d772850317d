import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBareHex } from '../../proofs/bytes.js';
import { MemoryStore } from '../../storage/memory.js';
import { fakeCheckpoint, fakeKind } from '../../test/support/indexers/fakeKind.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { NOW, until as poll } from '../../test/support/indexers/follow.js';
import { FakeBroker } from '../../test/support/kafka/fakeBroker.js';
import { FakeProcess } from '../../test/support/kafka/fakeGroups.js';
import { EmbeddedLog } from '../log/embedded.js';
import { LeaseLostError } from '../log/errors.js';
import type { EventLog } from '../log/eventLog.js';
import { kafkaGroup } from '../log/kafka/group.js';
import { KafkaLog } from '../log/kafka/kafkaLog.js';
import { Replay } from '../log/replay.js';
import { LogConsumer } from '../sinks/consumer.js';
import { SharedChains } from './sharedChains.js';
import { type MakeGroup, SoleGroup } from './workGroup.js';

const CHAINS = ['a', 'b', 'c'];
const SESSION_MS = 120;
/** Patient: other suites run at the same time. */
const until = (done: () => boolean): Promise<void> => poll(done, 60_000);

/** What sinks have written, of all processes: `chain/number` to the event. */
class FakeIndex {
  readonly rows = new Map<string, string>();
  readonly last = new Map<string, number>();
}

/** Foreign chains, a broker, and processes that come and go. */
class World {
  readonly broker = new FakeBroker();
  readonly chains = new Map(CHAINS.map((name) => [name, new FakeChain()]));
  readonly index = new FakeIndex();
  readonly members: Member[] = [];
  /** Processes that believe to have the unit `main`. */
  publishing = 0;

  add(): Member {
    const member = new Member(this);
    this.members.push(member);
    member.shared.start();
    return member;
  }

  get live(): Member[] {
    return this.members.filter(({ state }) => state === 'live');
  }

  async end(): Promise<void> {
    for (const member of this.members) await member.end();
    this.broker.groups.close();
  }
}

class Member {
  readonly process = new FakeProcess();
  readonly log: KafkaLog;
  readonly shared: SharedChains;
  readonly errors: unknown[] = [];
  state: 'live' | 'frozen' | 'gone' = 'live';

  constructor(world: World) {
    const driver = world.broker.driver(this.process);
    const store = new MemoryStore();
    this.log = new KafkaLog({ driver, store, prefix: 'x', maxWaitMs: 20, deliveryMs: 20_000 });
    this.shared = sharedOver(world, this.log, store, {
      group: kafkaGroup({
        ...{ driver, topics: this.log.topics, group: 'g', sessionTimeoutMs: SESSION_MS },
        onError: (error) => this.errors.push(error),
      }),
      onError: (error) => this.errors.push(error),
    });
  }

  async leave(): Promise<void> {
    this.state = 'gone';
    await this.shared.stop();
    await this.log.close();
  }

  kill(): void {
    this.state = 'gone';
    this.process.freeze();
  }

  freeze(): void {
    this.state = 'frozen';
    this.process.freeze();
  }

  thaw(): void {
    this.state = 'live';
    this.process.thaw();
  }

  async end(): Promise<void> {
    if (this.process.still) this.process.bury();
    await this.log.close();
    await this.shared.stop();
  }
}

function sharedOver(
  world: World,
  log: EventLog,
  store: MemoryStore,
  options: { readonly group: MakeGroup; readonly onError: (error: unknown) => void },
): SharedChains {
  const { index } = world;
  return new SharedChains({
    ...options,
    ...{ retryMs: 10, maxRetryMs: 100, steadyMs: 1000 },
    units: [
      {
        name: 'main',
        async open() {
          world.publishing++;
          return { ended: new Promise(() => undefined), stop: async () => void world.publishing-- };
        },
      },
    ],
    chains: [...world.chains].map(([chain, foreign]) => ({
      follower: {
        ...{ chain, kind: fakeKind, checkpoint: fakeCheckpoint, log, store, now: () => NOW },
        sources: [new FakeSource(`of ${chain}`, foreign, chain)],
        ...{ batch: 20, pollMs: 5, maxBackoffMs: 20 },
      },
      begin: async () => {
        const sink = new LogConsumer({
          ...{ log, chain, name: 'index', batch: 30, retryMs: 5 },
          cursor: { get: async () => index.last.get(chain) ?? 0, commit: async () => undefined },
          async handle(events) {
            for (const { number, type, hash } of events) {
              const [key, value] = [`${chain}/${number}`, `${type} ${toBareHex(hash)}`];
              const before = index.rows.get(key);
              if (before !== undefined && before !== value) throw new Error(`${key} was written otherwise`);
              index.rows.set(key, value);
              index.last.set(chain, Math.max(number, index.last.get(chain) ?? 0));
            }
            return [];
          },
        });
        sink.start();
        return () => sink.stop();
      },
    })),
  });
}

/** That each chain is followed by one process, to its tip. */
function settled(world: World, of: readonly Pick<Member, 'shared'>[]): boolean {
  return [...world.chains].every(([chain, { tip }]) => {
    const followers = of.flatMap(({ shared }) => shared.follower(chain) ?? []);
    const [one] = followers;
    return (
      followers.length === 1 &&
      one?.status().ended === undefined &&
      one?.book.tip()?.height === tip.height &&
      toBareHex(one.book.tip()?.hash ?? new Uint8Array()) === toBareHex(tip.hash) &&
      world.index.last.get(chain) === one.book.applied()
    );
  });
}

/** That log and index have what one straight run would have given. */
async function expectWhole(world: World, log: EventLog): Promise<void> {
  for (const [chain, foreign] of world.chains) {
    await log.catchUp?.(chain);
    const events = await log.read(chain, 1, 1e6);
    const replay = new Replay();
    for (const event of events) replay.apply(event);
    expect(replay.blocks.map(({ hash }) => toBareHex(hash))).toEqual(
      foreign.best.map(({ hash }) => toBareHex(hash)),
    );
    const rows = events.map(({ type, hash }) => `${type} ${toBareHex(hash)}`);
    expect(rows.map((_, i) => world.index.rows.get(`${chain}/${i + 1}`))).toEqual(rows);
  }
  const events = [...world.index.last.values()].reduce((sum, each) => sum + each, 0);
  expect(world.index.rows.size).toBe(events);
}

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('mine' as const), of: fc.nat(2), count: fc.nat(30) }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('fork' as const), of: fc.nat(2), count: fc.nat(8) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constantFrom(
        'add' as const,
        'leave' as const,
        'kill' as const,
        'freeze' as const,
        'thaw' as const,
      ),
      of: fc.nat(5),
      count: fc.nat(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('wait' as const), of: fc.nat(0), count: fc.nat(150) }),
  },
);

describe('chains shared among processes', () => {
  test('come to one process each, whoever joins, leaves, dies or sleeps: nothing is lost or doubled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        const world = new World();
        world.add();
        try {
          for (const { act, of, count } of steps) {
            const foreign = world.chains.get(CHAINS[of] ?? 'a')!;
            const pick = (from: Member[]): Member | undefined => from[of % Math.max(1, from.length)];
            if (act === 'mine') foreign.mine(count);
            else if (act === 'fork') foreign.fork(count, count + 1);
            else if (act === 'wait') await new Promise((resolve) => setTimeout(resolve, count));
            else if (act === 'add' && world.members.length < 6) world.add();
            else if (act === 'leave') await pick(world.live)?.leave();
            else if (act === 'kill') pick(world.live)?.kill();
            else if (act === 'freeze') pick(world.live)?.freeze();
            else if (act === 'thaw') pick(world.members.filter(({ state }) => state === 'frozen'))?.thaw();
          }
          for (const member of world.members) if (member.state === 'frozen') member.thaw();
          if (world.live.length === 0) world.add();
          await until(() => settled(world, world.live));
          await until(() => {
            const units = world.live.flatMap(({ shared }) => shared.chains).sort();
            return String(units) === String([...CHAINS, 'main']) && settled(world, world.live);
          });
          const log = new KafkaLog({ driver: world.broker.driver(), store: new MemoryStore(), prefix: 'x' });
          await expectWhole(world, log);
          expect(log.status().map(({ poisoned }) => poisoned)).toEqual([0, 0, 0]);
          await log.close();
        } finally {
          await world.end();
        }
      }),
      { numRuns: 20 },
    );
  });

  test('a process that is killed is replaced after the session timeout, one that leaves at once', async () => {
    const world = new World();
    const [first, second] = [world.add(), world.add()];
    for (const chain of world.chains.values()) chain.mine(50);
    await until(() => settled(world, world.live));
    expect(Math.min(first.shared.chains.length, second.shared.chains.length)).toBe(2);
    // Whoever has a chain not keeps step with it all the same.
    await until(() =>
      [first, second].every(({ shared }) => CHAINS.every((of) => shared.book(of)?.tip()?.height === 150)),
    );
    first.kill();
    for (const chain of world.chains.values()) chain.mine(5);
    await until(() => settled(world, [second]));
    const third = world.add();
    await until(() => third.shared.chains.length === 2 && settled(world, world.live));
    await second.leave();
    await until(() => settled(world, [third]));
    expect(third.shared.status()).toHaveLength(4);
    await world.end();
  });

  test('two that both believe to have a chain take it from each other, and do no harm', async () => {
    const world = new World();
    const everything: MakeGroup = (units, work) => new SoleGroup(units, work);
    const logs = [0, 1].map(() => {
      const store = new MemoryStore();
      return {
        store,
        log: new KafkaLog({ driver: world.broker.driver(), store, prefix: 'x', maxWaitMs: 20 }),
      };
    });
    const errors: unknown[] = [];
    const members = logs.map(({ log, store }) => ({
      log,
      shared: sharedOver(world, log, store, { group: everything, onError: (error) => errors.push(error) }),
    }));
    for (const { shared } of members) shared.start();
    for (let round = 0; round < 12; round++) {
      for (const chain of world.chains.values())
        if (round % 4 === 3) chain.fork(3, 5);
        else chain.mine(4);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    await until(() => errors.filter((error) => error instanceof LeaseLostError).length > 2);
    await members[0]!.shared.stop();
    await until(() => settled(world, [members[1]!]));
    await expectWhole(world, logs[0]!.log);
    for (const { log, shared } of members) {
      await shared.stop();
      await log.close();
    }
    expect(errors.every((error) => error instanceof LeaseLostError)).toBe(true);
    await world.end();
  });

  test('on the embedded log one process has all of them, until it stops', async () => {
    const world = new World();
    const store = new MemoryStore();
    const log = new EmbeddedLog(store);
    const everything: MakeGroup = (units, work) => new SoleGroup(units, work);
    const shared = sharedOver(world, log, store, { group: everything, onError: () => undefined });
    shared.start();
    for (const chain of world.chains.values()) chain.mine(20);
    await until(() => settled(world, [{ shared }]));
    expect(shared.chains).toEqual([...CHAINS, 'main']);
    expect(world.publishing).toBe(1);
    // Somebody takes a chain away once: it is taken back.
    const lease = await log.acquire('a');
    world.chains.get('a')!.mine(3);
    await until(() => (shared.follower('a')?.status().epoch ?? 0) > lease.epoch);
    await until(() => settled(world, [{ shared }]));
    expect(shared.status().find(({ unit }) => unit === 'a')).toMatchObject({ running: true, begun: 2 });
    await expectWhole(world, log);
    await shared.stop();
    expect([shared.chains, world.publishing]).toEqual([[], 0]);
    expect(shared.follower('a')).toBeUndefined();
  });
});
