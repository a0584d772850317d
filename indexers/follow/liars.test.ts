import { describe, expect, test } from 'vitest';
import { verifyBranches } from '../../adapters/chain/branches.js';
import { SourceFaultError } from '../../adapters/errors.js';
import { MemoryStore } from '../../storage/memory.js';
import { fakeHeader, fakeKind } from '../../test/support/indexers/fakeKind.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { expectFollowed, NOW, open } from '../../test/support/indexers/follow.js';
import { DISAGREEMENT_SECONDS } from './judge.js';
import { healthScore } from './sourceMonitor.js';

/** What a source does, and how it must show: as evidence of a kind, or in its health. */
const liars: readonly {
  readonly name: string;
  readonly set: (source: FakeSource, world: FakeChain) => void;
  readonly evidence?: string;
  readonly health: Record<string, unknown>;
}[] = [
  {
    name: 'bad proof of work',
    set: (s) => {
      s.tamper = (run) =>
        run.map((h) => ({
          ...fakeHeader(undefined, 1, { flaw: 1 }),
          height: h.height,
          parentHash: h.parentHash,
        }));
    },
    evidence: 'source-fault',
    health: {},
  },
  {
    name: 'a flawed header on top of the tip',
    set: (s, world) => {
      const bad = fakeHeader(world.tip, 5, { flaw: 1, work: 200 });
      s.claim = bad;
      s.headers = async (from, count) => [...world.best, bad].slice(from - 100, from - 100 + count);
    },
    evidence: 'invalid-header',
    health: {},
  },
  {
    name: 'wrong network',
    set: (s) => {
      s.check = async () => {
        throw new SourceFaultError(s.name, 'is of another network');
      };
    },
    evidence: 'source-fault',
    health: {},
  },
  {
    name: 'withheld tip',
    set: (s) => {
      s.lag = 20;
    },
    health: { healthy: true, behind: true, faults: 0 },
  },
  {
    name: 'truncated run',
    set: (s) => {
      s.claim = { height: 5000, hash: new Uint8Array(32).fill(9) };
      s.tamper = () => [];
    },
    evidence: 'source-fault',
    health: {},
  },
  {
    name: 'unlinked run',
    set: (s) => {
      s.tamper = (run) => run.filter((_, i) => i !== 1);
    },
    evidence: 'source-fault',
    health: {},
  },
  {
    name: 'more headers than asked for',
    set: (s, world) => {
      s.headers = async (from) => world.best.slice(from - 100);
    },
    evidence: 'source-fault',
    health: {},
  },
  {
    name: 'shifted heights',
    set: (s) => {
      s.tamper = (run) => run.map((h) => ({ ...h, height: h.height + 1 }));
    },
    evidence: 'source-fault',
    health: {},
  },
  {
    name: 'a tip that cannot be',
    set: (s) => {
      s.claim = { height: Number.NaN, hash: new Uint8Array(32) };
    },
    evidence: 'source-fault',
    health: {},
  },
  {
    name: 'throwing',
    set: (s) => {
      s.mode = 'dead';
    },
    health: { healthy: false, faults: 0 },
  },
  {
    name: 'hanging',
    set: (s) => {
      s.mode = 'hanging';
    },
    health: { healthy: false, faults: 0 },
  },
];

describe('a source that lies', () => {
  test.each(liars)('$name: is named, scored down and survived', async ({ set, evidence, health }) => {
    const store = new MemoryStore();
    const world = new FakeChain();
    world.mine(30);
    const liar = new FakeSource('liar', world);
    const follower = await open(store, [liar, new FakeSource('honest', world)]);
    set(liar, world);
    await follower.pollAll();
    await follower.pollAll();
    await expectFollowed(store, 'fake-work', world);
    const [bad, good] = follower.status().sources;
    expect(bad).toMatchObject(health);
    // Each good poll forgives a hundredth of a fault.
    expect(bad!.faults > 0.9).toBe(evidence !== undefined);
    expect(good).toMatchObject({ healthy: true, behind: false, faults: 0, score: 100 });
    expect(bad!.score).toBeLessThan(good!.score);
    const records = await follower.evidence.list('fake-work', 10);
    expect(records.every((one) => one.source === 'liar')).toBe(true);
    expect(records.map((one) => one.kind)).toEqual(
      evidence === undefined ? [] : expect.arrayContaining([evidence]),
    );
  });

  test('one that stays on a branch that others contradict is recorded, and no fault', async () => {
    const world = new FakeChain();
    world.mine(30);
    const other = new FakeChain();
    other.fork(0, 12);
    const sources = [new FakeSource('honest', world), new FakeSource('other', other)];
    const store = new MemoryStore();
    let now = NOW;
    const follower = await open(store, sources, { now: () => now });
    await follower.pollAll();
    await follower.pollAll();
    await expectFollowed(store, 'fake-work', world);
    now += DISAGREEMENT_SECONDS - 1;
    await follower.pollAll();
    expect(await follower.evidence.list('fake-work', 10)).toEqual([]);
    // Back on the best branch for a moment, as during a reorganisation: the time begins anew.
    sources[1] = Object.assign(sources[1]!, { claim: world.tip });
    await follower.pollAll();
    sources[1] = Object.assign(sources[1]!, { claim: undefined });
    now += 1;
    await follower.pollAll();
    expect(await follower.evidence.list('fake-work', 10)).toEqual([]);
    now += DISAGREEMENT_SECONDS;
    await follower.pollAll();
    const records = await follower.evidence.list('fake-work', 10);
    expect(records).toMatchObject([{ kind: 'disagreement', source: 'other', height: 112 }]);
    expect(follower.status().sources[1]).toMatchObject({ healthy: true, behind: true, faults: 0, score: 80 });
  });

  test('scores: faults weigh more than failures, failures more than latency', () => {
    const good = { faults: 0, failures: 0, behind: false, latencyMs: 0 };
    expect(healthScore(good)).toBe(100);
    expect(healthScore({ ...good, latencyMs: 3000 })).toBe(97);
    expect(healthScore({ ...good, failures: 1 })).toBe(90);
    expect(healthScore({ ...good, behind: true })).toBe(80);
    expect(healthScore({ ...good, faults: 1 })).toBe(60);
    expect(healthScore({ faults: 9, failures: 99, behind: true, latencyMs: 1e9 })).toBe(0);
  });
});

