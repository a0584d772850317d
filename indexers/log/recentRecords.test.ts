import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesEqual } from '../../proofs/bytes.js';
import { MemoryStore } from '../../storage/memory.js';
import { planned } from '../../test/support/kafka/plan.js';
import { EmbeddedLog } from './embedded.js';
import { RecentRecords } from './recentRecords.js';

const record = (chain: string, number: number): Uint8Array =>
  new TextEncoder().encode(`${chain} ${number}`.padEnd(20 + (number % 7)));

test('what is kept is what was added, in order, never more than the limit', () => {
  const runs = fc.array(
    fc.record({ chain: fc.constantFrom('a', 'b', 'c'), count: fc.integer({ min: 1, max: 60 }) }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(runs, fc.integer({ min: 500, max: 5000 }), (added, limit) => {
      const recent = new RecentRecords(limit);
      const heads = new Map<string, number>();
      for (const { chain, count } of added) {
        const first = (heads.get(chain) ?? 0) + 1;
        recent.add(
          chain,
          first,
          Array.from({ length: count }, (_, i) => record(chain, first + i)),
        );
        heads.set(chain, first + count - 1);
        expect(recent.bytes).toBeLessThanOrEqual(limit);
      }
      for (const [chain, head] of heads)
        for (let number = 1; number <= head + 1; number++) {
          const found = recent.from(chain, number, 5);
          const right = found.every((each, i) => bytesEqual(each, record(chain, number + i)));
          if (!right || found.length > Math.min(5, head - number + 1))
            throw new Error(`wrong from ${number}`);
        }
    }),
  );
});

test('the newest run is kept, a short or a huge one is not', () => {
  const recent = new RecentRecords(2000);
  const run = (first: number, count: number) =>
    Array.from({ length: count }, (_, i) => record('a', first + i));
  recent.add('a', 1, run(1, 40));
  recent.add('a', 41, run(41, 3));
  recent.add('a', 44, run(44, 40));
  expect(recent.from('a', 40, 9)).toEqual(run(40, 1));
  expect([recent.from('a', 41, 9), recent.from('a', 43, 9)]).toEqual([[], []]);
  expect(recent.from('a', 80, 9)).toEqual(run(80, 4));
  recent.add('a', 84, run(84, 100));
  expect(recent.from('a', 84, 9)).toEqual([]);
  expect(recent.from('a', 80, 9)).toEqual(run(80, 4));
});

test('events are read alike from memory and from the store, and never without the store', async () => {
  const plan = planned(200);
  const store = new MemoryStore();
  const log = new EmbeddedLog(store);
  const lease = await log.acquire('a');
  for (const [from, to] of [
    [0, 50],
    [50, 60],
    [60, 140],
    [140, 141],
    [141, 200],
  ] as const)
    await log.append(lease, from + 1, plan.slice(from, to));
  const fresh = new EmbeddedLog(store);
  for (const [from, limit] of [
    [1, 500],
    [49, 15],
    [55, 3],
    [100, 60],
    [199, 9],
    [201, 9],
  ] as const)
    expect(await log.read('a', from, limit)).toEqual(await fresh.read('a', from, limit));
  // What never became durable is not shown.
  store.batch = async () => Promise.reject(new Error('full'));
  await expect(log.append(lease, 201, planned(20))).rejects.toThrow('full');
  expect(await log.read('a', 201, 10)).toEqual([]);
});
