import { afterEach, expect, test, vi } from 'vitest';
import { shared } from './shared.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

afterEach(() => void vi.useRealTimers());

test('many who ask at once, or soon after, cost one question', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  let asked = 0;
  const ask = shared(100, async () => {
    asked++;
    await pause(20);
    return asked;
  });
  expect(await Promise.all(Array.from({ length: 50 }, ask))).toEqual(Array(50).fill(1));
  vi.advanceTimersByTime(90);
  expect(await ask()).toBe(1);
  vi.advanceTimersByTime(20);
  expect(await ask()).toBe(2);
});

test('a failure is not kept', async () => {
  let asked = 0;
  const ask = shared(60_000, async () => {
    asked++;
    await pause(10);
    if (asked === 1) throw new RangeError('first');
    return asked;
  });
  const ends = await Promise.allSettled([ask(), ask()]);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await ask()).toBe(2);
});
