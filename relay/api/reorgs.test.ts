import { expect, test } from 'vitest';
import { encodeListCursor } from '../../indexers/store/cursor.js';
import { MAX_REORGS } from '../../mainchain/rpc/types.js';
import type { Reorg } from '../../proofs/containers/commitment.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { reorgPage, reorgsAt } from './reorgs.js';

/** A node that has recorded so many, each of ten heights above its index. */
function node(count: number) {
  const asked: number[] = [];
  const all = () =>
    Array.from({ length: count }, (_, i) => ({ forkHeight: i, oldTipHeight: i + 10 }) as unknown as Reorg);
  return {
    asked,
    record(more: number) {
      count += more;
    },
    chain: async () => ({ reorgCount: count }) as never,
    async reorgs(_name: string, { from = 0, limit = MAX_REORGS } = {}) {
      const found = all().slice(from, from + Math.min(limit, MAX_REORGS));
      asked.push(found.length);
      return found;
    },
  };
}

test('pages go from the newest to the first, whatever is recorded between them', async () => {
  const client = node(25);
  const seen: number[] = [];
  let cursor: string | undefined;
  do {
    const { rows, next } = await reorgPage(client, 'toy', 10, cursor);
    for (const { reorg, index } of rows) expect(reorg.forkHeight).toBe(index);
    seen.push(...rows.map(({ index }) => index));
    client.record(3);
    cursor = next;
  } while (cursor !== undefined);
  expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => 24 - i));
  expect(client.asked).toEqual([10, 10, 5]);
});

test('a chain without any, and one that is not registered', async () => {
  expect(await reorgPage(node(0), 'toy', 10)).toEqual({ rows: [], next: undefined });
  const unknown = { ...node(0), chain: async () => undefined };
  expect(await reorgPage(unknown, 'toy', 10)).toEqual({ rows: [], next: undefined });
});

test('a cursor of another chain, and one that nobody gave', async () => {
  const { next } = await reorgPage(node(25), 'toy', 10);
  await expect(reorgPage(node(25), 'other', 10, next)).rejects.toThrow(MalformedInputError);
  for (const key of [[], ['x'], [1, 2]]) {
    const made = encodeListCursor('reorgs toy', { at: 1, mark: '', key });
    await expect(reorgPage(node(25), 'toy', 10, made)).rejects.toThrow(MalformedInputError);
  }
});

test('all that undid a height, of more than a node gives at once', async () => {
  const client = node(1200);
  expect(await reorgsAt(client, 'toy', 1200, 1005)).toEqual([
    995, 996, 997, 998, 999, 1000, 1001, 1002, 1003, 1004,
  ]);
  expect(client.asked).toEqual([500, 500, 200]);
});
