import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SourceUnavailableError } from '../../adapters/errors.js';
import { toBareHex } from '../../proofs/bytes.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { MemoryStore } from '../../storage/memory.js';
import { CrashError, CrashStore } from '../../test/support/indexers/crashStore.js';
import { fakeCheckpoint, fakeHeader, fakeKind } from '../../test/support/indexers/fakeKind.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { EmbeddedLog } from '../log/embedded.js';
import { LeaseLostError } from '../log/errors.js';
import { Replay } from '../log/replay.js';
import { HeaderBook } from './book.js';
import { CheckpointMismatchError } from './errors.js';
import { Follower, type FollowerOptions } from './follower.js';

const NOW = 1_000_000;

function open(store: KeyValueStore, sources: FakeSource[], more: Partial<FollowerOptions> = {}) {
  return Follower.open({
    chain: sources[0]!.chain,
    kind: fakeKind,
    checkpoint: fakeCheckpoint,
    sources,
    log: new EmbeddedLog(store),
    store,
    batch: 7,
    pollMs: 1,
    maxBackoffMs: 5,
    timeoutMs: 20,
    now: () => NOW,
    ...more,
  });
}

async function replay(store: KeyValueStore, chain: string): Promise<Replay> {
  const replayed = new Replay();
  for (const event of await new EmbeddedLog(store).read(chain, 1, 1e6)) replayed.apply(event);
  return replayed;
}

async function expectFollowed(store: KeyValueStore, chain: string, world: FakeChain): Promise<void> {
  const replayed = await replay(store, chain);
  const hashes = (blocks: readonly { hash: Uint8Array }[]) => blocks.map((block) => toBareHex(block.hash));
  expect(hashes(replayed.blocks)).toEqual(hashes(world.best));
  const book = new HeaderBook(store, chain, fakeKind, fakeCheckpoint);
  expect(book.tip()?.height).toBe(world.tip.height);
  expect(book.applied()).toBe(replayed.number);
  for (const header of world.best) expect(book.header(header.height)?.hash).toEqual(header.hash);
  expect(book.bestHash(world.tip.height + 1)).toBeUndefined();
  expect(book.work(world.tip.height)).toBe(5n + BigInt(world.workOf()));
  expect(book.finalized()?.height).toBe(replayed.finalized?.height);
}

const steps = fc.array(fc.record({ depth: fc.nat(25), count: fc.nat(30), polls: fc.nat(2) }), {
  minLength: 1,
  maxLength: 8,
});

/** Reorganises at random, but for kinds with work never to less or equal work. */
function reorganise(world: FakeChain, depth: number, count: number, byWork: boolean): void {
  const before = world.workOf();
  world.fork(depth, count);
  while (byWork && depth > 0 && world.workOf() <= before) world.mine(1);
}

