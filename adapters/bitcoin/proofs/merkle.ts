import { bytesEqual } from '../../../proofs/bytes.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { hasher, sha256dMany } from '../../../proofs/hash/hasher.js';

/** More levels than any block can have: a block of 2^24 transactions does not fit the weight limit. */
export const MAX_DEPTH = 24;

/** Bitcoin's inner node: double SHA-256 of both children. */
export function parentOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  const { digest64, sha256 } = hasher();
  return sha256(digest64(left, right));
}

/**
 * Rows of the Merkle tree over `leaves`, leaves first, root last. An odd row's last node is paired with itself
 * (Bitcoin Core `ComputeMerkleRoot`).
 */
export function merkleRows(leaves: readonly Uint8Array[]): Uint8Array[][] {
  const rows = [[...leaves]];
  for (let row = rows[0] ?? []; row.length > 1; ) {
    const pairs = new Uint8Array(64 * Math.ceil(row.length / 2));
    row.forEach((node, i) => {
      pairs.set(node, 32 * i);
    });
    const last = row.at(-1);
    if (last !== undefined && row.length % 2 === 1) pairs.set(last, 32 * row.length);
    const hashes = sha256dMany(pairs, 64);
    row = Array.from({ length: hashes.length / 32 }, (_, i) => hashes.subarray(32 * i, 32 * i + 32));
    rows.push(row);
  }
  return rows;
}

/** Whether two neighbours in a row are equal: another list of transactions has the same root (CVE-2012-2459). */
export function isMutated(rows: readonly (readonly Uint8Array[])[]): boolean {
  return rows.some((row) =>
    row.some((node, i) => {
      const neighbour = row[i + 1];
      return i % 2 === 0 && neighbour !== undefined && bytesEqual(node, neighbour);
    }),
  );
}

/**
 * Nodes that prove the leaves at `indices` (ascending, at least one): the roots of all subtrees without any of them,
 * each once, from left to right as a walk from the root meets them. The padding of odd rows counts as given.
 */
export function multiproofNodes(
  rows: readonly (readonly Uint8Array[])[],
  indices: readonly number[],
): Uint8Array[] {
  const nodes: Uint8Array[] = [];
  const walk = (level: number, position: number, from: number, to: number): void => {
    if (from === to) {
      const row = rows[level] ?? [];
      const node = row[Math.min(position, row.length - 1)];
      if (node !== undefined) nodes.push(node);
    } else if (level > 0) {
      const middle = split(indices, from, to, (2 * position + 1) * 2 ** (level - 1));
      walk(level - 1, 2 * position, from, middle);
      walk(level - 1, 2 * position + 1, middle, to);
    }
  };
  walk(rows.length - 1, 0, 0, indices.length);
  return nodes;
}

/** A leaf under proof. */
export interface ProvenLeaf {
  readonly index: number;
  readonly hash: Uint8Array;
}

/**
 * Root of the full tree of `depth` levels that the proof describes.
 * @param leaves ascending by index, at least one, each index below 2^depth
 * @throws ProofError `non-canonical` for missing or extra nodes; `transaction-mismatch` for a leaf that is only the
 *   padding of an odd row (CVE-2012-2459)
 */
export function multiproofRoot(
  depth: number,
  leaves: readonly ProvenLeaf[],
  nodes: readonly Uint8Array[],
): Uint8Array {
  const indices = leaves.map((leaf) => leaf.index);
  let next = 0;
  const walk = (level: number, position: number, from: number, to: number): Uint8Array => {
    if (from === to) {
      const node = nodes[next++];
      if (node === undefined) throw new ProofError('non-canonical', 'Merkle proof lacks nodes');
      return node;
    }
    const leaf = leaves[from];
    if (level === 0 && leaf !== undefined) return leaf.hash;
    const middle = split(indices, from, to, (2 * position + 1) * 2 ** (level - 1));
    const left = walk(level - 1, 2 * position, from, middle);
    const right = walk(level - 1, 2 * position + 1, middle, to);
    // Equal children are the padding of an odd row: nothing can be proven in it, or to the right of it.
    if (bytesEqual(left, right) && (middle < to || to < leaves.length)) {
      throw new ProofError('transaction-mismatch', 'a right Merkle node equals its left sibling');
    }
    return parentOf(left, right);
  };
  const root = walk(depth, 0, 0, leaves.length);
  if (next !== nodes.length)
    throw new ProofError('non-canonical', `${nodes.length - next} Merkle nodes too many`);
  return root;
}

/** First place in `indices[from..to]` whose index is at least `border`. */
function split(indices: readonly number[], from: number, to: number, border: number): number {
  let at = from;
  while (at < to && (indices[at] ?? 0) < border) at++;
  return at;
}
