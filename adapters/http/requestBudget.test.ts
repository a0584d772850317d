import { expect, it } from 'vitest';
import { RequestBudget, retryAfterMs } from './requestBudget.js';

const NOW = Date.UTC(2026, 10, 21, 8, 49, 7);

// RFC 9110, 5.6.7: three forms, all of them in GMT, wherever this machine is.
it.each([
  ['a number of seconds', '30'],
  ['a date', 'Sat, 21 Nov 2026 08:49:37 GMT'],
  ['a date in the form of RFC 850', 'Saturday, 21-Nov-26 08:49:37 GMT'],
  ['a date in the form of asctime', 'Sat Nov 21 08:49:37 2026'],
])('a pause may be asked for by %s', (_, text) => {
  const zone = process.env.TZ;
  process.env.TZ = 'America/New_York';
  try {
    expect(retryAfterMs(text, NOW)).toBe(30_000);
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});

it.each(['', '-1', '1.5', 'soon', '2026-11-21', 'Sat, 99 Foo 2026', '21 Nov 2026 08:49:37'])(
  'and by nothing else: %s',
  (text) => {
    expect(retryAfterMs(text, NOW)).toBeUndefined();
  },
);

it('lets a whole batch wait without a warning of a leak', async () => {
  const warnings: string[] = [];
  const note = (warning: Error) => warnings.push(warning.name);
  process.on('warning', note);
  const budget = new RequestBudget('a node', 1000, 10_000);
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 30 }, () => budget.take(signal)));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', note);
  expect(warnings).not.toContain('MaxListenersExceededWarning');
});
