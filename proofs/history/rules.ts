import { digest64, hasher } from '../hash/hasher.js';

/**
 * How inner nodes are hashed. Crossroot's own rule is `sha256(left ‖ right)`; other Merkle mountain ranges mix the
 * node's position in.
 */
export interface HashRules {
  /** @param position of the parent in post-order, from 0 (its index in the mountain range's node list) */
  node(left: Uint8Array, right: Uint8Array, position: number): Uint8Array;
  /** Hashes a whole row at once where positions do not matter: `pairs` is n * 64 bytes, the result n * 32. */
  row?(pairs: Uint8Array): Uint8Array;
}

export const plainRules: HashRules = {
  node: digest64,
  row: (pairs) => hasher().digestPairs(pairs),
};

/** Post-order position of the node of `height` over the leaves that end just before `end`. */
export function nodePosition(end: number, height: number): number {
  return 2 * (end - 1) - popcount(end - 1) + height;
}

export function popcount(n: number): number {
  let count = 0;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}

/** Heights of the mountains over `size` leaves, left to right: the set bits of `size`, high to low. */
export function mountains(size: number): number[] {
  const heights: number[] = [];
  for (let h = 0, rest = size; rest > 0; h++, rest = Math.floor(rest / 2))
    if (rest % 2 === 1) heights.unshift(h);
  return heights;
}
