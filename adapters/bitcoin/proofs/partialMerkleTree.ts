import { bytesEqual, concatBytes } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { HEADER_BYTES } from '../rules/header.js';
import { parentOf } from './merkle.js';
import { ByteReader } from './reader.js';
import { compactSize, uint32le } from './wire.js';

/** No block has more transactions: Bitcoin Core `MAX_BLOCK_WEIGHT / MIN_TRANSACTION_WEIGHT`. */
export const MAX_BLOCK_TRANSACTIONS = 16_666;

const WHAT = 'merkle block';

/**
 * A header with a part of its transactions' Merkle tree: the `merkleblock` message of BIP37 and the result of Core's
 * `gettxoutproof` (Bitcoin Core `CMerkleBlock`, `CPartialMerkleTree`). It does not prove how deep the tree is.
 */
export interface MerkleBlock {
  /** Raw header, 80 bytes. */
  readonly header: Uint8Array;
  /** Transactions in the block, as its maker says. */
  readonly total: number;
  /** Depth first, left to right: matched transactions and subtrees without any. Internal byte order. */
  readonly hashes: readonly Uint8Array[];
  /** One bit a visited node, the lowest of a byte first: whether a matched transaction is at or below it. */
  readonly flags: Uint8Array;
}

/** One hash of the tree over a block's transactions. */
export interface TreeNode {
  /** 0 for transactions. */
  readonly level: number;
  /** From the left, from 0. */
  readonly position: number;
  readonly hash: Uint8Array;
}

/** What a `MerkleBlock` says once its tree was walked. */
export interface PartialMerkleTree {
  /** Levels between a transaction and the root. */
  readonly depth: number;
  /** Equal to the header's Merkle root: `readPartialTree` refuses any other. */
  readonly root: Uint8Array;
  /** In block order. `txid` in internal byte order. */
  readonly matches: readonly { readonly index: number; readonly txid: Uint8Array }[];
  /** Every node that is given or follows from those given, the padding of odd rows included. */
  readonly nodes: readonly TreeNode[];
}

/** The bytes of a `merkleblock` message, which `gettxoutproof` writes as hex. */
export function encodeMerkleBlock({ header, total, hashes, flags }: MerkleBlock): Uint8Array {
  const sizes = [compactSize(hashes.length), compactSize(flags.length)] as const;
  return concatBytes(header, uint32le(total), sizes[0], ...hashes, sizes[1], flags);
}

/**
 * Inverse of `encodeMerkleBlock`; the tree itself is checked by `readPartialTree`.
 * @throws MalformedInputError unless exactly one such message; LimitExceededError for more transactions than a block can have
 */
export function decodeMerkleBlock(bytes: Uint8Array): MerkleBlock {
  try {
    const reader = new ByteReader(bytes);
    const header = reader.take(HEADER_BYTES).slice();
    const total = reader.uint32();
    if (total === 0) throw new MalformedInputError(WHAT, 'has no transactions');
    if (total > MAX_BLOCK_TRANSACTIONS) {
      throw new LimitExceededError('transactions in a merkle block', total, MAX_BLOCK_TRANSACTIONS);
    }
    const count = reader.compactSize();
    if (count > total) throw new MalformedInputError(WHAT, `has ${count} hashes for ${total} transactions`);
    const hashes = Array.from({ length: count }, () => reader.take(32).slice());
    const flags = reader.sized().slice();
    if (reader.left > 0) throw new MalformedInputError(WHAT, `has ${reader.left} bytes too many`);
    return { header, total, hashes, flags };
  } catch (error) {
    if (error instanceof ProofError) throw new MalformedInputError(WHAT, 'does not decode', error);
    throw error;
  }
}

/**
 * Part of a tree that proves the transactions at `indices` (Bitcoin Core `TraverseAndBuild`).
 * @param rows as from `merkleRows`
 * @param indices ascending, each below the number of transactions; none is a proof that nothing matched
 */
