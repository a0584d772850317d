import { type KeyProof, mergeNodes } from './merge.js';
import { verifyTrieProof, verifyTrieProofs } from './verify.js';

/**
 * Joins proofs of single keys under one root into one proof.
 * @throws TrieProofError if one of them does not hold
 */
export function joinTrieProofs(root: Uint8Array, proofs: readonly KeyProof[]): Uint8Array[] {
  for (const { key, nodes } of proofs) verifyTrieProof(root, key, nodes);
  const keys = proofs.map(({ key }) => key);
  const merged = mergeNodes(proofs);
  verifyTrieProofs(root, keys, merged);
  return merged;
}
