import { MalformedInputError } from '../../../proofs/errors/input.js';
import type { RlpItem } from './rlp.js';

/** Typed access to RLP items. `what` names the place in errors. */
export function listOf(item: RlpItem | undefined, what: string, min: number, max = min): readonly RlpItem[] {
  if (item === undefined || item instanceof Uint8Array) throw new MalformedInputError(what, 'is not a list');
  if (item.length < min || item.length > max) throw new MalformedInputError(what, `has ${item.length} items`);
  return item;
}

/** Bytes of a fixed length, or (without one) of any. */
export function bytesOf(item: RlpItem | undefined, what: string, length?: number): Uint8Array {
  if (!(item instanceof Uint8Array)) throw new MalformedInputError(what, 'is not a byte string');
  if (length !== undefined && item.length !== length) {
    throw new MalformedInputError(what, `has ${item.length} bytes, expected ${length}`);
  }
  return item;
}

/** An unsigned integer without leading zeros, of at most `maxBytes`. */
export function integerOf(item: RlpItem | undefined, what: string, maxBytes = 32): bigint {
  const bytes = bytesOf(item, what);
  if (bytes.length > maxBytes || bytes[0] === 0)
    throw new MalformedInputError(what, 'is not an integer in its shortest form');
  let value = 0n;
  for (const byte of bytes) value = value * 256n + BigInt(byte);
  return value;
}

/** A 20-byte address, or `undefined` for the empty string (contract creation). */
export function addressOrNone(item: RlpItem | undefined, what: string): Uint8Array | undefined {
  const bytes = bytesOf(item, what);
  if (bytes.length !== 0 && bytes.length !== 20)
    throw new MalformedInputError(what, `has ${bytes.length} bytes, expected 20 or none`);
  return bytes.length === 0 ? undefined : bytes;
}

/** Shortest big-endian bytes; none for zero. */
export function integerBytes(value: bigint | number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = BigInt(value); rest > 0n; rest /= 256n) bytes.unshift(Number(rest % 256n));
  return Uint8Array.from(bytes);
}
