import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { logFilter, matches } from '../../../adapters/ethereum/proofs/filter.js';
import { toHex } from '../../../proofs/bytes.js';
import { hasChdb } from '../../../test/support/clickhouse/front.js';
import {
  bitcoinModel,
  ethereumModel,
  ModelChain,
  modelToken,
  modelTopic,
  SCRIPTS,
  type Step,
} from '../../../test/support/contents/model.js';
import { sampleScript } from '../../../test/support/contents/sample.js';
import { type ContentsSet, openContentsSet } from '../../../test/support/contents/set.js';
import type { PageKey, Slice, Snapshot } from '../view.js';
import type { BlockContents } from './blockContents.js';
import type { IndexedBitcoinTransaction } from './types.js';

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ type: 'new' }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 3 }).map((depth): Step => ({ type: 'undo', depth })) },
  { weight: 2, arbitrary: fc.constant<Step>({ type: 'again' }) },
);
const runs = fc.record({
  steps: fc.array(step, { minLength: 12, maxLength: 24 }),
  /** Parts of the past at which to look. */
  views: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 3 }),
  /** Whether blocks that come back are written again, under the new number. */
  twice: fc.boolean(),
});
const NUM_RUNS = Number(process.env.MODEL_RUNS ?? 12);

async function all<T>(page: (after: PageKey | undefined) => Promise<Slice<T>>, between: () => Promise<void>) {
  const found: T[] = [];
  for (let next: PageKey | undefined; ; ) {
    const slice = await page(next);
    found.push(...slice.rows);
    next = slice.next;
    if (next === undefined) return found;
    await between();
  }
}

