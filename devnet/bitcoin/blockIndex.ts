import { decodeHeader } from '../../adapters/bitcoin/rules/header.js';
import { concatBytes, fromHex } from '../../proofs/bytes.js';
import { workOf } from './block.js';
import { CorruptChainError } from './errors.js';

/** One known block: a node in the tree of all branches. */
export interface BlockEntry {
  /** Hex of the hash, internal byte order. */
  readonly key: string;
  readonly hash: Uint8Array;
  readonly header: Uint8Array;
  readonly parent: BlockEntry | undefined;
  readonly height: number;
  /** Work of the whole branch. */
  readonly work: bigint;
  readonly time: number;
  readonly bits: number;
  /** Order of arrival: breaks ties of work. */
  readonly order: number;
  readonly transactions: number;
  /** Marked by a rule that it broke or by `invalidateblock`. */
  failed: boolean;
  /** `failed`, or an ancestor is. */
  invalid: boolean;
  /** Whether it was part of the best chain since the node started. */
  connected: boolean;
}

/** All known blocks in memory, and the best one by work. */
export class BlockIndex {
  readonly #entries = new Map<string, BlockEntry>();
  #nextOrder = 0;

  get nextOrder(): number {
    return this.#nextOrder;
  }

  get(key: string): BlockEntry | undefined {
    return this.#entries.get(key);
  }

  all(): IterableIterator<BlockEntry> {
    return this.#entries.values();
  }

  insert(entry: BlockEntry): void {
    this.#entries.set(entry.key, entry);
    this.#nextOrder = Math.max(this.#nextOrder, entry.order + 1);
  }

  /** The valid block with most work; the first seen of equals. */
  best(): BlockEntry {
    let best: BlockEntry | undefined;
    for (const entry of this.#entries.values()) {
      if (entry.invalid) continue;
      if (best === undefined || isBetter(entry, best)) best = entry;
    }
    if (best === undefined) throw new CorruptChainError('it has no valid block');
    return best;
  }

  /** Recomputes `invalid` everywhere from the `failed` marks. */
  refresh(): void {
    for (const entry of [...this.#entries.values()].sort((a, b) => a.height - b.height))
      entry.invalid = entry.failed || (entry.parent?.invalid ?? false);
  }

  /** Blocks that nothing builds on. */
  tips(): BlockEntry[] {
    const parents = new Set([...this.#entries.values()].map((entry) => entry.parent?.key));
    return [...this.#entries.values()].filter((entry) => !parents.has(entry.key));
  }
}

/** More work, or as much and seen earlier. */
export function isBetter(a: BlockEntry, b: BlockEntry): boolean {
  return a.work > b.work || (a.work === b.work && a.order < b.order);
}

/** @param rootHeight height of a block without a known parent */
export function makeEntry(
  key: string,
  header: Uint8Array,
  parent: BlockEntry | undefined,
  order: number,
  transactions: number,
  rootHeight = 0,
): BlockEntry {
  const { time, bits } = decodeHeader(header);
  return {
    key,
    hash: fromHex(key, 'block hash', 32),
    header: header.slice(),
    parent,
    height: parent === undefined ? rootHeight : parent.height + 1,
    work: (parent?.work ?? 0n) + workOf(bits),
    time,
    bits,
    order,
    transactions,
    failed: false,
    invalid: parent?.invalid ?? false,
    connected: false,
  };
}

/** Median of the times of `entry` and the ten before it (`CBlockIndex::GetMedianTimePast`). */
export function medianTimePast(entry: BlockEntry): number {
  const times: number[] = [];
  for (let at: BlockEntry | undefined = entry; at !== undefined && times.length < 11; at = at.parent)
    times.push(at.time);
  times.sort((a, b) => a - b);
  return times[times.length >> 1] ?? entry.time;
}

export function ancestorAt(entry: BlockEntry, height: number): BlockEntry | undefined {
  let at: BlockEntry | undefined = entry;
  while (at !== undefined && at.height > height) at = at.parent;
  return at?.height === height ? at : undefined;
}

/** Last common block of two branches. */
export function forkOf(a: BlockEntry, b: BlockEntry): BlockEntry {
  let left: BlockEntry | undefined = ancestorAt(a, Math.min(a.height, b.height));
  let right: BlockEntry | undefined = ancestorAt(b, Math.min(a.height, b.height));
  while (left !== undefined && right !== undefined && left !== right) {
    left = left.parent;
    right = right.parent;
  }
  if (left === undefined || right === undefined) throw new CorruptChainError('two branches share no block');
  return left;
}

/** Record of an entry: header, number of transactions, failed mark. */
export function encodeEntry(entry: BlockEntry): Uint8Array {
  const tail = new Uint8Array(5);
  new DataView(tail.buffer).setUint32(0, entry.transactions);
  tail[4] = entry.failed ? 1 : 0;
  return concatBytes(entry.header, tail);
}

export function decodeEntry(bytes: Uint8Array): {
  readonly header: Uint8Array;
  readonly transactions: number;
  readonly failed: boolean;
} {
  if (bytes.length !== 85) throw new CorruptChainError('an index record has the wrong length');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { header: bytes.slice(0, 80), transactions: view.getUint32(80), failed: bytes[84] === 1 };
}