describe('a branch of too little work', () => {
  const small = { marginBlocks: 4, batch: 300 };

  test('is never stored, and ends as a fault at the limit', async () => {
    const store = new MemoryStore();
    const world = new FakeChain();
    world.mine(60, { work: 200 });
    const flood = new FakeChain();
    flood.fork(0, 6000);
    const source = new FakeSource('flood', flood);
    const follower = await open(store, [new FakeSource('honest', world), source], {
      ...small,
      maxPresyncHeaders: 5000,
    });
    await follower.pollAll();
    await follower.pollAll();
    await expectFollowed(store, 'fake-work', world);
    expect(follower.book.find(flood.best[1]!.hash)).toBeUndefined();
    const records = await follower.evidence.list('fake-work', 5);
    expect(records.some((one) => one.source === 'flood' && one.message.includes('5000 headers'))).toBe(true);
    expect(follower.status().sources[1]!.faults).toBeGreaterThan(0);
  });

  test('is read once while it is too weak, and followed when it is best: a deep reorganisation', async () => {
    const store = new MemoryStore();
    const world = new FakeChain();
    world.mine(2000, { work: 2 });
    const other = new FakeChain();
    other.fork(0, 1500);
    const source = new FakeSource('other', other);
    const follower = await open(store, [new FakeSource('ours', world), source], small);
    await follower.pollAll();
    await follower.pollAll();
    const calls = source.calls;
    await follower.pollAll();
    // Network check aside: tip and finalised block.
    expect(source.calls - calls).toBeLessThanOrEqual(3);
    expect(follower.book.find(other.best[1]!.hash)).toBeUndefined();
    expect(follower.status().sources[1]).toMatchObject({ healthy: true, behind: true, faults: 0 });
    other.mine(3000);
    await follower.pollAll();
    await expectFollowed(store, 'fake-work', other);
  });

  test('that is another one the second time is caught and named', async () => {
    const store = new MemoryStore();
    const world = new FakeChain();
    world.mine(1000, { work: 2 });
    const strong = new FakeChain();
    strong.fork(0, 2500);
    const weak = new FakeChain();
    weak.fork(0, 0);
    weak.fork(0, 2500);
    const source = new FakeSource('bait', strong);
    let seen = 0;
    source.headers = async (from, count) => {
      const chain = seen > 0 && from < 1500 ? weak : strong;
      if (from > 1800) seen++;
      return chain.best.slice(from - 100, from - 100 + count);
    };
    const follower = await open(store, [new FakeSource('ours', world), source], small);
    await follower.pollAll();
    await expectFollowed(store, 'fake-work', world);
    const records = await follower.evidence.list('fake-work', 5);
    expect(records.some((one) => one.source === 'bait' && one.message.includes('second time'))).toBe(true);
  });
});

test('a branch deeper than can be followed is kept as evidence that checks offline', async () => {
  const store = new MemoryStore();
  const world = new FakeChain();
  world.mine(200);
  const other = new FakeChain();
  other.fork(0, 0);
  other.mine(30);
  world.best.splice(0, 1, other.best[0]!);
  const theirs = new FakeChain();
  theirs.best = world.best.slice(0, 51);
  theirs.fork(0, 400);
  const follower = await open(store, [new FakeSource('ours', world), new FakeSource('deep', theirs)], {
    keep: 60,
    batch: 50,
  });
  await follower.pollAll();
  await follower.pollAll();
  await expectFollowed(store, 'fake-work', world);
  const list = await follower.evidence.list('fake-work', 10);
  const number = list.find((one) => one.branches === true)?.number ?? 0;
  const found = follower.evidence.get('fake-work', number);
  expect(found?.evidence).toMatchObject({ kind: 'source-fault', source: 'deep', height: 150 });
  expect(found?.branches?.forkHeight).toBe(150);
  expect(verifyBranches(fakeKind, found!.branches!, NOW)).toMatchObject({
    ours: { work: 150n, headers: 150 },
    theirs: { work: 400n, headers: 400 },
  });
  expect(follower.evidence.get('fake-work', 999)).toBeUndefined();
});

test('a deep branch that breaks a rule is named by that, and displaces no evidence of two branches', async () => {
  const store = new MemoryStore();
  const world = new FakeChain();
  world.mine(200);
  const theirs = new FakeChain();
  theirs.best = world.best.slice(0, 51);
  theirs.fork(0, 100);
  theirs.mine(1, { flaw: 1 });
  theirs.mine(300);
  const follower = await open(store, [new FakeSource('ours', world), new FakeSource('deep', theirs)], {
    keep: 60,
    batch: 50,
  });
  await follower.pollAll();
  await follower.pollAll();
  await expectFollowed(store, 'fake-work', world);
  const list = await follower.evidence.list('fake-work', 10);
  expect(list.filter((one) => one.branches === true)).toEqual([]);
  expect(list.find((one) => one.kind === 'invalid-header')).toMatchObject({
    source: 'deep',
    height: 251,
    message: expect.stringMatching(/^flawed/),
  });
});
