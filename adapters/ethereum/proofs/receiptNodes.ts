import { decodeRlp, encodeRlp, type RlpItem } from '../rlp/rlp.js';
import { withBloom, withoutBloom } from './receipt.js';

/** First half-byte of a leaf's path (hex-prefix encoding, Yellow Paper, appendix C). */
const LEAF_FLAGS = [2, 3];

/** A node of a receipts trie as proofs hold it: a leaf's receipt is without its bloom, any other node is as it is. @throws MalformedInputError */
export function stripReceiptNode(raw: Uint8Array): Uint8Array {
  const leaf = leafOf(raw);
  return leaf === undefined ? raw : encodeRlp([leaf.path, withoutBloom(leaf.value)]);
}

/** Inverse of `stripReceiptNode`. @throws MalformedInputError */
export function restoreReceiptNode(stripped: Uint8Array): Uint8Array {
  const leaf = leafOf(stripped);
  return leaf === undefined ? stripped : encodeRlp([leaf.path, withBloom(leaf.value).raw]);
}

function leafOf(raw: Uint8Array): { readonly path: Uint8Array; readonly value: Uint8Array } | undefined {
  const item: RlpItem = decodeRlp(raw);
  if (item instanceof Uint8Array || item.length !== 2) return undefined;
  const [path, value] = item;
  if (!(path instanceof Uint8Array) || !(value instanceof Uint8Array)) return undefined;
  return LEAF_FLAGS.includes((path[0] ?? 0) >> 4) ? { path, value } : undefined;
}
