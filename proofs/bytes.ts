import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { MalformedInputError } from './errors/input.js';

export type Hex = `0x${string}`;

export const ZERO32: Uint8Array = new Uint8Array(32);

/** Lower-case `0x` hex of `bytes`. */
export function toHex(bytes: Uint8Array): Hex {
  return `0x${bytesToHex(bytes)}`;
}

/** Lower-case hex of `bytes` without prefix. */
export function toBareHex(bytes: Uint8Array): string {
  return bytesToHex(bytes);
}

/**
 * Bytes of a hex string, with or without `0x`, in either case.
 * @throws MalformedInputError naming `what`, if it is not hex or not `length` bytes long.
 */
export function fromHex(text: string, what = 'hex', length?: number): Uint8Array {
  const bare = text.startsWith('0x') ? text.slice(2) : text;
  if (bare.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(bare)) {
    throw new MalformedInputError(what, `is not hex: ${text.slice(0, 80)}`);
  }
  const bytes = hexToBytes(bare);
  if (length !== undefined && bytes.length !== length) {
    throw new MalformedInputError(what, `has ${bytes.length} bytes, expected ${length}`);
  }
  return bytes;
}

export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Lexicographic order, as of big-endian numbers. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const d = (a[i] ?? 0) - (b[i] ?? 0);
    if (d !== 0) return d;
  }
  return a.length - b.length;
}

export function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

export function concatBytes(...parts: Uint8Array[]): Uint8Array {
  let total = 0;
  for (const p of parts) total += p.length;
  const out = new Uint8Array(total);
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/** A reversed copy: Bitcoin's display order of a hash from its internal order, and back. */
export function reversed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes).reverse();
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
