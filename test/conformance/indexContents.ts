import { expect, test } from 'vitest';
import type { BitcoinContents } from '../../indexers/store/contents/blockContents.js';
import type { IndexStore } from '../../indexers/store/indexStore.js';
import { outputsIn } from '../support/contents/coins.js';
import {
  bitcoinModel,
  ethereumModel,
  ModelChain,
  modelTopic,
  SCRIPTS,
  type Step,
} from '../support/contents/model.js';
import { sampleScript } from '../support/contents/sample.js';
import { allPages } from './indexStore.js';

const NEW: Step = { type: 'new' };
const STEPS: readonly Step[] = [
  ...Array<Step>(8).fill(NEW),
  { type: 'undo', depth: 2 },
  ...[NEW, NEW, NEW],
  { type: 'undo', depth: 1 },
  ...[NEW, NEW],
];

/** What every index answers about outputs and what spends them, whenever either side comes. */
export function indexContentsConformance(open: () => IndexStore): void {
  let chains = 0;
  /** A chain whose events are in, and its contents, which are not. */
  const world = async (store: IndexStore) => {
    const model = new ModelChain(`contents-${chains++}`, STEPS);
    await store.writeEvents(model.chain, model.events);
    const contents = new Map<number, BitcoinContents>();
    for (const block of model.blocks.values())
      contents.set(
        block.id,
        (await bitcoinModel(model.chain, block, model.first.get(block.id)!)) as BitcoinContents,
      );
    const of = (from: number, to: number) =>
      [...contents.values()].filter(({ number }) => from <= number && number <= to);
    /** Both kinds of pages, in the view after each of some events, beside what is so. */
    const expectSame = async (views: readonly number[], from = 1) => {
      for (const at of views)
        for (let n = 0; n < SCRIPTS; n++) {
          const script = sampleScript(n);
          const best = model.best[at]!.map(({ id }) => contents.get(id)!);
          const expected = outputsIn(
            best.filter(({ number }) => number >= from),
            script,
          );
          for (const unspent of [false, true])
            expect(
              await allPages(
                (page) => store.outputsByScript(model.chain, { script, unspent, at, ...page }),
                5,
              ),
            ).toEqual(expected.filter(({ spentBy }) => !unspent || spentBy === undefined));
        }
    };
    return { model, of, expectSame, last: model.events.length };
  };

  test('contents may come newest first, and again', async () => {
    const store = open();
    const { model, of, expectSame, last } = await world(store);
    const middle = last >> 1;
    await store.writeContents(model.chain, of(middle, last));
    await store.publishContents(model.chain, { from: middle, to: last });
    await expectSame([last, last - 2], middle);
    await store.writeContents(model.chain, of(1, middle - 1));
    // Not before they are published.
    await expectSame([last], middle);
    await store.publishContents(model.chain, { from: 1, to: middle - 1 });
    await store.writeContents(model.chain, of(3, last - 1));
    await expectSame([last, last - 3, middle, 5]);
  });

  test('contents that are copied into a new set have what was spent meanwhile', async () => {
    const store = open();
    const { model, of, expectSame, last } = await world(store);
    const middle = last >> 1;
    await store.writeContents(model.chain, of(1, middle));
    await store.publishContents(model.chain, { from: 1, to: middle });
    const set = await store.sets.newSet();
    await set.writeEvents(model.chain, model.events);
    await store.sets.copyContents(set, model.chain, { from: 1, to: middle });
    await store.writeContents(model.chain, of(middle + 1, last));
    await store.publishContents(model.chain, { from: middle + 1, to: last });
    await store.sets.copyContents(set, model.chain, { from: middle + 1, to: last });
    await set.publishContents(model.chain, { from: 1, to: last });
    await expectSame([last, middle]);
    await store.sets.swap(set);
    await expectSame([last, last - 2, middle]);
  });

  test('logs by their topics alone, of any contract, upwards and in pages', async () => {
    const store = open();
    const model = new ModelChain(`contents-${chains++}`, STEPS);
    await store.writeEvents(model.chain, model.events);
    const contents = new Map(
      [...model.blocks.values()].map((block) => [
        block.id,
        ethereumModel(model.chain, block, model.first.get(block.id)!),
      ]),
    );
    await store.writeContents(model.chain, [...contents.values()]);
    const last = model.events.length;
    await store.publishContents(model.chain, { from: 1, to: last });
    for (const at of [last, last - 2])
      for (const topics of [
        [modelTopic(0)],
        [null, modelTopic(5)],
        [modelTopic(1), modelTopic(6)],
        [[modelTopic(0), modelTopic(1)], null],
        [null, [modelTopic(5), modelTopic(6)]],
        [modelTopic(9)],
      ]) {
        const expected = model.best[at]!.flatMap(({ id, height }) =>
          contents
            .get(id)!
            .transactions.flatMap(({ logs }) => logs)
            .map((log, blockLogIndex) => ({ height, blockLogIndex, ...log })),
        ).filter(
          (log) =>
            log.topics.length >= topics.length &&
            topics.every(
              (one, place) =>
                one === null || [one].flat().some((own) => String(own) === String(log.topics[place])),
            ),
        );
        const found = await allPages((page) => store.logs(model.chain, { topics, at, ...page }), 3);
        expect(
          found.map(({ height, blockLogIndex, address, topics: own, data }) => ({
            ...{ height, blockLogIndex, address, topics: own, data },
          })),
        ).toEqual(expected);
      }
  });
}
