import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryStore } from '../../storage/memory.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { open } from '../../test/support/indexers/follow.js';

const MINUTE = 60_000;

describe('a source that names one old tip', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  /** A source one block behind another one; `behind` and score of both after a poll. */
  async function trailing(lag = 1) {
    const world = new FakeChain();
    world.mine(30);
    const slow = new FakeSource('slow', world);
    slow.lag = lag;
    const sources = [slow, new FakeSource('good', world)];
    const follower = await open(new MemoryStore(), sources);
    const poll = async () => {
      await follower.pollAll();
      return follower.status().sources.map(({ behind, score }) => [behind, score]);
    };
    await poll();
    return { world, slow, follower, poll };
  }
  const fine = [false, 100];
  const behind = [true, 80];

  it('while others have a better one is behind after half an hour, and no fault', async () => {
    const { follower, poll } = await trailing();
    expect(await poll()).toEqual([fine, fine]);
    vi.advanceTimersByTime(30 * MINUTE);
    expect(await poll()).toEqual([fine, fine]);
    vi.advanceTimersByTime(1000);
    expect(await poll()).toEqual([behind, fine]);
    expect(follower.status().sources[0]).toMatchObject({ healthy: true, faults: 0, failures: 0, errors: 0 });
    expect(await follower.evidence.list('fake-work', 10)).toEqual([]);
  });

  it('is no longer behind once it moves on, however late', async () => {
    const { world, slow, poll } = await trailing();
    vi.advanceTimersByTime(31 * MINUTE);
    expect(await poll()).toEqual([behind, fine]);
    // One block behind still, with a newer tip: the half hour begins anew.
    world.mine(1);
    expect(await poll()).toEqual([fine, fine]);
    vi.advanceTimersByTime(29 * MINUTE);
    expect(await poll()).toEqual([fine, fine]);
    vi.advanceTimersByTime(2 * MINUTE);
    expect(await poll()).toEqual([behind, fine]);
    slow.lag = 0;
    expect(await poll()).toEqual([fine, fine]);
  });

  it('counts the time while it does not answer', async () => {
    const { slow, follower, poll } = await trailing();
    slow.mode = 'dead';
    vi.advanceTimersByTime(31 * MINUTE);
    await poll();
    expect(follower.status().sources[0]).toMatchObject({ healthy: false, behind: false, errors: 1 });
    slow.mode = 'good';
    expect(await poll()).toEqual([behind, fine]);
  });

  it('is not behind while nobody has a better one, be it for days', async () => {
    const { world, poll } = await trailing(0);
    vi.advanceTimersByTime(48 * 60 * MINUTE);
    expect(await poll()).toEqual([fine, fine]);
    // A block comes, and both have it.
    world.mine(1);
    expect(await poll()).toEqual([fine, fine]);
  });

  it('on a branch of its own of equal work is not behind, of less it is', async () => {
    const world = new FakeChain();
    world.mine(10);
    const other = new FakeChain();
    other.fork(0, 10);
    const sources = [new FakeSource('ours', world), new FakeSource('theirs', other)];
    const follower = await open(new MemoryStore(), sources);
    const states = () => follower.status().sources.map((source) => source.behind);
    await follower.pollAll();
    await follower.pollAll();
    vi.advanceTimersByTime(31 * MINUTE);
    await follower.pollAll();
    expect(states()).toEqual([false, false]);
    world.mine(1);
    await follower.pollAll();
    expect(states()).toEqual([false, true]);
  });
});
