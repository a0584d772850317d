import { bytesEqual, toBareHex } from '../../../proofs/bytes.js';
import type { RlpItem } from '../rlp/rlp.js';
import { EMPTY_TRIE_ROOT } from './build.js';
import { nibblesOf } from './nibbles.js';
import { readNode, TrieProofError, type VisitedNode, walkTrie } from './walk.js';

export { TrieProofError } from './walk.js';

/** More nodes than a 32-byte key can have. */
const MAX_NODES = 65;

/**
 * The value of `key` under `root`, or `undefined` where the nodes show that there is none. Strict: exactly the nodes
 * needed, from the root down, each canonical; nothing is taken from anywhere else.
 * @param nodes raw nodes; those shorter than 32 bytes are inside their parents (the root always stands alone)
 * @throws TrieProofError
 */
export function verifyTrieProof(
  root: Uint8Array,
  key: Uint8Array,
  nodes: readonly Uint8Array[],
): Uint8Array | undefined {
  return verifyTrieProofs(root, [key], nodes)[0];
}

export interface TrieProofOptions {
  /** Sees each node on the way. */
  readonly visit?: (node: VisitedNode) => void;
  /** The node from a shorter form in which the proof holds it. Its errors are not caught. */
  readonly restore?: (node: Uint8Array) => Uint8Array;
}

/**
 * As `verifyTrieProof`, for several keys that share nodes: the nodes that any of them needs, each once, in the order in
 * which a walk from the root meets them first (depth first, lower half-bytes first).
 * @returns a value or `undefined` for each key, in the order of the keys
 * @throws TrieProofError
 */
export function verifyTrieProofs(
  root: Uint8Array,
  keys: readonly Uint8Array[],
  nodes: readonly Uint8Array[],
  options: TrieProofOptions = {},
): (Uint8Array | undefined)[] {
  return follow(root, keys, nodes, () => {}, options);
}

/**
 * The nodes of each key alone, of a proof of several.
 * @throws TrieProofError where the proof does not hold
 */
export function splitTrieProof(
  root: Uint8Array,
  keys: readonly Uint8Array[],
  nodes: readonly Uint8Array[],
): Uint8Array[][] {
  const own: Uint8Array[][] = keys.map(() => []);
  follow(root, keys, nodes, (raw, ways) => {
    for (const way of ways) own[way]?.push(raw);
  });
  return own;
}

function follow(
  root: Uint8Array,
  keys: readonly Uint8Array[],
  nodes: readonly Uint8Array[],
  use: (raw: Uint8Array, ways: readonly number[]) => void,
  { visit, restore }: TrieProofOptions = {},
): (Uint8Array | undefined)[] {
  if (nodes.length > MAX_NODES * keys.length)
    throw new TrieProofError(`trie proof has ${nodes.length} nodes`);
  if (bytesEqual(root, EMPTY_TRIE_ROOT)) {
    if (nodes.length > 0) throw new TrieProofError('trie proof has nodes though the trie is empty');
    return keys.map(() => undefined);
  }
  const known = new Map<string, { readonly raw: Uint8Array; readonly item: RlpItem }>();
  let used = 0;
  const values = walkTrie(root, {
    paths: keys.map(nibblesOf),
    visit,
    take(hash, ways) {
      const id = toBareHex(hash);
      let node = known.get(id);
      if (node === undefined) {
        const given = nodes[used++];
        if (given === undefined) throw new TrieProofError('trie proof lacks a node');
        const raw = restore === undefined ? given : restore(given);
        const item = readNode(raw, hash, `trie node ${used - 1}`);
        // Below the root, a short node would have been inside its parent.
        if (used > 1 && raw.length < 32)
          throw new TrieProofError(`trie node ${used - 1} is shorter than its hash`);
        node = { raw, item };
        known.set(id, node);
      }
      use(node.raw, ways);
      return node.item;
    },
  });
  if (used !== nodes.length) throw new TrieProofError(`trie proof has ${nodes.length - used} nodes too many`);
  return values;
}
