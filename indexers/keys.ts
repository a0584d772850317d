import { utf8 } from '../proofs/bytes.js';

/** First byte of every key that the indexers write: one a table, never reused. */
export const Table = {
  logEvent: 0x10,
  logHead: 0x11,
  logLease: 0x12,
  logCursor: 0x13,
  logTime: 0x14,
  mirrorState: 0x15,
  /** No longer written; not to be used for anything else. */
  mirrorBest: 0x16,
  mirrorPoison: 0x17,
  mirrorStream: 0x18,
  streamRecord: 0x19,
  streamEnd: 0x1a,
  streamTip: 0x1b,
  mirrorBestRun: 0x1c,
  bookHeader: 0x20,
  bookBest: 0x21,
  bookState: 0x22,
  evidence: 0x23,
  evidenceBranches: 0x24,
  lightClient: 0x25,
  lightClientUpdate: 0x26,
  transaction: 0x30,
  blockTransactions: 0x31,
} as const;
export type TableCode = (typeof Table)[keyof typeof Table];

/**
 * A key whose byte order is the order of its parts: strings and bytes by length prefix (at most 255 bytes), numbers as
 * 64-bit big-endian.
 */
export function tableKey(table: TableCode, ...parts: readonly (string | number | Uint8Array)[]): Uint8Array {
  const encoded = parts.map((part) =>
    typeof part === 'number' ? uint64(part) : prefixed(typeof part === 'string' ? utf8(part) : part),
  );
  const out = new Uint8Array(1 + encoded.reduce((sum, part) => sum + part.length, 0));
  out[0] = table;
  let at = 1;
  for (const part of encoded) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** `tableKey(table, name, number)` for many numbers of one name. */
export function numberedKeys(table: TableCode, name: string): (number: number) => Uint8Array {
  const prefix = tableKey(table, name);
  return (number) => {
    const key = new Uint8Array(prefix.length + 8);
    key.set(prefix);
    writeUint64(key, prefix.length, number);
    return key;
  };
}

/** `tableKey(table, name, bytes)` for many bytes, at most 255 each, of one name. */
export function hashedKeys(table: TableCode, name: string): (bytes: Uint8Array) => Uint8Array {
  const prefix = tableKey(table, name);
  return (bytes) => {
    if (bytes.length > 255) return tableKey(table, name, bytes);
    const key = new Uint8Array(prefix.length + 1 + bytes.length);
    key.set(prefix);
    key[prefix.length] = bytes.length;
    key.set(bytes, prefix.length + 1);
    return key;
  };
}

/** 64-bit big-endian. @throws RangeError for what is not a safe non-negative integer */
export function uint64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  writeUint64(out, 0, value);
  return out;
}

function writeUint64(out: Uint8Array, at: number, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a 64-bit count: ${value}`);
  const high = Math.floor(value / 2 ** 32);
  out[at] = high >>> 24;
  out[at + 1] = high >>> 16;
  out[at + 2] = high >>> 8;
  out[at + 3] = high;
  out[at + 4] = value >>> 24;
  out[at + 5] = value >>> 16;
  out[at + 6] = value >>> 8;
  out[at + 7] = value;
}

/** What `uint64` wrote at `offset`. */
export function readUint64(bytes: Uint8Array, offset = 0): number {
  if (bytes.length < offset + 8) throw new RangeError('a 64-bit number has 8 bytes');
  const word = (at: number): number =>
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0;
  return word(offset) * 2 ** 32 + word(offset + 4);
}

function prefixed(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 255) throw new RangeError(`a key part of ${bytes.length} bytes is too long`);
  const out = new Uint8Array(1 + bytes.length);
  out[0] = bytes.length;
  out.set(bytes, 1);
  return out;
}
