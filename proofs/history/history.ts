import { ContainerType } from '@chainsafe/ssz';
import { ZERO32 } from '../bytes.js';
import { Bytes32, Count64 } from '../containers/primitives.js';
import { digest64 } from '../hash/hasher.js';
import { HistoryError } from './errors.js';
import { children, type NodeReader, type NodeWriter } from './nodes.js';
import { type HashRules, mountains, nodePosition, plainRules } from './rules.js';

/**
 * A Merkle mountain range over the leaves of heights `start`, `start + 1`, …: perfect binary trees ("mountains") of
 * shrinking height, one a set bit of `size`. A value: appending and truncating give a new one.
 */
export interface History {
  /** Height of the first leaf. */
  readonly start: number;
  readonly size: number;
  /** Roots of the mountains, left (tallest) to right: 32 bytes each. */
  readonly peaks: readonly Uint8Array[];
}

/** What a history root is the hash tree root of. */
export const HistoryRootType = new ContainerType(
  { start: Count64, size: Count64, bagged: Bytes32 },
  { typeName: 'HistoryRoot', jsonCase: 'eth2' },
);

export function emptyHistory(start: number): History {
  return { start, size: 0, peaks: [] };
}

/** Peaks folded right to left: `H(p0 ‖ H(p1 ‖ … pn))`; 32 zero bytes for none. */
export function bagPeaks(peaks: readonly Uint8Array[]): Uint8Array {
  let bag = peaks.at(-1) ?? ZERO32;
  for (let i = peaks.length - 2; i >= 0; i--) bag = digest64(peaks[i] ?? ZERO32, bag);
  return bag;
}

/** Root of a history from its bagged peaks: 32 bytes. */
export function rootOfBag(start: number, size: number, bagged: Uint8Array): Uint8Array {
  return HistoryRootType.hashTreeRoot({ start, size, bagged });
}

export function historyRoot(history: History): Uint8Array {
  return rootOfBag(history.start, history.size, bagPeaks(history.peaks));
}

/**
 * Appends leaves (32 bytes each) in order, writing each new inner node once. Whole rows are hashed together, so a
 * large batch runs at the speed of the batched hash.
 */
export function append(
  history: History,
  leaves: readonly Uint8Array[],
  nodes: NodeWriter,
  rules: HashRules = plainRules,
): History {
  const size = history.size + leaves.length;
  // Row `height` holds the hashes of the subtrees that are complete now and were not before, in order.
  let row = [...leaves];
  let first = history.size;
  const peaks: Uint8Array[] = [];
  let rest = [...history.peaks];
  for (let height = 0; row.length > 0 || rest.length > 0; height++) {
    // An odd start means that the subtree left of the row is an old peak of this height: it joins the row.
    if (first % 2 === 1) {
      const left = rest.at(-1);
      if (left === undefined) throw new HistoryError(`history of size ${history.size} lacks a peak`);
      rest = rest.slice(0, -1);
      row.unshift(left);
      first -= 1;
    }
    // What has no right sibling is a peak of the new history.
    if (row.length % 2 === 1) peaks.unshift((row.pop() ?? ZERO32).slice());
    row = joinRow(row, first, height + 1, nodes, rules);
    first = Math.floor(first / 2);
  }
  return { start: history.start, size, peaks };
}

/** Parents of the pairs in `row`, whose first subtree is number `first` of its height. */
function joinRow(
  row: readonly Uint8Array[],
  first: number,
  height: number,
  nodes: NodeWriter,
  rules: HashRules,
): Uint8Array[] {
  const parents: Uint8Array[] = [];
  const pairs = new Uint8Array(row.length * 32);
  row.forEach((hash, i) => {
    pairs.set(hash, i * 32);
  });
  const whole = rules.row?.(pairs);
  for (let i = 0; i < row.length; i += 2) {
    const pair = pairs.subarray(i * 32, i * 32 + 64);
    const end = (first + i + 2) * 2 ** (height - 1);
    const hash =
      whole?.subarray(i * 16, i * 16 + 32) ??
      rules.node(pair.subarray(0, 32), pair.subarray(32), nodePosition(end, height));
    nodes.put(hash, pair);
    parents.push(hash);
  }
  return parents;
}

/** The first `size` leaves of `history`. @throws HistoryError if there are fewer; MissingNodeError */
export function truncate(history: History, size: number, nodes: NodeReader): History {
  if (!Number.isSafeInteger(size) || size < 0 || size > history.size) {
    throw new HistoryError(`cannot truncate a history of ${history.size} leaves to ${size}`);
  }
  let first = 0;
  const peaks = mountains(size).map((height) => {
    const peak = subtree(history, first, height, nodes);
    first += 2 ** height;
    return peak;
  });
  return { start: history.start, size, peaks };
}

/** Hash of the perfect subtree over leaves `first` to `first + 2^height - 1`. `first` is a multiple of `2^height`. */
export function subtree(history: History, first: number, height: number, nodes: NodeReader): Uint8Array {
  let at = 0;
  for (const [k, top] of mountains(history.size).entries()) {
    const span = 2 ** top;
    if (first >= at + span) {
      at += span;
      continue;
    }
    let hash = history.peaks[k];
    if (hash === undefined || height > top) break;
    for (let h = top - 1; h >= height; h--) {
      const [left, right] = children(nodes, hash);
      const goRight = first >= at + 2 ** h;
      if (goRight) at += 2 ** h;
      hash = goRight ? right : left;
    }
    return hash;
  }
  throw new HistoryError(
    `no subtree of height ${height} at leaf ${first} in a history of ${history.size} leaves`,
  );
}

/** The leaf at `index` (from 0). @throws HistoryError beyond the end; MissingNodeError */
export function leafAt(history: History, index: number, nodes: NodeReader): Uint8Array {
  return subtree(history, index, 0, nodes);
}
