import { keccak_256 } from '@noble/hashes/sha3.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { integerBytes } from '../rlp/read.js';
import { encodeRlp, type RlpItem } from '../rlp/rlp.js';
import { mergeNodes } from './merge.js';
import { commonPrefix, encodePath, nibblesOf } from './nibbles.js';

export interface TrieEntry {
  readonly key: Uint8Array;
  /** Not empty: the trie knows no empty values. */
  readonly value: Uint8Array;
}

interface Pending {
  readonly path: readonly number[];
  readonly value: Uint8Array;
}

/** A node with what lies below it, as far as proofs need it. */
type Node =
  | {
      readonly kind: 'leaf';
      readonly path: readonly number[];
      readonly raw: Uint8Array;
      readonly item: RlpItem;
    }
  | {
      readonly kind: 'extension';
      readonly path: readonly number[];
      readonly child: Node;
      readonly raw: Uint8Array;
      readonly item: RlpItem;
    }
  | {
      readonly kind: 'branch';
      readonly children: readonly (Node | undefined)[];
      readonly raw: Uint8Array;
      readonly item: RlpItem;
    };

const NONE = new Uint8Array(0);
/** Root of the trie without entries: Keccak-256 of the RLP of the empty string. */
export const EMPTY_TRIE_ROOT: Uint8Array = keccak_256(Uint8Array.of(0x80));

/** A Merkle-Patricia trie built at once from all its entries (Yellow Paper, appendix D). */
export class Trie {
  readonly #root: Node | undefined;

  /** @throws MalformedInputError for a key given twice or an empty value */
  constructor(entries: readonly TrieEntry[]) {
    const pending = entries.map(({ key, value }) => {
      if (value.length === 0) throw new MalformedInputError('trie value', 'is empty');
      return { path: nibblesOf(key), value };
    });
    this.#root = pending.length === 0 ? undefined : build(pending);
  }

  /** 32 bytes. */
  get root(): Uint8Array {
    return this.#root === undefined ? EMPTY_TRIE_ROOT : keccak_256(this.#root.raw);
  }

  /** The nodes from the root to the key's value; those shorter than 32 bytes are inside their parents. Empty without entries. */
  prove(key: Uint8Array): Uint8Array[] {
    const nodes: Uint8Array[] = [];
    let path: readonly number[] = nibblesOf(key);
    let node = this.#root;
    while (node !== undefined) {
      if (node.raw.length >= 32 || nodes.length === 0) nodes.push(node.raw);
      if (node.kind === 'leaf') break;
      if (node.kind === 'extension') {
        if (commonPrefix(node.path, path) < node.path.length) break;
        path = path.slice(node.path.length);
        node = node.child;
      } else {
        const [next] = path;
        path = path.slice(1);
        node = next === undefined ? undefined : node.children[next];
      }
    }
    return nodes;
  }

  /** The nodes that prove several keys, each once, in the order that `verifyTrieProofs` takes. */
  proveAll(keys: readonly Uint8Array[]): Uint8Array[] {
    return mergeNodes(keys.map((key) => ({ key, nodes: this.prove(key) })));
  }
}

/** Trie over a block's transactions, receipts or withdrawals: keys are the RLP of their index. */
export function indexTrie(values: readonly Uint8Array[]): Trie {
  return new Trie(values.map((value, index) => ({ key: indexKey(index), value })));
}

export function indexKey(index: number): Uint8Array {
  return encodeRlp(integerBytes(index));
}

function build(entries: readonly Pending[]): Node {
  const [first, second] = entries;
  if (first === undefined) throw new MalformedInputError('trie', 'has no entries');
  if (second === undefined) return leaf(first.path, first.value);
  const shared = entries.reduce(
    (least, { path }) => Math.min(least, commonPrefix(first.path, path)),
    first.path.length,
  );
  if (shared > 0) {
    const child = branch(entries.map(({ path, value }) => ({ path: path.slice(shared), value })));
    return extension(first.path.slice(0, shared), child);
  }
  return branch(entries);
}

function leaf(path: readonly number[], value: Uint8Array): Node {
  const item = [encodePath(path, true), value];
  return { kind: 'leaf', path, item, raw: encodeRlp(item) };
}

function extension(path: readonly number[], child: Node): Node {
  const item = [encodePath(path, false), reference(child)];
  return { kind: 'extension', path, child, item, raw: encodeRlp(item) };
}

function branch(entries: readonly Pending[]): Node {
  const own = entries.filter(({ path }) => path.length === 0);
  if (own.length > 1) throw new MalformedInputError('trie', 'has a key twice');
  const children = Array.from({ length: 16 }, (_, nibble) => {
    const below = entries.filter(({ path }) => path[0] === nibble);
    return below.length === 0
      ? undefined
      : build(below.map(({ path, value }) => ({ path: path.slice(1), value })));
  });
  const item = [
    ...children.map((child) => (child === undefined ? NONE : reference(child))),
    own[0]?.value ?? NONE,
  ];
  return { kind: 'branch', children, item, raw: encodeRlp(item) };
}

/** What a parent holds: the node itself if it is shorter than 32 bytes, else its hash. */
function reference(node: Node): RlpItem {
  return node.raw.length < 32 ? node.item : keccak_256(node.raw);
}
