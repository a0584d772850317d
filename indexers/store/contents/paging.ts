import { MalformedInputError } from '../../../proofs/errors/input.js';
import type { PageKey, Slice } from '../view.js';

/** Where a row of contents is: the number of its block, and the place of its transaction. */
export interface Placed {
  readonly height: number;
  readonly number: number;
  readonly position: number;
}

/** The numbers of a page's key. @throws MalformedInputError for a key of another question */
export function keyOf(key: PageKey | undefined, length: number): number[] | undefined {
  if (key === undefined) return undefined;
  const numbers = key.filter((part) => typeof part === 'number');
  if (numbers.length !== key.length || numbers.length !== length)
    throw new MalformedInputError('cursor', 'is of another question');
  return numbers;
}

/**
 * A page of `found`, which were asked for with one row more than the limit and may have been cut to the page's bytes. Rows that are
 * there twice are taken once, so that a page may be shorter than its limit and yet have a next one.
 * @param key sort key of a row
 */
export async function sliceOf<Row extends { readonly found?: number | undefined }, T>(
  found: readonly Row[],
  limit: number,
  key: (row: Row) => PageKey,
  finish: (rows: readonly Row[]) => readonly T[] | Promise<readonly T[]>,
): Promise<Slice<T>> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const total = last?.found ?? found.length;
  const next = last !== undefined && total > rows.length ? { next: key(last) } : {};
  return { rows: await finish(once(rows, key)), ...next };
}

/** Sorted rows without those of the same key as the one before. */
function once<Row>(rows: readonly Row[], key: (row: Row) => PageKey): Row[] {
  let before = '';
  return rows.filter((row) => {
    const own = key(row).join();
    const isNew = own !== before;
    before = own;
    return isNew;
  });
}

/** Rows without those of a block that was connected again and has its contents twice. */
export function uniqueBlocks<Row extends { readonly blockHash: Uint8Array; readonly position: number }>(
  rows: readonly Row[],
): Row[] {
  const seen = new Set<string>();
  return rows.filter(({ blockHash, position }) => {
    const key = `${String(blockHash)}:${position}`;
    return !seen.has(key) && seen.add(key);
  });
}
