import { concatBytes, utf8 } from '../../proofs/bytes.js';

/**
 * First byte of each kind of record in the store.
 * block: hash → raw block · index: arrival number → header and state · undo: hash → spent coins ·
 * coin: outpoint → coin · transaction: txid → block hash · mempool: arrival number → raw transaction · tip: → hash
 */
const PREFIX = {
  block: 'b',
  index: 'i',
  undo: 'd',
  coin: 'u',
  transaction: 't',
  mempool: 'm',
  tip: 'T',
} as const;

export type RecordKind = keyof typeof PREFIX;

export function storeKey(kind: RecordKind, rest: Uint8Array = new Uint8Array()): Uint8Array {
  return concatBytes(utf8(PREFIX[kind]), rest);
}

/** The range of all keys of a kind. */
export function storeRange(kind: RecordKind): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  const first = PREFIX[kind].charCodeAt(0);
  return { gte: Uint8Array.of(first), lt: Uint8Array.of(first + 1) };
}

/** A number as a key that sorts by value. */
export function numberKey(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
