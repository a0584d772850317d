import { keccak_256 } from '@noble/hashes/sha3.js';
import { compareBytes, toBareHex } from '../../../proofs/bytes.js';

/** A key and the nodes from the root down that prove it. */
export interface KeyProof {
  readonly key: Uint8Array;
  readonly nodes: readonly Uint8Array[];
}

/** The nodes of several keys, each once, in the order that `verifyTrieProofs` takes. Checks nothing. */
export function mergeNodes(proofs: readonly KeyProof[]): Uint8Array[] {
  const seen = new Set<Uint8Array>();
  const hashes = new Set<string>();
  const merged: Uint8Array[] = [];
  // Along sorted keys, the nodes not met before are those that a depth-first walk meets next.
  for (const { nodes } of [...proofs].sort((a, b) => compareBytes(a.key, b.key))) {
    for (const node of nodes) {
      if (seen.has(node)) continue;
      seen.add(node);
      const hash = toBareHex(keccak_256(node));
      if (hashes.has(hash)) continue;
      hashes.add(hash);
      merged.push(node);
    }
  }
  return merged;
}
