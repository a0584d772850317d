import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { MemoryStore } from '../../storage/memory.js';
import { fakeGenesis, fakeHeader } from '../../test/support/indexers/fakeKind.js';
import { EmbeddedLog } from '../log/embedded.js';
import { eventOf } from '../log/event.js';
import { SeenTimes, writtenAt } from './lag.js';

const NOW = 1_700_000_000_000;
afterEach(() => vi.useRealTimers());

test('the time of each event is that of its append, however far back', async () => {
  vi.useFakeTimers({ now: NOW });
  const log = new EmbeddedLog(new MemoryStore());
  const lease = await log.acquire('a');
  const times: number[] = [];
  let header = fakeGenesis;
  for (const [later, count] of [
    [0, 3],
    [1, 1],
    [90_000_000, 2],
    [0, 2],
    [7, 1],
    [5000, 4],
  ] as const) {
    vi.setSystemTime(Date.now() + later);
    const events = Array.from({ length: count }, () => {
      const event = eventOf('connect', header);
      header = fakeHeader(header, 1);
      return event;
    });
    await log.append(lease, times.length + 1, events);
    times.push(...events.map(() => Date.now()));
  }
  const now = Date.now() + 60_000;
  for (const [i, time] of times.entries()) expect(await writtenAt(log, 'a', i + 1, now)).toBe(time);
  // A clock that was set back.
  expect(await writtenAt(log, 'a', times.length, NOW)).toBe(NOW);
});

test('a log without times says nothing', async () => {
  expect(await writtenAt({ numberAt: async () => 9 }, 'a', 8, NOW)).toBeUndefined();
});

test('a record that is not done is as old as the first look that saw it', () => {
  const looks = fc.array(fc.record({ later: fc.nat(9000), more: fc.nat(3), done: fc.nat(4) }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(looks, (steps) => {
      const times = new SeenTimes();
      const firstSeen: number[] = [];
      let [now, done] = [NOW, 0];
      for (const step of steps) {
        now += step.later;
        for (let i = 0; i < step.more; i++) firstSeen.push(now);
        done = Math.min(firstSeen.length, done + step.done);
        const oldest = firstSeen[done];
        expect(times.look(now, done, firstSeen.length)).toBe(
          oldest === undefined ? 0 : (now - oldest) / 1000,
        );
      }
    }),
  );
});

test('memory is bounded, and a stream that begins anew has no old records', () => {
  const times = new SeenTimes();
  for (let i = 1; i <= 5000; i++) times.look(NOW + i * 1000, 0, i);
  expect(times.look(NOW + 5_001_000, 0, 5000)).toBe(5000);
  expect(times.look(NOW + 5_002_000, 0, 3)).toBeLessThanOrEqual(5001);
  expect(times.look(NOW + 5_003_000, 3, 3)).toBe(0);
});
