import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchClock } from './clock.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched(...skews: (number | undefined)[]) {
  const sources = skews.map((clockSkew, i) => ({ chain: 'made-up', name: `source ${i}`, clockSkew }));
  const registry = new Registry();
  const said: string[] = [];
  const log = { warn: (_: unknown, text: string) => void said.push(text) };
  const end = watchClock(sources, registry, log, 1000);
  return { sources, registry, said, end };
}

test('a wrong clock is told of once, and again after it was right', async () => {
  const { sources, said, end } = watched(0);
  const source = sources[0] as { clockSkew: number };
  for (const skew of [0, 2.5, 4, 60, 60, 2, 4, 0, -10.04]) {
    source.clockSkew = skew;
    vi.advanceTimersByTime(1000);
  }
  await end();
  source.clockSkew = 0;
  vi.advanceTimersByTime(5000);
  const what = (how: string) =>
    `this machine's clock is ${how} its sources' clocks: let it be set from the network (NTP)`;
  expect(said).toEqual([what('4 s ahead of'), what('10 s behind')]);
});

test.each([
  [[60, 0], 0],
  [[60, 0, 0], 0],
  [[-60, undefined, undefined], 1],
  [[60, 61, 0], 1],
  [[undefined], 0],
  [[], 0],
])('sources that are %j off are told of %i times: half of them prove nothing', async (skews, times) => {
  const { said, end } = watched(...skews);
  vi.advanceTimersByTime(3000);
  await end();
  expect(said).toHaveLength(times);
});

test('shows each source that tells the time', async () => {
  const { registry, end } = watched(1.5, undefined, -2);
  await end();
  const text = await registry.metrics();
  expect(text).toContain('crossroot_clock_skew_seconds{chain="made-up",source="source 0"} 1.5');
  expect(text).toContain('crossroot_clock_skew_seconds{chain="made-up",source="source 2"} -2');
  expect(text).not.toContain('source 1');
});
