import { bytesEqual, isZero } from '../../../proofs/bytes.js';
import { digest64 } from '../../../proofs/hash/hasher.js';
import { indexDepth } from './gindices.js';

/**
 * `is_valid_normalized_merkle_branch` (consensus-specs `altair/light-client/sync-protocol.md`): a branch that is longer than
 * the index is deep begins with zero nodes.
 */
export function isValidBranch(
  leaf: Uint8Array,
  branch: readonly Uint8Array[],
  gindex: number,
  root: Uint8Array,
): boolean {
  const extra = branch.length - indexDepth(gindex);
  if (extra < 0) return false;
  let node = leaf;
  let index = gindex;
  for (const [i, sibling] of branch.entries()) {
    if (i < extra) {
      if (!isZero(sibling)) return false;
      continue;
    }
    node = index % 2 === 1 ? digest64(sibling, node) : digest64(node, sibling);
    index = Math.floor(index / 2);
  }
  return bytesEqual(node, root);
}

/** Whether a branch is all zero: the form in which an update says that it has none. */
export function isEmptyBranch(branch: readonly Uint8Array[]): boolean {
  return branch.every(isZero);
}
