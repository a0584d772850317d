import { expect, test } from 'vitest';
import { IndexGapError, UnknownViewError } from '../../indexers/store/errors.js';
import type { IndexStore } from '../../indexers/store/indexStore.js';
import { isRetryable } from '../../proofs/errors/base.js';
import { ModelChain, type Reader, step } from './indexViews.js';

/** Sets of tables, made beside the one in use and swapped in. */
export function indexSetsConformance(open: () => IndexStore): void {
  const event = (number: number, chain = 'sets') => {
    const hash = new Uint8Array(32).fill(number);
    const parentHash = new Uint8Array(32).fill(number - 1);
    return {
      ...{ chain, number, height: number, hash, parentHash, epoch: 1 },
      time: 5,
      raw: hash,
      type: 'connect' as const,
    };
  };
  const proof = {
    ...{ chain: 'sets', kind: 'event', subject: 'aa', height: 1, mainHeight: 2, bytes: 3 },
    ...{ milliseconds: 4.5, time: Date.now() - 5000 },
  };

  test('a new set is filled beside the one in use, and swapped in at once', async () => {
    const store = open();
    await store.writeEvents('sets', [event(1), event(2), event(3)]);
    await store.writeProofs([proof]);
    const { next } = await store.headers('sets', { from: 0, limit: 1 });
    const before = await store.sets.current();
    const set = await store.sets.newSet();
    expect(set.set).not.toBe(before);
    expect(await set.lastNumber('sets')).toBe(0);
    await set.writeEvents('sets', [event(1), event(2)]);
    expect(await store.sets.current()).toBe(before);
    expect((await store.view('sets')).number).toBe(3);
    await store.sets.swap(set);
    expect(await store.sets.current()).toBe(set.set);
    expect(await store.lastNumber('sets')).toBe(2);
    await expect(store.writeEvents('sets', [event(4)])).rejects.toThrow(IndexGapError);
    await store.writeEvents('sets', [event(3)]);
    expect((await store.headers('sets', { from: 0, limit: 10 })).rows).toHaveLength(3);
    expect((await store.headers('sets', { from: 0, limit: 1, cursor: next! })).rows).toMatchObject([
      { height: 2 },
    ]);
    // What the log does not have came along.
    expect((await store.proofsServed({ limit: 5, chain: 'sets' })).rows).toEqual([proof]);
    expect(await store.sets.rebuildNeeded()).toBe(false);
    // Readers may still be at it.
    expect(await store.sets.dropOld()).toBe(0);
  });

  test('a set that was never swapped in is dropped with the next; its writer finds out', async () => {
    const store = open();
    const left = await store.sets.newSet();
    const set = await store.sets.newSet();
    expect(set.set).toBeGreaterThan(left.set);
    await expect(left.writeEvents('sets', [event(1)])).rejects.toThrow(/failed/);
    await set.writeEvents('sets', [event(1)]);
    await expect(store.sets.swap(left)).rejects.toThrow(RangeError);
  });

  test('writers and readers go on through swaps', async () => {
    const store = open();
    const model = new ModelChain('swapped');
    const made = 250;
    while (model.events.length < made)
      model.advance(model.events.length % 4, 5, model.events.length % 7 === 0);
    const { events } = model;
    let done = false;
    const write = async () => {
      for (;;) {
        const last = await store.lastNumber(model.chain);
        if (done && last === events.length) return;
        try {
          await store.writeEvents(model.chain, events.slice(last, last + 9));
        } catch (error) {
          // Swapped between the two questions.
          if (!isRetryable(error)) throw error;
        }
      }
    };
    let answers = 0;
    const read = async () => {
      while (!done) {
        const reader: Reader = {
          question: 'headers',
          limit: 25,
          at: undefined,
          number: undefined,
          cursor: undefined,
          rows: [],
        };
        try {
          while (await step(store, model, reader)) answers++;
        } catch (error) {
          // The new set is not as far as the old one was.
          if (!(error instanceof UnknownViewError)) throw error;
        }
      }
    };
    const rebuild = async () => {
      for (let i = 0; i < 3; i++) {
        const set = await store.sets.newSet();
        for (
          let last = 0;
          last < (await store.lastNumber(model.chain)) - 20;
          last = await set.lastNumber(model.chain)
        )
          await set.writeEvents(model.chain, events.slice(last, last + 60));
        await store.sets.swap(set);
      }
      done = true;
    };
    await Promise.all([write(), read(), rebuild()]);
    const { rows, view } = await store.headers(model.chain, { from: 0, limit: 1000 });
    expect(view.number).toBe(events.length);
    expect(rows.map(({ hash }) => hash)).toEqual(model.bestAt(view.number).map(({ hash }) => hash));
    expect(answers).toBeGreaterThan(0);
  });

  test('a cursor of another log is refused', async () => {
    const store = open();
    await store.writeEvents('relogged', [event(1, 'relogged'), event(2, 'relogged')]);
    const { next } = await store.headers('relogged', { from: 0, limit: 1 });
    const set = await store.sets.newSet();
    const other = { ...event(2, 'relogged'), hash: new Uint8Array(32).fill(99) };
    await set.writeEvents('relogged', [event(1, 'relogged'), other]);
    await store.sets.swap(set);
    await expect(store.headers('relogged', { from: 0, limit: 1, cursor: next! })).rejects.toThrow(
      'another log',
    );
  });
}
