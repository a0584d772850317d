import { beforeAll, describe, expect, test } from 'vitest';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { type FuzzTarget, fuzz } from './harness.js';

/** Inputs of one suite, all targets together: `npm run test:fuzz` makes five million of each. */
const TOTAL = Number(process.env.FUZZ_INPUTS ?? 25_000);
/** The same inputs again: `SEED=n`. */
const SEED = Number(process.env.SEED ?? 1);
/** What a run may leave on the heap, bytes: memos of fixed size, and what the engine has not collected. */
const GROWTH = 64 * 2 ** 20;

/** A test for each target, with its share of the inputs. */
export function fuzzSuite(name: string, targets: readonly FuzzTarget[]): void {
  const shares = targets.reduce((sum, { share = 1 }) => sum + share, 0);
  const inputs = ({ share = 1 }: FuzzTarget) => Math.ceil((TOTAL * share) / shares);
  describe(`${name}: ${TOTAL.toLocaleString('en')} inputs, seed ${SEED}`, () => {
    beforeAll(useFastHasher);
    test.each(targets.map((target) => [target.name, target] as const))('%s', async (_, target) => {
      const count = inputs(target);
      const report = await fuzz(target, count, SEED);
      const { accepted, slowest, growth } = report;
      if (TOTAL > 100_000)
        console.log(
          `${target.name}: ${count} inputs, ${accepted} taken, slowest ${slowest.toFixed(1)} ms, heap ${(growth / 2 ** 20).toFixed(1)} MiB`,
        );
      expect(accepted).toBeGreaterThanOrEqual(target.seeds.length);
      expect(growth).toBeLessThan(GROWTH);
    });
  });
}
