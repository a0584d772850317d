import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forkHeight } from './forkHeight.js';

test('finds the last common height, in few questions', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(5000), fc.nat(5000), fc.nat(5000), async (low, span, back) => {
      const high = low + span;
      const fork = high - back;
      let asked = 0;
      const found = await forkHeight(low, high, async (height) => {
        asked++;
        expect(height).toBeGreaterThanOrEqual(low);
        expect(height).toBeLessThanOrEqual(high);
        return height <= fork;
      });
      expect(found).toBe(fork >= low ? fork : undefined);
      expect(asked).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(Math.min(back, span) + 2)) + 2);
    }),
  );
});

test('an empty range has no fork', async () => {
  expect(await forkHeight(5, 4, async () => true)).toBeUndefined();
});
