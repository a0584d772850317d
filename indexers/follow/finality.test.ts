import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../storage/memory.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { expectFollowed, open } from '../../test/support/indexers/follow.js';

const CHAIN = 'fake-attested';

/** A source that calls blocks of `world` final and safe up to these heights. */
function source(name: string, world: FakeChain, finalized?: number, safe = finalized) {
  const at = (height: number | undefined) =>
    height === undefined ? undefined : world.best[Math.min(height, world.tip.height) - 100];
  const claims = { finalized, safe };
  const made = Object.assign(new FakeSource(name, world, CHAIN), {
    claims,
    finalized: async () => at(claims.finalized),
    safe: async () => at(claims.safe),
  });
  return made;
}

async function follow(...sources: ReturnType<typeof source>[]) {
  const store = new MemoryStore();
  const follower = await open(store, sources);
  await follower.pollAll();
  await follower.pollAll();
  return { store, follower };
}

describe('what is final', () => {
  test.each<[string, (number | undefined)[], number | undefined]>([
    ['one source alone decides', [115], 115],
    ['two: the lower one', [118, 110], 110],
    ['two, the other way round', [110, 118], 110],
    ['three: what two say', [120, 111, 110], 111],
    ['three, the first one behind', [105, 112, 113], 105],
    ['four: what three say', [120, 119, 112, 111], 112],
    ['one that knows nothing final has no say', [115, undefined], 115],
    ['the one that decides knows nothing final', [undefined, 115], undefined],
  ])('%s', async (_, heights, expected) => {
    const world = new FakeChain();
    world.mine(20);
    const { follower } = await follow(...heights.map((height, i) => source(`s${i}`, world, height)));
    expect(follower.status().finalizedHeight).toBe(expected);
    expect(follower.safe()?.height).toBe(expected);
  });

  test('is not what a lying first source calls so: a reorganisation is followed', async () => {
    const world = new FakeChain();
    world.mine(20);
    const [liar, a, b] = [source('liar', world, 120), source('a', world, 112), source('b', world, 112)];
    const { store, follower } = await follow(liar!, a!, b!);
    expect(follower.status().finalizedHeight).toBe(112);
    world.fork(5, 8);
    await follower.pollAll();
    await expectFollowed(store, CHAIN, world);
    expect(await follower.evidence.list(CHAIN, 5)).toEqual([]);
  });

  test('waits until all were asked, and not for those that fail', async () => {
    const world = new FakeChain();
    world.mine(20);
    const store = new MemoryStore();
    const [first, second] = [source('first', world, 118), source('second', world, 110)];
    const follower = await open(store, [first, second]);
    await follower.pollAll();
    expect(follower.status().finalizedHeight).toBeUndefined();
    second.mode = 'dead';
    second.tip = () => Promise.reject(new Error('down'));
    await follower.pollAll();
    await follower.pollAll();
    expect(follower.status().finalizedHeight).toBe(118);
  });

  test('a source on another branch does not agree, and one that is ahead of us says nothing', async () => {
    const world = new FakeChain();
    world.mine(20);
    const other = new FakeChain();
    other.fork(0, 20);
    const apart = await follow(source('first', world, 115), source('other', other, 113));
    expect(apart.follower.status().finalizedHeight).toBeUndefined();
    const ahead = new FakeChain();
    ahead.best = [...world.best];
    ahead.mine(3);
    const further = await follow(source('first', world, 115), source('ahead', ahead, 122));
    expect(further.follower.status().finalizedHeight).toBe(115);
  });
});