describe.skipIf(!hasChdb)('contents through reorganisations', () => {
  let set: ContentsSet;
  let chains = 0;
  beforeAll(async () => {
    set = await openContentsSet();
  });
  afterAll(() => set?.close());

  /** A chain whose second half is written while the first half is read. */
  async function world(
    { steps, twice }: { readonly steps: readonly Step[]; readonly twice: boolean },
    build: (
      chain: string,
      block: ModelChain['now'][number],
      number: number,
    ) => BlockContents | Promise<BlockContents>,
  ) {
    const model = new ModelChain(`chain-${chains++}`, steps);
    const { chain, events } = model;
    const contents = new Map<number, BlockContents>();
    for (const block of model.blocks.values())
      contents.set(block.id, await build(chain, block, model.first.get(block.id)!));
    let written = 0;
    const advance = async (to: number) => {
      if (to <= written) return;
      const fresh = events.slice(written, to);
      const blocks = fresh.flatMap((event) => {
        if (event.type !== 'connect') return [];
        const { id } = model.blocks.get(String(event.hash))!;
        const one = contents.get(id)!;
        return twice || one.number === event.number ? [one, { ...one, number: event.number }] : [];
      });
      await set.write(chain, fresh, blocks);
      written = to;
    };
    /** Contents of the best chain after event `number`. */
    const best = (number: number) => model.best[number]!.map(({ id }) => contents.get(id)!);
    return { model, advance, best, everything: [...contents.values()] };
  }

  const place = (one: BlockContents) => ({
    height: one.height,
    blockHash: one.blockHash,
    time: one.time,
    canonical: true,
  });

  test('no answer about Bitcoin mixes branches', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ steps, views, twice }) => {
        const { model, advance, best, everything } = await world({ steps, twice }, bitcoinModel);
        const last = model.events.length;
        for (const part of [...views].sort()) {
          const number = Math.max(1, Math.floor(part * last));
          await advance(number);
          const snapshot: Snapshot = set.snapshot(model.chain, number);
          const chain = best(number).flatMap((one) => (one.kind === 'bitcoin' ? [one] : []));
          const spends = chain.flatMap((one) =>
            one.transactions.flatMap(({ txid, inputs }) =>
              inputs.map((input, vin) => ({
                of: `${toHex(input.txid)}:${input.vout}`,
                by: { txid, vin, height: one.height, blockHash: one.blockHash },
              })),
            ),
          );
          const spentBy = new Map(spends.map(({ of, by }) => [of, by]));
          for (let n = 0; n < SCRIPTS; n++) {
            const script = sampleScript(n);
            const expected = chain.flatMap((one) =>
              one.transactions.flatMap(({ txid, coinbase, outputs }, position) =>
                outputs.flatMap((output, vout) =>
                  toHex(output.script) !== toHex(script)
                    ? []
                    : [
                        {
                          ...place(one),
                          ...{
                            position,
                            txid,
                            vout,
                            coinbase,
                            script,
                            value: output.value,
                            kind: output.kind,
                          },
                          spentBy: spentBy.get(`${toHex(txid)}:${vout}`),
                        },
                      ],
                ),
              ),
            );
            // The chain goes on, and back, between the pages.
            const between = () => advance(Math.min(last, number + 6));
            const rows = await all(
              (after) => set.contents.outputsByScript(snapshot, { script }, 9, after),
              between,
            );
            expect(rows).toEqual(expected);
            const unspent = await set.contents.outputsByScript(snapshot, { script, unspent: true }, 1000);
            expect(unspent.rows).toEqual(expected.filter((one) => one.spentBy === undefined));
          }
          const some = everything[everything.length >> 1]!;
          const tx = some.transactions[1]!;
          if (!('txid' in tx)) continue;
          const found = await set.contents.transaction(snapshot, tx.txid);
          const written = everything.filter((one) => one.number <= number);
          const holding = written.filter((one) =>
            one.transactions.some((other) => 'txid' in other && toHex(other.txid) === toHex(tx.txid)),
          );
          expect(new Set(found.map(({ blockHash }) => toHex(blockHash)))).toEqual(
            new Set(holding.map(({ blockHash }) => toHex(blockHash))),
          );
          const isBest = new Set(chain.map(({ blockHash }) => toHex(blockHash)));
          for (const row of found) expect(row.canonical).toBe(isBest.has(toHex(row.blockHash)));
          expect(found.findIndex(({ canonical }) => canonical)).toBeLessThan(1);
          const [input] = tx.inputs;
          const spenders = await set.contents.spenders(snapshot, input!);
          expect(spenders.filter(({ canonical }) => canonical).map(({ txid }) => txid)).toEqual(
            [spentBy.get(`${toHex(input!.txid)}:${input!.vout}`)?.txid].filter((one) => one !== undefined),
          );
          for (const spend of spenders) expect(spend.witness.length).toBe(1);
          const block = await set.contents.blockTransactions(snapshot, some.blockHash, 1000);
          const raws = (block.rows as IndexedBitcoinTransaction[]).map(({ raw }) => toHex(raw));
          expect(raws).toEqual(some.number <= number ? some.transactions.map(({ raw }) => toHex(raw)) : []);
          const steps_ = await set.contents.statistics(snapshot, { from: 0, to: 1e9, step: 1e9 });
          expect(steps_[0]?.blocks ?? 0).toBe(chain.length);
          expect(steps_[0]?.value ?? 0n).toBe(
            chain.flatMap((one) => one.transactions).reduce((sum, { value }) => sum + value, 0n),
          );
        }
      }),
      { numRuns: NUM_RUNS },
    );
  }, 400_000);

  test('no answer about Ethereum mixes branches', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ steps, views, twice }) => {
        const { model, advance, best } = await world({ steps, twice }, ethereumModel);
        const last = model.events.length;
        for (const part of [...views].sort()) {
          const number = Math.max(1, Math.floor(part * last));
          await advance(number);
          const snapshot = set.snapshot(model.chain, number);
          const between = () => advance(Math.min(last, number + 6));
          const chain = best(number).flatMap((one) => (one.kind === 'ethereum' ? [one] : []));
          for (const n of [0, 3]) {
            const address = modelToken(n);
            const found = await all(
              (after) => set.contents.transactionsByAddress(snapshot, address, 5, after),
              between,
            );
            const expected = chain
              .flatMap((one) => one.transactions.map((tx, position) => ({ one, tx, position })))
              .filter(({ tx }) =>
                [tx.from, tx.to, tx.created].some(
                  (own) => own !== undefined && toHex(own) === toHex(address),
                ),
              )
              .reverse()
              .map(({ one, tx, position }) => ({ ...place(one), position, hash: tx.hash, raw: tx.raw }));
            expect(
              found.map(({ height, blockHash, time, canonical, position, hash, raw }) => ({
                ...{ height, blockHash, time, canonical, position, hash, raw },
              })),
            ).toEqual(expected);
          }
          for (const query of [
            {},
            { addresses: [modelToken(0)] },
            { addresses: [modelToken(0), modelToken(1)], topics: [modelTopic(0)] },
            { topics: [null, [modelTopic(5), modelTopic(7)]], from: 2, to: 5 },
          ]) {
            const {
              addresses = [],
              topics = [],
              from = 0,
              to = 1e9,
            } = query as {
              addresses?: Uint8Array[];
              topics?: (Uint8Array | Uint8Array[] | null)[];
              from?: number;
              to?: number;
            };
            const filter = logFilter(
              addresses,
              topics.map((topic) => (topic === null ? [] : ([topic].flat() as Uint8Array[]))),
            );
            const found = await all((after) => set.contents.logs(snapshot, query, 7, after), between);
            const expected = chain.flatMap((one) => {
              let blockLogIndex = 0;
              return one.transactions.flatMap((tx, position) =>
                tx.logs.map((log, logIndex) => ({
                  ...place(one),
                  ...{ position, transactionHash: tx.hash, logIndex, blockLogIndex: blockLogIndex++ },
                  ...log,
                })),
              );
            });
            expect(found).toEqual(
              expected.filter((log) => log.height >= from && log.height <= to && matches(filter, log)),
            );
          }
          const shared = chain[chain.length >> 1]?.transactions[2];
          if (shared === undefined) continue;
          const receipts = await set.contents.receipt(snapshot, shared.hash);
          expect(receipts.filter(({ canonical }) => canonical)).toHaveLength(1);
          expect(receipts[0]).toMatchObject({
            ...{ canonical: true, succeeded: shared.succeeded, gasUsed: 21_000n, from: shared.from },
            logs: shared.logs.length,
          });
        }
      }),
      { numRuns: NUM_RUNS },
    );
  }, 400_000);
});
