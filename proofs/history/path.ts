import { digest64 } from '../hash/hasher.js';
import { HistoryError } from './errors.js';
import { bagPeaks, type History, rootOfBag } from './history.js';
import { children, type NodeReader } from './nodes.js';
import { type HashRules, mountains, nodePosition, plainRules } from './rules.js';

/** Where leaf `index` lies among `size` leaves. */
interface Place {
  /** Which mountain, from the left, of how many. */
  readonly mountain: number;
  readonly count: number;
  /** Height of that mountain and index of its first leaf. */
  readonly height: number;
  readonly first: number;
}

function place(index: number, size: number): Place {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) {
    throw new HistoryError(`leaf ${index} is not in a history of ${size} leaves`);
  }
  const heights = mountains(size);
  let first = 0;
  for (const [mountain, height] of heights.entries()) {
    if (index < first + 2 ** height) return { mountain, count: heights.length, height, first };
    first += 2 ** height;
  }
  throw new HistoryError(`leaf ${index} is not in a history of ${size} leaves`);
}

/** Hashes in the path of leaf `index` among `size` leaves: siblings, then the bag to the right, then each peak to the left. */
export function pathLength(index: number, size: number): number {
  const { mountain, count, height } = place(index, size);
  return height + (mountain < count - 1 ? 1 : 0) + mountain;
}

/**
 * Inclusion path of a leaf: the siblings from the leaf up to its peak, the bagged peaks to the right if there are any,
 * then the peaks to the left from right to left.
 * @throws HistoryError beyond the end; MissingNodeError
 */
export function leafPath(history: History, index: number, nodes: NodeReader): Uint8Array[] {
  const { mountain, height, first } = place(index, history.size);
  const siblings: Uint8Array[] = [];
  let hash = history.peaks[mountain];
  let at = first;
  for (let h = height - 1; h >= 0; h--) {
    if (hash === undefined) throw new HistoryError('history lacks a peak');
    const [left, right] = children(nodes, hash);
    const goRight = index >= at + 2 ** h;
    siblings.unshift(goRight ? left : right);
    if (goRight) at += 2 ** h;
    hash = goRight ? right : left;
  }
  const right = history.peaks.slice(mountain + 1);
  const left = history.peaks.slice(0, mountain).reverse();
  return [...siblings, ...(right.length > 0 ? [bagPeaks(right)] : []), ...left];
}

/**
 * The history root that `leaf` at `index` and `path` lead to. The path's length is forced by `index` and `size`.
 * @throws HistoryError if the index is outside or the path has another length
 */
export function rootFromPath(
  leaf: Uint8Array,
  index: number,
  start: number,
  size: number,
  path: readonly Uint8Array[],
): Uint8Array {
  return rootOfBag(start, size, bagFromPath(leaf, index, size, path));
}

/** The bagged peaks that `leaf` and `path` lead to. */
export function bagFromPath(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  rules: HashRules = plainRules,
): Uint8Array {
  const { mountain, count, height, first } = place(index, size);
  const expected = height + (mountain < count - 1 ? 1 : 0) + mountain;
  if (path.length !== expected) {
    throw new HistoryError(`path has ${path.length} hashes; leaf ${index} of ${size} needs ${expected}`);
  }
  let hash = leaf;
  let offset = index - first;
  for (let h = 0; h < height; h++) {
    const sibling = at(path, h);
    const end = first + (Math.floor(offset / 2) + 1) * 2 ** (h + 1);
    hash =
      offset % 2 === 1
        ? rules.node(sibling, hash, nodePosition(end, h + 1))
        : rules.node(hash, sibling, nodePosition(end, h + 1));
    offset = Math.floor(offset / 2);
  }
  let next = height;
  if (mountain < count - 1) hash = digest64(hash, at(path, next++));
  while (next < path.length) hash = digest64(at(path, next++), hash);
  return hash;
}

function at(path: readonly Uint8Array[], i: number): Uint8Array {
  const hash = path[i];
  if (hash?.length !== 32) throw new HistoryError(`path hash ${i} is not 32 bytes`);
  return hash;
}
