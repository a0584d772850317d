import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { pause } from './pause.js';

const HOUR = 3_600_000;

test('a pause ends by itself, at an abort, and at once after one, and leaves no listener', async () => {
  const stop = new AbortController();
  await pause(1, stop.signal);
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  const long = pause(HOUR, stop.signal);
  stop.abort();
  await long;
  await pause(HOUR, stop.signal);
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
});
