import { expect, test, vi } from 'vitest';
import { IndexedWorld } from '../../test/support/indexers/indexedWorld.js';
import { LogConsumer } from './consumer.js';

const WAIT = { timeout: 90_000, interval: 5 };

test('events that come while the last full batch is written are not waited for', async () => {
  const world = new IndexedWorld();
  await world.connect(10);
  const seen: number[] = [];
  let done = 0;
  const consumer = new LogConsumer({
    ...{ log: world.log, chain: world.chain, name: 'a', batch: 5 },
    survived: async () => done,
    handle: async (events) => {
      // The next ones have been read ahead by then: there were none.
      if (events[0]?.number === 6) await world.connect(1);
      seen.push(...events.map(({ number }) => number));
      done = seen.at(-1) ?? 0;
      return [];
    },
  });
  // The time after which it looks without a notice never comes.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    consumer.start();
    await expect.poll(() => seen, WAIT).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    await consumer.stop();
  } finally {
    vi.useRealTimers();
  }
});

test('an effect that was lost is made again, whatever was read ahead', async () => {
  const world = new IndexedWorld();
  await world.connect(30);
  const seen: number[] = [];
  let [done, lost] = [0, false];
  const consumer = new LogConsumer({
    ...{ log: world.log, chain: world.chain, name: 'a', batch: 5 },
    survived: async () => done,
    handle: async (events) => {
      seen.push(...events.map(({ number }) => number));
      done = seen.at(-1) ?? 0;
      if (done === 15 && !lost) [done, lost] = [3, true];
      return [];
    },
  });
  await consumer.drain();
  const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  expect(seen).toEqual([...upTo(1, 15), ...upTo(4, 30)]);
});

test('at the end of the log events gather, but a whole batch is not let wait', async () => {
  const world = new IndexedWorld();
  await world.connect(3);
  const steps: number[] = [];
  const times: number[] = [];
  const consumer = new LogConsumer({
    ...{ log: world.log, chain: world.chain, name: 'a', batch: 8, gatherMs: 400 },
    handle: async (events) => {
      steps.push(events.length);
      times.push(performance.now());
      // One comes at once and waits for others, of which one comes soon.
      if (steps.length === 1) {
        await world.connect(1);
        setTimeout(() => void world.connect(1), 20);
      }
      return [];
    },
  });
  consumer.start();
  await expect.poll(() => steps, WAIT).toEqual([3, 2]);
  expect(times[1]! - times[0]!).toBeGreaterThan(350);
  await consumer.stop();
  const patient = new LogConsumer({
    ...{ log: world.log, chain: world.chain, name: 'b', batch: 8, gatherMs: 600_000 },
    handle: async (events) => {
      steps.push(events.length);
      return [];
    },
  });
  patient.start();
  await expect.poll(() => steps, WAIT).toEqual([3, 2, 5]);
  await world.connect(8);
  await expect.poll(() => steps, WAIT).toEqual([3, 2, 5, 8]);
  await patient.stop();
});
