import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../storage/memory.js';
import { CrashError, CrashStore } from '../../test/support/indexers/crashStore.js';
import { fakeHeader } from '../../test/support/indexers/fakeKind.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { expectFollowed, open, replay, until } from '../../test/support/indexers/follow.js';

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
