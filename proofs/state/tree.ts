import { concatBytes, utf8 } from '../bytes.js';
import { sha256 } from '../hash/hasher.js';

/**
 * The state as a binary sparse Merkle tree over 256-bit keys, most significant bit first. A subtree with no entry is
 * 32 zero bytes, one with a single entry is that entry's leaf, any other is `sha256(left ‖ right)`. Nodes are stored
 * as their preimages: 64 bytes for an inner node, 65 for a leaf, so that neither can be taken for the other.
 */
export const STATE_DEPTH = 256;

/** First byte of a leaf's preimage. */
export const LEAF_TAG = 0x00;

/** Key of an entry: `sha256(module ‖ 0x00 ‖ key)`. Module names are ASCII without zero bytes. */
export function stateKey(module: string, key: Uint8Array): Uint8Array {
  return sha256(concatBytes(utf8(module), Uint8Array.of(0), key));
}

/** Preimage of a leaf: `0x00 ‖ key ‖ sha256(value)`, 65 bytes. */
export function leafPreimage(key: Uint8Array, valueHash: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(LEAF_TAG), key, valueHash);
}

/** Hash of a leaf: 32 bytes. */
export function leafHash(key: Uint8Array, valueHash: Uint8Array): Uint8Array {
  return sha256(leafPreimage(key, valueHash));
}

/** Bit `depth` of a key, from the most significant: 0 is left, 1 is right. */
export function keyBit(key: Uint8Array, depth: number): 0 | 1 {
  return (((key[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1) === 1 ? 1 : 0;
}

/** Number of leading bits that two keys share. */
export function sharedBits(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < 32; i++) {
    const difference = (a[i] ?? 0) ^ (b[i] ?? 0);
    if (difference !== 0) return i * 8 + Math.clz32(difference) - 24;
  }
  return STATE_DEPTH;
}
