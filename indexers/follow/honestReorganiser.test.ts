import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../storage/memory.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { expectFollowed, open } from '../../test/support/indexers/follow.js';

/** A source whose chain changes right before its `n`th answer to `headers`. */
function changingBefore(source: FakeSource, n: number, change: () => void): void {
  const headers = source.headers;
  let calls = 0;
  source.headers = async (from, count) => {
    if (++calls === n) change();
    return headers(from, count);
  };
}

describe.each(['fake-work', 'fake-attested'])('a source of %s that reorganises while it is read', (chain) => {
  test.each([1, 2, 3])('before call %i is not blamed, and is followed afterwards', async (n) => {
    const store = new MemoryStore();
    const world = new FakeChain();
    world.mine(30);
    const source = new FakeSource('honest', world, chain);
    const errors: unknown[] = [];
    const follower = await open(store, [source], { onError: (error) => errors.push(error) });
    // Fewer blocks of more work, so that its height falls below what is asked next.
    changingBefore(source, n, () => world.fork(29, 1, { work: 250 }));
    await follower.pollAll();
    await follower.pollAll();
    await follower.pollAll();
    await expectFollowed(store, chain, world);
    expect(await follower.evidence.list(chain, 10)).toEqual([]);
    expect(follower.status().sources[0]).toMatchObject({ healthy: true, faults: 0 });
    for (const error of errors)
      expect(error).toMatchObject({
        name: 'SourceUnavailableError',
        message: 'honest: changed its best chain while it was read',
      });
  });

  test('and falls below the checkpoint for a moment is not blamed', async () => {
    const store = new MemoryStore();
    const world = new FakeChain();
    const source = new FakeSource('honest', world, chain);
    const headers = source.headers;
    let calls = 0;
    source.headers = async (from, count) => {
      if (++calls > 1) return headers(from, count);
      source.claim = { height: 5, hash: world.best[0]!.parentHash };
      return [];
    };
    const follower = await open(store, [source]);
    await follower.pollAll();
    expect(follower.status().sources[0]).toMatchObject({ healthy: false, faults: 0 });
    source.claim = undefined;
    await follower.pollAll();
    await follower.pollAll();
    await expectFollowed(store, chain, world);
    expect(await follower.evidence.list(chain, 10)).toEqual([]);
  });

  test('has the header when asked again: goes on', async () => {
    const store = new MemoryStore();
    const world = new FakeChain();
    world.mine(30);
    const source = new FakeSource('slow', world, chain);
    const headers = source.headers;
    let calls = 0;
    source.headers = async (from, count) => (++calls === 3 ? [] : headers(from, count));
    const follower = await open(store, [source]);
    await follower.pollAll();
    await expectFollowed(store, chain, world);
    expect(follower.status().sources[0]).toMatchObject({ healthy: true, errors: 0, faults: 0 });
  });
});

describe.each(['fake-work', 'fake-attested'])('a source of %s that withholds headers', (chain) => {
  test('of the tip that it goes on naming is blamed, with evidence', async () => {
    const store = new MemoryStore();
    const world = new FakeChain();
    world.mine(30);
    const liar = new FakeSource('liar', world, chain);
    liar.tamper = (run) => run.filter((header) => header.height < 115);
    const follower = await open(store, [liar, new FakeSource('honest', world, chain)]);
    await follower.pollAll();
    await follower.pollAll();
    await expectFollowed(store, chain, world);
    const evidence = await follower.evidence.list(chain, 10);
    expect(evidence.length).toBeGreaterThan(0);
    for (const one of evidence)
      expect(one).toMatchObject({ kind: 'source-fault', source: 'liar', height: 115 });
    expect(evidence[0]?.message).toMatch(/names 130 as its tip, but has no header 115/);
  });

  test('and names another tip each time is never healthy, and not followed', async () => {
    const store = new MemoryStore();
    const world = new FakeChain();
    world.mine(30);
    const liar = new FakeSource('liar', world, chain);
    liar.tamper = (run) => run.filter((header) => header.height < 115);
    let tips = 0;
    liar.tip = async () => ({ height: 130, hash: new Uint8Array(32).fill(++tips) });
    const follower = await open(store, [liar, new FakeSource('honest', world, chain)]);
    await follower.pollAll();
    expect(follower.status().sources[0]).toMatchObject({ healthy: false, faults: 0 });
    await follower.pollAll();
    await expectFollowed(store, chain, world);
    expect(follower.status().sources[0]).toMatchObject({ faults: 0 });
    expect(await follower.evidence.list(chain, 10)).toEqual([]);
  });
});
