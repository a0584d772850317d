import { digest64 } from '../hash/hasher.js';
import { HistoryError } from './errors.js';
import { bagPeaks, type History, rootOfBag } from './history.js';
import { children, type NodeReader } from './nodes.js';
import { mountains } from './rules.js';

/** A perfect subtree of a history: leaves `first` to `first + 2^height - 1`. */
interface Subtree {
  readonly first: number;
  readonly height: number;
}

interface KnownSubtree extends Subtree {
  readonly hash: Uint8Array;
}

/**
 * Hashes that, with the leaves at `indices` (ascending, distinct), rebuild the root: depth first, left to right, each
 * subtree without a wanted leaf once.
 * @throws HistoryError if the indices are empty, out of order or out of range
 */
export function multiPath(history: History, indices: readonly number[], nodes: NodeReader): Uint8Array[] {
  return complement(history, leavesOf(indices, history.size), nodes);
}

/**
 * The history root that `leaves` and `path` lead to.
 * @throws HistoryError if the path is too short or too long, or the leaves out of order
 */
export function rootFromMultiPath(
  leaves: readonly { readonly index: number; readonly hash: Uint8Array }[],
  start: number,
  size: number,
  path: readonly Uint8Array[],
): Uint8Array {
  leavesOf(
    leaves.map((leaf) => leaf.index),
    size,
  );
  const known = leaves.map(({ index, hash }) => ({ first: index, height: 0, hash }));
  return rootOfBag(start, size, rebuild(size, known, path));
}

/** That one history continues another: the older one's peaks, and what is missing to the newer root. */
export interface ConsistencyPath {
  readonly oldPeaks: readonly Uint8Array[];
  readonly path: readonly Uint8Array[];
}

/** @throws HistoryError unless `0 < oldSize <= history.size`; MissingNodeError */
export function consistencyPath(history: History, oldSize: number, nodes: NodeReader): ConsistencyPath {
  const peaks = peaksOf(oldSize, history.size);
  const found: Uint8Array[] = [];
  const path = complement(history, peaks, nodes, found);
  return { oldPeaks: found, path };
}

/**
 * Checks that the history with `newRoot` and `newSize` begins with the one with `oldRoot` and `oldSize`, both from `start`.
 * @returns the roots computed, for the caller to compare
 * @throws HistoryError if the path has not exactly the hashes needed
 */
export function rootsFromConsistency(
  start: number,
  oldSize: number,
  newSize: number,
  proof: ConsistencyPath,
): { readonly oldRoot: Uint8Array; readonly newRoot: Uint8Array } {
  const peaks = peaksOf(oldSize, newSize);
  if (peaks.length !== proof.oldPeaks.length) throw new HistoryError(`expected ${peaks.length} old peaks`);
  const known = peaks.map((peak, i) => ({ ...peak, hash: checked(proof.oldPeaks[i]) }));
  return {
    oldRoot: rootOfBag(start, oldSize, bagPeaks(proof.oldPeaks)),
    newRoot: rootOfBag(start, newSize, rebuild(newSize, known, proof.path)),
  };
}

function leavesOf(indices: readonly number[], size: number): Subtree[] {
  if (indices.length === 0) throw new HistoryError('no leaf asked for');
  indices.forEach((index, i) => {
    const before = i === 0 ? -1 : (indices[i - 1] ?? -1);
    if (!Number.isSafeInteger(index) || index <= before || index >= size) {
      throw new HistoryError(`leaf indices must ascend below ${size}: ${before}, ${index}`);
    }
  });
  return indices.map((first) => ({ first, height: 0 }));
}

function peaksOf(oldSize: number, size: number): Subtree[] {
  if (!Number.isSafeInteger(oldSize) || oldSize < 1 || oldSize > size) {
    throw new HistoryError(`old size ${oldSize} is not between 1 and ${size}`);
  }
  let first = 0;
  return mountains(oldSize).map((height) => {
    const peak = { first, height };
    first += 2 ** height;
    return peak;
  });
}

/** What a subtree is to a set of known subtrees (sorted, disjoint). */
function relation(tree: Subtree, known: readonly Subtree[]): 'same' | 'apart' | 'partly' {
  const end = tree.first + 2 ** tree.height;
  for (const k of known) {
    if (k.first === tree.first && k.height === tree.height) return 'same';
    if (k.first < end && k.first + 2 ** k.height > tree.first) return 'partly';
  }
  return 'apart';
}

function complement(
  history: History,
  known: readonly Subtree[],
  nodes: NodeReader,
  found: Uint8Array[] = [],
): Uint8Array[] {
  const out: Uint8Array[] = [];
  const descend = (tree: Subtree, hash: Uint8Array): void => {
    const what = relation(tree, known);
    if (what === 'same') found.push(hash);
    else if (what === 'apart') out.push(hash);
    else {
      const [left, right] = children(nodes, hash);
      const height = tree.height - 1;
      descend({ first: tree.first, height }, left);
      descend({ first: tree.first + 2 ** height, height }, right);
    }
  };
  const heights = mountains(history.size);
  let first = 0;
  for (const [k, height] of heights.entries()) {
    if (known.every((s) => s.first + 2 ** s.height <= first)) {
      out.push(bagPeaks(history.peaks.slice(k)));
      break;
    }
    const peak = history.peaks[k];
    if (peak === undefined) throw new HistoryError('history lacks a peak');
    descend({ first, height }, peak);
    first += 2 ** height;
  }
  return out;
}

function rebuild(size: number, known: readonly KnownSubtree[], path: readonly Uint8Array[]): Uint8Array {
  let used = 0;
  const take = (): Uint8Array => checked(path[used++]);
  const climb = (tree: Subtree): Uint8Array => {
    const what = relation(tree, known);
    if (what === 'same')
      return checked(known.find((k) => k.first === tree.first && k.height === tree.height)?.hash);
    if (what === 'apart') return take();
    const height = tree.height - 1;
    const left = climb({ first: tree.first, height });
    return digest64(left, climb({ first: tree.first + 2 ** height, height }));
  };
  const peaks: Uint8Array[] = [];
  let first = 0;
  for (const height of mountains(size)) {
    if (known.every((s) => s.first + 2 ** s.height <= first)) {
      peaks.push(take());
      break;
    }
    peaks.push(climb({ first, height }));
    first += 2 ** height;
  }
  if (used !== path.length) throw new HistoryError(`path has ${path.length - used} hashes too many`);
  return bagPeaks(peaks);
}

function checked(hash: Uint8Array | undefined): Uint8Array {
  if (hash?.length !== 32)
    throw new HistoryError('path is too short or holds something other than 32-byte hashes');
  return hash;
}