describe.each(['fake-work', 'fake-attested'])('a follower of %s', (chain) => {
  const byWork = chain === 'fake-work';

  test('replaying its events always gives the best chain of the source', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const store = new MemoryStore();
        const world = new FakeChain();
        const follower = await open(store, [new FakeSource('a', world, chain)], { finalityReversal: true });
        for (const { depth, count, polls } of script) {
          reorganise(world, depth, count, byWork);
          for (let i = 0; i < polls; i++) {
            world.finalizedHeight = Math.max(100, world.tip.height - 5);
            await follower.pollAll();
            await expectFollowed(store, chain, world);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  test('killed between any two writes, it goes on without a gap', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.boolean()), { maxLength: 6 }),
        async (script, kills) => {
          const disk = new MemoryStore();
          const world = new FakeChain();
          const source = new FakeSource('a', world, chain);
          const killsLeft = [...kills];
          for (const { depth, count } of script) {
            reorganise(world, depth, count, byWork);
            const [crashAt, after] = killsLeft.shift() ?? [0, false];
            try {
              const follower = await open(new CrashStore(disk, crashAt, after), [source]);
              await follower.pollAll();
            } catch (error) {
              expect(error).toBeInstanceOf(CrashError);
            }
            await replay(disk, chain);
          }
          const follower = await open(disk, [source]);
          await follower.pollAll();
          await expectFollowed(disk, chain, world);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a dead, a hanging and a lagging source do not hold it up', async () => {
    const store = new MemoryStore();
    const world = new FakeChain();
    const [dead, hanging, lagging, good] = ['dead', 'hanging', 'lagging', 'good'].map(
      (name) => new FakeSource(name, world, chain),
    ) as [FakeSource, FakeSource, FakeSource, FakeSource];
    dead.mode = 'dead';
    hanging.mode = 'hanging';
    lagging.lag = 20;
    world.mine(40);
    const follower = await open(store, [dead, hanging, lagging, good]);
    follower.start();
    await until(() => follower.status().height === world.tip.height);
    world.fork(10, 15);
    await until(() => follower.status().height === world.tip.height);
    await until(() =>
      follower
        .status()
        .sources.slice(0, 2)
        .every((source) => source.failures > 0),
    );
    const status = follower.status();
    await follower.stop();
    await expectFollowed(store, chain, world);
    expect(status.healthy).toBe(true);
    expect(status.lag).toBe(0);
    expect(status.sources.map((source) => source.healthy)).toEqual([false, false, true, true]);
    expect(status.sources[0]?.lastError).toContain('connection refused');
    expect(status.sources[1]?.lastError).toContain('took longer');
  });

  test('a source that lies about headers is found out and kept as evidence', async () => {
    const store = new MemoryStore();
    const world = new FakeChain();
    world.mine(30);
    const liars = ['flawed', 'unlinked', 'claims', 'foreign'].map((n) => new FakeSource(n, world, chain));
    const bad = fakeHeader(world.best[9], 77, { flaw: 1, work: 200 });
    liars[0]!.tamper = (run) =>
      run[0]!.height > 100 ? [...run.slice(0, -1), { ...bad, height: run.at(-1)!.height }] : run;
    liars[1]!.tamper = (run) => run.filter((_, i) => i !== 2);
    liars[2]!.claim = { height: 100_000, hash: bad.hash };
    liars[2]!.tamper = (run) => (run.length > 5 ? run : []);
    liars[3]!.tamper = (run) => run.map((h) => ({ ...h, hash: bad.hash, parentHash: bad.hash }));
    const follower = await open(store, [...liars, new FakeSource('good', world, chain)]);
    for (let i = 0; i < 6; i++) await follower.pollAll();
    await expectFollowed(store, chain, world);
    const evidence = await follower.evidence.list(chain, 100);
    for (const liar of ['unlinked', 'foreign', 'flawed'])
      expect(evidence.some((one) => one.source === liar)).toBe(true);
    expect(evidence.some((one) => one.source === 'good')).toBe(false);
  });
});

test('an invalid header is refused by its rule; the good ones before it stay', async () => {
  const store = new MemoryStore();
  const world = new FakeChain();
  world.mine(5);
  world.mine(1, { flaw: 1 });
  const follower = await open(store, [new FakeSource('a', world)]);
  await follower.pollAll();
  expect(follower.book.tip()?.height).toBe(105);
  const [evidence] = await follower.evidence.list('fake-work', 1);
  expect(evidence).toMatchObject({ kind: 'invalid-header', source: 'a', height: 106 });
  expect(follower.status()).toMatchObject({ healthy: false, height: 105 });
});

test('a header from the future is tried again, and no fault of the source', async () => {
  const store = new MemoryStore();
  const world = new FakeChain();
  world.mine(2);
  world.mine(1, { time: NOW + 8000 });
  let now = NOW;
  const follower = await open(store, [new FakeSource('a', world)], { now: () => now });
  await follower.pollAll();
  expect(follower.status()).toMatchObject({ healthy: true, height: 102 });
  now += 1000;
  await follower.pollAll();
  expect(follower.status()).toMatchObject({ healthy: true, height: 103 });
});

test('most work wins, not most headers; first seen on ties', async () => {
  const store = new MemoryStore();
  const long = new FakeChain();
  long.mine(10);
  const heavy = new FakeChain();
  heavy.fork(0, 5, { work: 3 });
  const tie = new FakeChain();
  tie.fork(0, 3, { work: 5 });
  const sources = [long, heavy, tie].map((world, i) => new FakeSource(`s${i}`, world));
  const follower = await open(store, sources);
  await follower.pollAll();
  await follower.pollAll();
  await expectFollowed(store, 'fake-work', heavy);
  long.mine(6);
  await follower.pollAll();
  await expectFollowed(store, 'fake-work', long);
});

test('without work, another source is compared with, never followed', async () => {
  const store = new MemoryStore();
  const ours = new FakeChain();
  ours.mine(10);
  const theirs = new FakeChain();
  theirs.fork(0, 10);
  const sources = [ours, theirs].map((world, i) => new FakeSource(`s${i}`, world, 'fake-attested'));
  const follower = await open(store, sources);
  await follower.pollAll();
  await follower.pollAll();
  await expectFollowed(store, 'fake-attested', ours);
  const evidence = await follower.evidence.list('fake-attested', 10);
  expect(evidence.map((one) => [one.kind, one.source])).toEqual([['disagreement', 's1']]);
  sources[0]!.mode = 'dead';
  await follower.pollAll();
  await follower.pollAll();
  await expectFollowed(store, 'fake-attested', theirs);
});

test('finalised blocks are never undone, unless the local network may', async () => {
  for (const finalityReversal of [false, true]) {
    const store = new MemoryStore();
    const world = new FakeChain();
    world.mine(20);
    world.finalizedHeight = 112;
    const source = new FakeSource('a', world, 'fake-attested');
    const follower = await open(store, [source], { finalityReversal });
    await follower.pollAll();
    expect(follower.book.finalized()?.height).toBe(112);
    const before = follower.book.tip();
    world.fork(15, 30);
    world.finalizedHeight = undefined;
    await follower.pollAll();
    const [evidence] = await follower.evidence.list('fake-attested', 1);
    if (finalityReversal) {
      await expectFollowed(store, 'fake-attested', world);
      expect(follower.book.finalized()?.height).toBe(105);
    } else {
      expect(follower.book.tip()).toEqual(before);
      expect(evidence).toMatchObject({ kind: 'finality-conflict', height: 105 });
    }
  }
});

test('a second follower takes the lease; the first one ends', async () => {
  const store = new MemoryStore();
  const world = new FakeChain();
  const log = new EmbeddedLog(store);
  const first = await open(store, [new FakeSource('a', world)], { log });
  await first.pollAll();
  const second = await open(store, [new FakeSource('b', world)], { log });
  world.mine(3);
  await first.pollAll();
  expect(first.status().ended).toBeInstanceOf(LeaseLostError);
  await second.pollAll();
  await expectFollowed(store, 'fake-work', world);
});

test('another checkpoint is refused, by the source and by the folder', async () => {
  const store = new MemoryStore();
  const world = new FakeChain();
  world.mine(3);
  const other = { ...fakeCheckpoint, hash: world.tip.hash };
  const wrong = await open(store, [new FakeSource('a', world)], { checkpoint: other });
  await wrong.pollAll();
  expect(wrong.status()).toMatchObject({ healthy: false, height: undefined });
  await (await open(store, [new FakeSource('a', world)])).pollAll();
  await expect(open(store, [new FakeSource('a', world)], { checkpoint: other })).rejects.toThrow(
    CheckpointMismatchError,
  );
});

test('a source that has not reached the checkpoint is only waited for', async () => {
  const world = new FakeChain();
  const source = new FakeSource('a', world);
  source.claim = { height: 50, hash: new Uint8Array(32) };
  const follower = await open(new MemoryStore(), [source]);
  await follower.pollAll();
  expect(follower.status()).toMatchObject({ healthy: true, height: undefined });
});

test('nothing is written after stop', async () => {
  const store = new MemoryStore();
  const world = new FakeChain();
  const source = new FakeSource('a', world);
  const errors: unknown[] = [];
  const follower = await open(store, [source], { onError: (error) => errors.push(error) });
  await follower.pollAll();
  await follower.stop();
  world.mine(3);
  await follower.pollAll();
  expect(follower.book.tip()?.height).toBe(100);
  expect(errors.filter((error) => !(error instanceof SourceUnavailableError))).toEqual([]);
});

test('changes are told', async () => {
  const world = new FakeChain();
  const follower = await open(new MemoryStore(), [new FakeSource('a', world)]);
  let told = 0;
  const end = follower.onChange(() => told++);
  await follower.pollAll();
  await follower.pollAll();
  expect(told).toBe(1);
  world.mine(1);
  await follower.pollAll();
  expect(told).toBe(2);
  end();
  world.mine(1);
  await follower.pollAll();
  expect(told).toBe(2);
});

async function until(done: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!done()) {
    if (Date.now() > end) throw new Error('took too long');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
