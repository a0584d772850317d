import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesEqual } from '../../../proofs/bytes.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { decodeRlp, encodeRlp, type RlpItem } from '../rlp/rlp.js';
import { decodePath } from './nibbles.js';

/** A trie proof that does not hold. */
export class TrieProofError extends CrossrootError {
  override readonly name = 'TrieProofError';
}

/** A decoded node on the way of some keys. */
export interface VisitedNode {
  /** Two items (leaf, extension) or 17 (branch). */
  readonly items: readonly RlpItem[];
  /** Half-bytes of the keys that lie above it. */
  readonly depth: number;
  /** Places of the keys whose ways go through it. */
  readonly ways: readonly number[];
}

export interface Walk {
  /** The keys' half-bytes. */
  readonly paths: readonly (readonly number[])[];
  /** The node of that hash, decoded. Called depth first, lower half-bytes first; never for nodes inside their parents. */
  take(hash: Uint8Array, ways: readonly number[]): RlpItem;
  readonly visit?: ((node: VisitedNode) => void) | undefined;
}

/**
 * Follows keys down a trie at once and gives the value of each, `undefined` where there is none. Every node on the way has
 * to be canonical.
 * @throws TrieProofError
 */
export function walkTrie(root: Uint8Array, walk: Walk): (Uint8Array | undefined)[] {
  const values: (Uint8Array | undefined)[] = walk.paths.map(() => undefined);
  const all = walk.paths.map((_, way) => way);
  if (all.length > 0) descend(walk.take(root, all), all, 0, walk, values);
  return values;
}

/** Decodes a raw node and compares its hash. @param what for errors */
export function readNode(raw: Uint8Array, hash: Uint8Array, what: string): RlpItem {
  if (!bytesEqual(keccak_256(raw), hash))
    throw new TrieProofError(`${what} does not have the hash that leads to it`);
  try {
    return decodeRlp(raw);
  } catch (error) {
    if (error instanceof MalformedInputError)
      throw new TrieProofError(`a trie node is not RLP: ${error.message}`, { cause: error });
    throw error;
  }
}

function descend(
  node: RlpItem,
  ways: readonly number[],
  depth: number,
  walk: Walk,
  values: (Uint8Array | undefined)[],
): void {
  if (node instanceof Uint8Array) throw new TrieProofError('a trie node is not a list');
  walk.visit?.({ items: node, depth, ways });
  if (node.length === 17) {
    branch(node, ways, depth, walk, values);
    return;
  }
  if (node.length !== 2 || !(node[0] instanceof Uint8Array))
    throw new TrieProofError('a trie node is neither branch, extension nor leaf');
  const { nibbles: own, isLeaf } = readPath(node[0]);
  const end = depth + own.length;
  const matching = ways.filter((way) => own.every((nibble, i) => walk.paths[way]?.[depth + i] === nibble));
  if (isLeaf) {
    const value = entryValue(node[1], false);
    for (const way of matching) if (walk.paths[way]?.length === end) values[way] = value;
    return;
  }
  if (matching.length === 0) return;
  const child = follow(node[1], matching, walk);
  if (child.length !== 17) throw new TrieProofError('a trie extension does not lead to a branch');
  descend(child, matching, end, walk, values);
}

function branch(
  node: readonly RlpItem[],
  ways: readonly number[],
  depth: number,
  walk: Walk,
  values: (Uint8Array | undefined)[],
): void {
  // With fewer than two ways on, it would be a leaf or an extension.
  if (node.filter((item) => !isEmpty(item)).length < 2)
    throw new TrieProofError('a trie branch has fewer than two entries');
  const below: number[][] = Array.from({ length: 16 }, () => []);
  for (const way of ways) {
    const next = walk.paths[way]?.[depth];
    if (next === undefined) values[way] = entryValue(node[16], true);
    else below[next]?.push(way);
  }
  for (const [nibble, through] of below.entries()) {
    const child = node[nibble];
    if (through.length > 0 && !isEmpty(child))
      descend(follow(child, through, walk), through, depth + 1, walk, values);
  }
}

function isEmpty(item: RlpItem | undefined): boolean {
  return item === undefined || (item instanceof Uint8Array && item.length === 0);
}

function follow(child: RlpItem | undefined, ways: readonly number[], walk: Walk): RlpItem {
  if (child instanceof Uint8Array) {
    if (child.length !== 32) throw new TrieProofError('a trie reference is neither a hash nor a node');
    return walk.take(child, ways);
  }
  if (child === undefined) throw new TrieProofError('a trie node lacks its child');
  if (encodeRlp(child).length >= 32)
    throw new TrieProofError('a trie node inside another is too long to be there');
  return child;
}

function entryValue(item: RlpItem | undefined, mayBeEmpty: boolean): Uint8Array | undefined {
  if (!(item instanceof Uint8Array)) throw new TrieProofError('a trie value is not a byte string');
  if (item.length > 0) return item;
  if (!mayBeEmpty) throw new TrieProofError('a trie leaf is empty');
  return undefined;
}

function readPath(bytes: Uint8Array): ReturnType<typeof decodePath> {
  try {
    return decodePath(bytes);
  } catch (error) {
    if (error instanceof MalformedInputError) throw new TrieProofError(error.message, { cause: error });
    throw error;
  }
}
