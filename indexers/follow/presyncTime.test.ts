import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryStore } from '../../storage/memory.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { expectFollowed, open } from '../../test/support/indexers/follow.js';
import { MAX_PRESYNC_MS } from './presyncTo.js';

describe('a branch of too little work that is read for long', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  /**
   * Our chain, and a source of another one that leaves at the first header.
   * @param pace what one of its answers takes, milliseconds
   */
  async function slow(headers: number, pace: (answer: number) => number) {
    const store = new MemoryStore();
    const world = new FakeChain();
    world.mine(200, { work: 4 });
    const other = new FakeChain();
    other.fork(0, headers);
    const source = new FakeSource('slow', other);
    const asked: number[] = [];
    const answer = source.headers;
    source.headers = (from, count) => {
      vi.advanceTimersByTime(pace(asked.length));
      asked.push(from);
      return answer(from, count);
    };
    const follower = await open(store, [new FakeSource('ours', world), source], {
      marginBlocks: 4,
      batch: 10,
    });
    // The first poll of the other source finds our chain longer in work: its own branch is weak from its fork on.
    await follower.pollAll();
    return { store, world, other, asked, follower, status: () => follower.status().sources[1]! };
  }

  it('ends after an hour as a failure that is no fault, and holds nobody up', async () => {
    const { store, world, other, asked, follower, status } = await slow(700, () => MAX_PRESYNC_MS / 20);
    expect(status()).toMatchObject({
      healthy: false,
      failures: 1,
      faults: 0,
      lastError: expect.stringContaining(`a branch of too little work took longer than ${MAX_PRESYNC_MS} ms`),
    });
    expect(asked.length).toBeLessThan(40);
    expect(await follower.evidence.list('fake-work', 10)).toEqual([]);
    expect(follower.book.find(other.best[1]!.hash)).toBeUndefined();
    world.mine(3, { work: 4 });
    await follower.pollAll();
    await expectFollowed(store, 'fake-work', world);
    expect(follower.status().sources[0]).toMatchObject({ healthy: true, score: 100 });
  });

  it('is begun anew at the next poll, and followed once it comes in time', async () => {
    let pace = MAX_PRESYNC_MS / 20;
    const { store, other, asked, follower, status } = await slow(1200, () => pace);
    expect(status().failures).toBe(1);
    const before = asked.length;
    pace = 1;
    await follower.pollAll();
    // From the fork on, not from where it was left off: in runs of ten, what had been read is read in both readings.
    const low = asked.slice(before).filter((from) => from > 100 && from <= 220);
    expect(low.length).toBeGreaterThanOrEqual(24);
    await expectFollowed(store, 'fake-work', other);
    expect(status()).toMatchObject({ healthy: true, failures: 0 });
  });

  it('has the hour for both readings together', async () => {
    // The first reading takes two thirds of the time (800 headers of work 1 against 200 of work 4), and so would the second one.
    const { world, other, store, asked, follower, status } = await slow(900, () => MAX_PRESYNC_MS / 120);
    expect(status()).toMatchObject({
      failures: 1,
      faults: 0,
      lastError: expect.stringContaining('took longer'),
    });
    expect(asked.length).toBeGreaterThan(115);
    expect(asked.length).toBeLessThan(135);
    // What was released of it is too weak to be followed.
    expect(follower.book.find(other.best.at(-1)!.hash)).toBeUndefined();
    await expectFollowed(store, 'fake-work', world);
  });

  it('in time: one that takes nearly the hour is followed', async () => {
    const { store, other, status } = await slow(900, () => MAX_PRESYNC_MS / 240);
    expect(status()).toMatchObject({ healthy: true, failures: 0 });
    await expectFollowed(store, 'fake-work', other);
  });
});
