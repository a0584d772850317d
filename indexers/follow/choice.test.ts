import { expect, test } from 'vitest';
import { SourceUnavailableError } from '../../adapters/errors.js';
import { MemoryStore } from '../../storage/memory.js';
import { fakeCheckpoint } from '../../test/support/indexers/fakeKind.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { expectFollowed, NOW, open, replay } from '../../test/support/indexers/follow.js';
import { EmbeddedLog } from '../log/embedded.js';
import { LeaseLostError } from '../log/errors.js';
import { CheckpointMismatchError } from './errors.js';
import { DISAGREEMENT_SECONDS } from './judge.js';

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

test('of two sources with one name, only the one that lies is blamed', async () => {
  const store = new MemoryStore();
  const honest = new FakeChain();
  honest.mine(30);
  // The liar's headers wait for their parents, which the honest one brings.
  const world = new FakeChain();
  world.best = [...honest.best];
  world.mine(1, { flaw: 1 });
  const liar = new FakeSource('seeds', world);
  const follower = await open(store, [liar, new FakeSource('seeds', honest)], { batch: 2 });
  let polls = 0;
  const { headers } = liar;
  liar.headers = (from, count) => (polls++ > 0 && from < 125 ? headers(from, 0) : headers(from, count));
  await follower.pollAll();
  await follower.pollAll();
  const { height, sources } = follower.status();
  expect(height).toBe(130);
  expect(sources.map(({ name, healthy }) => [name, healthy])).toEqual([
    ['seeds', false],
    ['seeds (2)', true],
  ]);
  for (const { source } of await follower.evidence.list('fake-work', 9)) expect(source).toBe('seeds');
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
  let now = NOW;
  const follower = await open(store, sources, { now: () => now });
  await follower.pollAll();
  now += DISAGREEMENT_SECONDS - 1;
  await follower.pollAll();
  await expectFollowed(store, 'fake-attested', ours);
  // A reorganisation may be on its way to one of them.
  expect(await follower.evidence.list('fake-attested', 10)).toEqual([]);
  now += 1;
  await follower.pollAll();
  const evidence = await follower.evidence.list('fake-attested', 10);
  expect(evidence.map((one) => [one.kind, one.source])).toEqual([['disagreement', 's1']]);
  sources[0]!.mode = 'dead';
  await follower.pollAll();
  await follower.pollAll();
  await expectFollowed(store, 'fake-attested', theirs);
});

test('without work, a block final there and another final here is evidence at once', async () => {
  const store = new MemoryStore();
  const [ours, theirs] = [new FakeChain(), new FakeChain()];
  ours.mine(10);
  ours.finalizedHeight = 105;
  theirs.fork(0, 10);
  theirs.finalizedHeight = 105;
  const sources = [ours, theirs].map((world, i) => new FakeSource(`s${i}`, world, 'fake-attested'));
  const follower = await open(store, sources);
  await follower.pollAll();
  expect(await follower.evidence.list('fake-attested', 10)).toMatchObject([
    { kind: 'disagreement', source: 's1', height: 105, message: expect.stringMatching(/^finalised block/) },
  ]);
  // What is not final here yet may be on its way.
  theirs.finalizedHeight = 107;
  await follower.pollAll();
  expect(await follower.evidence.list('fake-attested', 10)).toHaveLength(1);
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

test('tells of the safe block while it is on the best chain', async () => {
  const store = new MemoryStore();
  const world = new FakeChain();
  world.mine(20);
  let safe: { height: number; hash: Uint8Array } | undefined = world.best[15]!;
  const source = Object.assign(new FakeSource('a', world, 'fake-attested'), { safe: async () => safe });
  const follower = await open(store, [source]);
  let changes = 0;
  const end = follower.onChange(() => changes++);
  await follower.pollAll();
  expect(follower.safe()?.height).toBe(115);
  changes = 0;
  await follower.pollAll();
  expect(changes).toBe(0);
  safe = world.best[18]!;
  await follower.pollAll();
  expect(changes).toBe(1);
  expect(follower.safe()?.height).toBe(118);
  // Undone, though the source goes on calling it safe.
  world.fork(5, 7);
  await follower.pollAll();
  expect(follower.safe()).toBeUndefined();
  safe = undefined;
  end();
  await follower.pollAll();
  expect(follower.safe()).toBeUndefined();
});

test('without work, a source that takes over and is only behind undoes nothing', async () => {
  const store = new MemoryStore();
  const world = new FakeChain();
  world.mine(20);
  const [first, second] = ['first', 'second'].map((name) => new FakeSource(name, world, 'fake-attested')) as [
    FakeSource,
    FakeSource,
  ];
  second.lag = 5;
  const follower = await open(store, [first, second]);
  await follower.pollAll();
  first.mode = 'dead';
  for (let i = 0; i < 3; i++) await follower.pollAll();
  await expectFollowed(store, 'fake-attested', world);
  expect((await replay(store, 'fake-attested')).number).toBe(21);
  // Once it is ahead it decides, and may take back what it gave itself.
  world.mine(8);
  await follower.pollAll();
  expect(follower.status().height).toBe(123);
  second.lag = 7;
  await follower.pollAll();
  expect(follower.status().height).toBe(121);
});