export function partialTree(
  rows: readonly (readonly Uint8Array[])[],
  indices: readonly number[],
): Pick<MerkleBlock, 'total' | 'hashes' | 'flags'> {
  const wanted = rows.map((_, level) => new Set(indices.map((index) => Math.floor(index / 2 ** level))));
  const bits: boolean[] = [];
  const hashes: Uint8Array[] = [];
  const walk = (level: number, position: number): void => {
    const matched = wanted[level]?.has(position) === true;
    bits.push(matched);
    if (level === 0 || !matched) {
      const hash = rows[level]?.[position];
      if (hash !== undefined) hashes.push(hash);
      return;
    }
    walk(level - 1, 2 * position);
    if (2 * position + 1 < (rows[level - 1]?.length ?? 0)) walk(level - 1, 2 * position + 1);
  };
  walk(rows.length - 1, 0);
  const flags = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => {
    if (bit) flags[i >> 3] = (flags[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return { total: rows[0]?.length ?? 0, hashes, flags };
}

/**
 * Walks the tree (Bitcoin Core `TraverseAndExtract`), more strictly than Core: padding bits must be zero.
 * @throws MalformedInputError unless every hash and bit is used once, no right node equals its left sibling
 *   (CVE-2012-2459), and the root is the header's
 */
export function readPartialTree(block: MerkleBlock): PartialMerkleTree {
  const { total, hashes, flags, header } = block;
  const matches: { index: number; txid: Uint8Array }[] = [];
  const nodes: TreeNode[] = [];
  let bitsUsed = 0;
  let hashesUsed = 0;
  const widthAt = (level: number) => Math.ceil(total / 2 ** level);
  const walk = (level: number, position: number): Uint8Array => {
    const byte = flags[bitsUsed >> 3];
    if (byte === undefined) throw new MalformedInputError(WHAT, 'has too few flag bits');
    const matched = ((byte >> (bitsUsed++ & 7)) & 1) === 1;
    const hash = matched && level > 0 ? inner(level, position) : given();
    if (matched && level === 0) matches.push({ index: position, txid: hash });
    nodes.push({ level, position, hash });
    return hash;
  };
  const given = (): Uint8Array => {
    const hash = hashes[hashesUsed++];
    if (hash === undefined) throw new MalformedInputError(WHAT, 'has too few hashes');
    return hash;
  };
  const inner = (level: number, position: number): Uint8Array => {
    const left = walk(level - 1, 2 * position);
    if (2 * position + 1 >= widthAt(level - 1)) {
      nodes.push({ level: level - 1, position: 2 * position + 1, hash: left });
      return parentOf(left, left);
    }
    const right = walk(level - 1, 2 * position + 1);
    if (bytesEqual(left, right)) throw new MalformedInputError(WHAT, 'repeats a node (CVE-2012-2459)');
    return parentOf(left, right);
  };
  const depth = total > 1 ? Math.ceil(Math.log2(total)) : 0;
  if (!(total >= 1 && total <= MAX_BLOCK_TRANSACTIONS)) {
    throw new LimitExceededError('transactions in a merkle block', total, MAX_BLOCK_TRANSACTIONS);
  }
  const root = walk(depth, 0);
  if (hashesUsed !== hashes.length)
    throw new MalformedInputError(WHAT, `has ${hashes.length - hashesUsed} hashes too many`);
  if (Math.ceil(bitsUsed / 8) !== flags.length)
    throw new MalformedInputError(WHAT, 'has flag bytes too many');
  if ((flags.at(-1) ?? 0) >> (((bitsUsed - 1) & 7) + 1) !== 0) {
    throw new MalformedInputError(WHAT, 'has padding bits that are not zero');
  }
  if (!bytesEqual(root, header.subarray(36, 68))) {
    throw new MalformedInputError(WHAT, "has a tree that does not lead to its header's Merkle root");
  }
  return { depth, root, matches, nodes };
}
