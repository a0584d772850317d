import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesEqual } from '../../../proofs/bytes.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { decodeRlp, encodeRlp, type RlpItem } from '../rlp/rlp.js';
import { EMPTY_TRIE_ROOT } from './build.js';
import { decodePath, nibblesOf } from './nibbles.js';

/** A trie proof that does not hold. */
export class TrieProofError extends CrossrootError {
  override readonly name = 'TrieProofError';
}

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
  if (nodes.length > MAX_NODES) throw new TrieProofError(`trie proof has ${nodes.length} nodes`);
  if (bytesEqual(root, EMPTY_TRIE_ROOT)) {
    if (nodes.length > 0) throw new TrieProofError('trie proof has nodes though the trie is empty');
    return undefined;
  }
  let used = 0;
  const take = (hash: Uint8Array): RlpItem => {
    const raw = nodes[used++];
    if (raw === undefined) throw new TrieProofError('trie proof lacks a node');
    if (!bytesEqual(keccak_256(raw), hash))
      throw new TrieProofError(`trie node ${used - 1} does not have the hash that leads to it`);
    // Below the root, a short node would have been inside its parent.
    if (used > 1 && raw.length < 32)
      throw new TrieProofError(`trie node ${used - 1} is shorter than its hash`);
    return decode(raw);
  };
  const value = walk(take(root), nibblesOf(key), take);
  if (used !== nodes.length) throw new TrieProofError(`trie proof has ${nodes.length - used} nodes too many`);
  return value;
}

function walk(
  start: RlpItem,
  nibbles: readonly number[],
  take: (hash: Uint8Array) => RlpItem,
): Uint8Array | undefined {
  let node = start;
  let path = nibbles;
  for (;;) {
    if (node instanceof Uint8Array) throw new TrieProofError('a trie node is not a list');
    if (node.length === 17) {
      checkBranch(node);
      const [next] = path;
      if (next === undefined) return entryValue(node[16], true);
      path = path.slice(1);
      const child = node[next];
      if (child === undefined || (child instanceof Uint8Array && child.length === 0)) return undefined;
      node = follow(child, take);
      continue;
    }
    if (node.length !== 2 || !(node[0] instanceof Uint8Array))
      throw new TrieProofError('a trie node is neither branch, extension nor leaf');
    const { nibbles: own, isLeaf } = readPath(node[0]);
    const matches = own.every((nibble, i) => path[i] === nibble);
    if (isLeaf) return matches && own.length === path.length ? entryValue(node[1], false) : undefined;
    if (!matches) return undefined;
    path = path.slice(own.length);
    node = follow(node[1], take);
    if (node.length !== 17) throw new TrieProofError('a trie extension does not lead to a branch');
  }
}

/** With fewer than two ways on, it would be a leaf or an extension. */
function checkBranch(node: readonly RlpItem[]): void {
  const used = node.filter((item) => !(item instanceof Uint8Array && item.length === 0)).length;
  if (used < 2) throw new TrieProofError('a trie branch has fewer than two entries');
}

function follow(child: RlpItem | undefined, take: (hash: Uint8Array) => RlpItem): RlpItem {
  if (child instanceof Uint8Array) {
    if (child.length !== 32) throw new TrieProofError('a trie reference is neither a hash nor a node');
    return take(child);
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

function decode(raw: Uint8Array): RlpItem {
  try {
    return decodeRlp(raw);
  } catch (error) {
    if (error instanceof MalformedInputError)
      throw new TrieProofError(`a trie node is not RLP: ${error.message}`, { cause: error });
    throw error;
  }
}

function readPath(bytes: Uint8Array): ReturnType<typeof decodePath> {
  try {
    return decodePath(bytes);
  } catch (error) {
    if (error instanceof MalformedInputError) throw new TrieProofError(error.message, { cause: error });
    throw error;
  }
}
