import { bytesEqual, compareBytes, isZero, ZERO32 } from '../../proofs/bytes.js';
import { digest64, sha256 } from '../../proofs/hash/hasher.js';
import type { NodeReader, NodeWriter } from '../../proofs/history/nodes.js';
import type { StateProof } from '../../proofs/state/proof.js';
import { keyBit, LEAF_TAG, leafPreimage, STATE_DEPTH } from '../../proofs/state/tree.js';
import { StateCorruptError } from './errors.js';

/** A change of one entry: the new value's hash, or `undefined` to remove it. Keys are 32 bytes. */
export interface TreeChange {
  readonly key: Uint8Array;
  readonly valueHash: Uint8Array | undefined;
}

type Node =
  | { readonly kind: 'empty' }
  | { readonly kind: 'leaf'; readonly key: Uint8Array; readonly valueHash: Uint8Array }
  | { readonly kind: 'inner'; readonly left: Uint8Array; readonly right: Uint8Array };

const EMPTY: Node = { kind: 'empty' };

function readNode(nodes: NodeReader, hash: Uint8Array): Node {
  if (isZero(hash)) return EMPTY;
  const bytes = nodes.get(hash);
  if (bytes === undefined) throw new StateCorruptError(hash, 'is missing');
  if (bytes.length === 64) return { kind: 'inner', left: bytes.subarray(0, 32), right: bytes.subarray(32) };
  if (bytes.length === 65 && bytes[0] === LEAF_TAG) {
    return { kind: 'leaf', key: bytes.subarray(1, 33), valueHash: bytes.subarray(33) };
  }
  throw new StateCorruptError(hash, 'is neither a leaf nor an inner node');
}

/** Hash of the value of `key` (32 bytes) under `root`, or `undefined`. */
export function treeGet(root: Uint8Array, key: Uint8Array, nodes: NodeReader): Uint8Array | undefined {
  let hash = root;
  for (let depth = 0; depth <= STATE_DEPTH; depth++) {
    const node = readNode(nodes, hash);
    if (node.kind === 'empty') return undefined;
    if (node.kind === 'leaf') return bytesEqual(node.key, key) ? node.valueHash : undefined;
    hash = keyBit(key, depth) === 1 ? node.right : node.left;
  }
  throw new StateCorruptError(root, 'is deeper than its keys are long');
}

/** Proof of what `root` says of `key`, present or not. */
export function treeProof(root: Uint8Array, key: Uint8Array, nodes: NodeReader): StateProof {
  const siblings: Uint8Array[] = [];
  let hash = root;
  for (let depth = 0; depth <= STATE_DEPTH; depth++) {
    const node = readNode(nodes, hash);
    if (node.kind === 'empty') return { siblings, leaf: [] };
    if (node.kind === 'leaf') return { siblings, leaf: [{ key: node.key, valueHash: node.valueHash }] };
    const right = keyBit(key, depth) === 1;
    siblings.push(right ? node.left : node.right);
    hash = right ? node.right : node.left;
  }
  throw new StateCorruptError(root, 'is deeper than its keys are long');
}

/**
 * Applies many changes in one walk: each inner node on the way is hashed and written once.
 * @param changes at most one a key
 * @returns the new root, 32 bytes
 */
export function treeUpdate(root: Uint8Array, changes: readonly TreeChange[], nodes: NodeWriter): Uint8Array {
  const sorted = [...changes].sort((a, b) => compareBytes(a.key, b.key));
  return update(root, sorted, 0, nodes).hash;
}

interface Built {
  readonly hash: Uint8Array;
  /** Empty and single-entry subtrees move up; an inner node does not. */
  readonly kind: Node['kind'];
}

const BUILT_EMPTY: Built = { hash: ZERO32, kind: 'empty' };

function update(hash: Uint8Array, changes: readonly TreeChange[], depth: number, nodes: NodeWriter): Built {
  const node = readNode(nodes, hash);
  if (changes.length === 0) return { hash, kind: node.kind };
  if (node.kind !== 'inner') return rebuild(node, changes, depth, nodes);
  const middle = split(changes, depth);
  const left = update(node.left, changes.slice(0, middle), depth + 1, nodes);
  const right = update(node.right, changes.slice(middle), depth + 1, nodes);
  return join(left, right, nodes);
}

/** Changes to a subtree that has at most one entry: only the entries that result matter. */
function rebuild(
  node: Exclude<Node, { kind: 'inner' }>,
  changes: readonly TreeChange[],
  depth: number,
  nodes: NodeWriter,
): Built {
  const entries: { readonly key: Uint8Array; readonly valueHash: Uint8Array }[] = [];
  for (const { key, valueHash } of changes) if (valueHash !== undefined) entries.push({ key, valueHash });
  if (node.kind === 'leaf' && !changes.some(({ key }) => bytesEqual(key, node.key))) {
    entries.push(node);
    entries.sort((a, b) => compareBytes(a.key, b.key));
  }
  return create(entries, depth, nodes);
}

function create(
  entries: readonly { readonly key: Uint8Array; readonly valueHash: Uint8Array }[],
  depth: number,
  nodes: NodeWriter,
): Built {
  const [first] = entries;
  if (first === undefined) return BUILT_EMPTY;
  if (entries.length === 1) {
    const preimage = leafPreimage(first.key, first.valueHash);
    const hash = sha256(preimage);
    nodes.put(hash, preimage);
    return { hash, kind: 'leaf' };
  }
  const middle = split(entries, depth);
  const left = create(entries.slice(0, middle), depth + 1, nodes);
  const right = create(entries.slice(middle), depth + 1, nodes);
  return join(left, right, nodes);
}

function join(left: Built, right: Built, nodes: NodeWriter): Built {
  if (right.kind === 'empty' && left.kind !== 'inner') return left;
  if (left.kind === 'empty' && right.kind !== 'inner') return right;
  const pair = new Uint8Array(64);
  pair.set(left.hash, 0);
  pair.set(right.hash, 32);
  const hash = digest64(left.hash, right.hash);
  nodes.put(hash, pair);
  return { hash, kind: 'inner' };
}

/** How many of the sorted keys, which share their first `depth` bits, go left. */
function split(sorted: readonly { readonly key: Uint8Array }[], depth: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = sorted[middle];
    if (entry !== undefined && keyBit(entry.key, depth) === 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
