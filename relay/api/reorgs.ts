import { keyOf } from '../../indexers/store/contents/paging.js';
import { decodeListCursor, encodeListCursor } from '../../indexers/store/cursor.js';
import { MAX_REORGS, type MainChainClient } from '../../mainchain/rpc/types.js';
import type { Reorg } from '../../proofs/containers/commitment.js';

type Client = Pick<MainChainClient, 'chain' | 'reorgs'>;

/** A reorganisation that the main chain recorded, and which of the chain's it is, from 0 on. */
export interface NumberedReorg {
  readonly reorg: Reorg;
  readonly index: number;
}

/**
 * Recorded reorganisations of a chain, newest first. The main chain only ever appends to them, so that pages stay what they are
 * while more are recorded.
 * @param limit rows, at most `MAX_REORGS`
 * @param cursor `next` of the page before
 * @throws MalformedInputError for a cursor of another list
 */
export async function reorgPage(
  client: Client,
  name: string,
  limit: number,
  cursor?: string,
): Promise<{ readonly rows: readonly NumberedReorg[]; readonly next: string | undefined }> {
  const list = `reorgs ${name}`;
  const [last = Number.MAX_SAFE_INTEGER] =
    keyOf(cursor === undefined ? undefined : decodeListCursor(list, cursor).key, 1) ?? [];
  const count = (await client.chain(name))?.reorgCount ?? 0;
  const before = Math.min(last, count);
  const from = Math.max(0, before - limit);
  if (before === from) return { rows: [], next: undefined };
  const rows = numbered(await client.reorgs(name, { from, limit: before - from }), from).reverse();
  return {
    rows,
    next: from === 0 ? undefined : encodeListCursor(list, { at: count, mark: '', key: [from] }),
  };
}

/** All recorded reorganisations that undid a height, by index. @param count of all */
export async function reorgsAt(
  client: Client,
  name: string,
  count: number,
  height: number,
): Promise<readonly number[]> {
  const found: number[] = [];
  for (let from = 0; from < count; from += MAX_REORGS) {
    const part = numbered(
      await client.reorgs(name, { from, limit: Math.min(MAX_REORGS, count - from) }),
      from,
    );
    for (const { reorg, index } of part)
      if (height > reorg.forkHeight && height <= reorg.oldTipHeight) found.push(index);
  }
  return found;
}

function numbered(reorgs: readonly Reorg[], from: number): NumberedReorg[] {
  return reorgs.map((reorg, i) => ({ reorg, index: from + i }));
}
