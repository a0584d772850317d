import { expect, test } from 'vitest';
import { ClockSkew } from './clock.js';

const T = 1_700_000_000_000;

test.each([
  ['the same', T, T + 100, 0],
  ['the same, within a slow answer', T - 4000, T + 9000, 0],
  ['the same, within what is rounded down', T + 900, T + 950, 0],
  ['ahead', T + 61_000, T + 62_000, 60],
  ['behind', T - 61_000, T - 60_000, -60],
])('a clock that is %s', (_, sent, received, seconds) => {
  const clock = new ClockSkew();
  expect(clock.seconds).toBeUndefined();
  clock.observe(T, 1000, sent, received);
  expect(clock.seconds).toBe(seconds);
});

test('one answer in five, or one that is no time, changes nothing', () => {
  const clock = new ClockSkew();
  for (let i = 0; i < 3; i++) clock.observe(T, 1000, T, T);
  clock.observe(0, 1000, T, T);
  clock.observe(2 * T, 1000, T, T);
  clock.observe(Number.NaN, 1000, T, T);
  expect(clock.seconds).toBe(0);
});

test('the date of an HTTP answer is taken, unless a cache kept it', () => {
  const clock = new ClockSkew();
  const date = new Date(T).toUTCString();
  clock.observeHttp(new Headers({ date, age: '60' }), T + 60_000, T + 60_000);
  clock.observeHttp(new Headers({ date: 'yesterday' }), T, T);
  clock.observeHttp(new Headers(), T, T);
  expect(clock.seconds).toBeUndefined();
  clock.observeHttp(new Headers({ date }), T + 62_000, T + 62_100);
  expect(clock.seconds).toBe(60);
});
