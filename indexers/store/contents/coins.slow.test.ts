import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChdb } from '../../../test/support/clickhouse/front.js';
import { outputsIn } from '../../../test/support/contents/coins.js';
import { bitcoinModel, ModelChain, SCRIPTS, type Step } from '../../../test/support/contents/model.js';
import { sampleScript } from '../../../test/support/contents/sample.js';
import { type ContentsSet, openContentsSet } from '../../../test/support/contents/set.js';
import { joinRanges } from '../ranges.js';
import type { SqlClient } from '../sql/client.js';
import type { PageKey, Slice } from '../view.js';
import type { BitcoinContents } from './blockContents.js';
import { writeContents } from './write.js';

const NUM_RUNS = Number(process.env.MODEL_RUNS ?? 4);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Step>({ type: 'new' }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 3 }).map((depth): Step => ({ type: 'undo', depth })) },
  { weight: 2, arbitrary: fc.constant<Step>({ type: 'again' }) },
);
const worlds = fc.record({
  steps: fc.array(step, { minLength: 14, maxLength: 24 }),
  /** In which order blocks are written, and how many at once. */
  order: fc.array(fc.integer(), { minLength: 24, maxLength: 24 }),
  batch: fc.integer({ min: 1, max: 6 }),
  /** Statements of each writer's batches that are carried out before it is cut off and begins the batch again. */
  cuts: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }),
  together: fc.boolean(),
  merged: fc.boolean(),
});

/** Dies after so many inserts, once. */
function dying(client: SqlClient, after: number): SqlClient {
  let left = after;
  return new Proxy(client, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (key === 'insert' && left-- <= 0) throw new Error('cut off');
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function all<T>(page: (after: PageKey | undefined) => Promise<Slice<T>>, limit: number): Promise<T[]> {
  const found: T[] = [];
  for (let next: PageKey | undefined; ; ) {
    const slice = await page(next);
    found.push(...slice.rows);
    next = slice.next;
    if (next === undefined) return found;
    // Never short where more follow.
    expect(slice.rows.length).toBe(limit);
  }
}

describe.skipIf(!hasChdb)('outputs with what spends them', () => {
  let set: ContentsSet;
  let chains = 0;
  beforeAll(async () => {
    set = await openContentsSet();
  });
  afterAll(() => set?.close());

  test('in whichever order blocks are written, cut off or not, by one writer or two, every view has its own', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ steps, order, batch, cuts, together, merged }) => {
        const model = new ModelChain(`coins-${chains++}`, steps);
        const { chain, events } = model;
        await set.write(chain, events, []);
        const contents = new Map<number, BitcoinContents>();
        for (const block of model.blocks.values())
          contents.set(
            block.id,
            (await bitcoinModel(chain, block, model.first.get(block.id)!)) as BitcoinContents,
          );
        const mixed = [...contents.values()]
          .map((one, i) => [order[i % order.length]!, i, one] as const)
          .sort(([a, i], [b, n]) => a - b || i - n)
          .map(([, , one]) => one);
        const write = async (some: readonly BitcoinContents[], dies: readonly number[]) => {
          const deaths = [...dies];
          for (let at = 0; at < some.length; at += batch) {
            const part = some.slice(at, at + batch);
            const after = deaths.shift();
            if (after !== undefined)
              await writeContents(dying(set.client, after), set.database, part).catch((error: Error) =>
                expect(error.message).toBe('cut off'),
              );
            await writeContents(set.client, set.database, part);
          }
        };
        const half = mixed.length >> 1;
        if (together)
          await Promise.all([write(mixed.slice(0, half), cuts), write(mixed.slice(half), cuts.slice(2))]);
        else {
          await write(mixed.slice(0, half), cuts);
          if (merged) await set.client.command('merge', `OPTIMIZE TABLE ${set.database}.bitcoin_coins FINAL`);
          await write(mixed.slice(half), cuts.slice(2));
        }
        if (merged) await set.client.command('merge', `OPTIMIZE TABLE ${set.database}.bitcoin_coins FINAL`);
        const last = events.length;
        const parts = [
          [{ from: 1, to: last }],
          [
            { from: 1, to: last >> 2 },
            { from: (last >> 1) + 1, to: last },
          ],
          [{ from: last >> 1, to: last }],
        ];
        for (const ranges of parts)
          for (const number of new Set([last, last >> 1])) {
            const clipped = joinRanges(
              ranges.flatMap(({ from, to }) => (from > number ? [] : [{ from, to: Math.min(to, number) }])),
            );
            const isIn = (own: number) => clipped.some(({ from, to }) => from <= own && own <= to);
            const best = model.best[number]!.map(({ id }) => contents.get(id)!).filter((one) =>
              isIn(one.number),
            );
            const snapshot = set.snapshot(chain, number, clipped);
            for (let n = 0; n < SCRIPTS; n++) {
              const script = sampleScript(n);
              const expected = outputsIn(best, script);
              const ask = (unspent: boolean) =>
                all((after) => set.contents.outputsByScript(snapshot, { script, unspent }, 7, after), 7);
              expect(await ask(false)).toEqual(expected);
              expect(await ask(true)).toEqual(expected.filter(({ spentBy }) => spentBy === undefined));
            }
          }
      }),
      { numRuns: NUM_RUNS },
    );
  }, 400_000);
});
