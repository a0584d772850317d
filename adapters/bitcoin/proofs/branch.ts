import { bytesEqual, fromHex, reversed } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { displayHash } from '../rules/checks.js';
import { MAX_DEPTH, parentOf } from './merkle.js';
import type { TreeNode } from './partialMerkleTree.js';

/** Longest text of a branch: 24 hashes and some words. */
const MAX_BRANCH_TEXT = 4096;
const WHAT = 'Merkle branch';

/**
 * A transaction's branch as Esplora (`/tx/:txid/merkle-proof`) and Electrum servers (`blockchain.transaction.get_merkle`)
 * answer it: both write the same three members. It names neither the transaction nor the block's header, and does
 * not prove how deep the tree is.
 */
export interface MerkleBranch {
  readonly height: number;
  /** Place of the transaction in the block, from 0. */
  readonly index: number;
  /** From the leaf upwards, the padding of odd rows included. Internal byte order. */
  readonly siblings: readonly Uint8Array[];
}

/** Who wrote it: Electrum's answer may still be in its JSON-RPC envelope. */
export type BranchDialect = 'esplora' | 'electrum';

/** The siblings of one leaf. @param rows as from `merkleRows` @param index below the number of leaves */
export function siblingsOf(rows: readonly (readonly Uint8Array[])[], index: number): Uint8Array[] {
  return rows.slice(0, -1).flatMap((row, level) => {
    const sibling = row[Math.min(Math.floor(index / 2 ** level) ^ 1, row.length - 1)];
    return sibling === undefined ? [] : [sibling];
  });
}

/** The one text that is written: no white space, members in this order. */
export function encodeBranch({ height, index, siblings }: MerkleBranch): string {
  return JSON.stringify({ block_height: height, merkle: siblings.map(displayHash), pos: index });
}

/**
 * Inverse of `encodeBranch`; white space and the order of members are free.
 * @throws MalformedInputError for anything more or less than the three members, or a place that such a tree does not have;
 *   LimitExceededError
 */
export function decodeBranch(text: string, dialect: BranchDialect): MerkleBranch {
  if (text.length > MAX_BRANCH_TEXT)
    throw new LimitExceededError('characters of a Merkle branch', text.length, MAX_BRANCH_TEXT);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new MalformedInputError(WHAT, 'is not JSON', error);
  }
  if (dialect === 'electrum' && isRecord(json) && Object.hasOwn(json, 'result')) {
    members(json, ['jsonrpc', 'result', 'id'], ['jsonrpc', 'id']);
    json = json.result;
  }
  const { block_height, merkle, pos } = members(json, ['block_height', 'merkle', 'pos']);
  if (!Array.isArray(merkle)) throw new MalformedInputError(WHAT, 'has no list of hashes');
  if (merkle.length > MAX_DEPTH)
    throw new LimitExceededError('levels of a Merkle branch', merkle.length, MAX_DEPTH);
  const siblings = merkle.map((hash: unknown) => {
    if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash))
      throw new MalformedInputError(WHAT, 'has a hash that is not 32 bytes of lower-case hex');
    return reversed(fromHex(hash, 'hash', 32));
  });
  const index = integer(pos, 'pos');
  if (index >= 2 ** siblings.length)
    throw new MalformedInputError(
      WHAT,
      `has place ${index}, beyond ${2 ** siblings.length} of ${siblings.length} levels`,
    );
  return { height: integer(block_height, 'block_height'), index, siblings };
}

/**
 * The nodes that a branch gives and those that follow, from the leaf to the root, which is the last.
 * @param txid internal byte order
 */
export function branchNodes(txid: Uint8Array, { index, siblings }: MerkleBranch): TreeNode[] {
  let node: TreeNode = { level: 0, position: index, hash: txid };
  const nodes = [node];
  siblings.forEach((hash, level) => {
    const { position } = node;
    const parent = position % 2 === 1 ? parentOf(hash, node.hash) : parentOf(node.hash, hash);
    nodes.push({ level, position: position ^ 1, hash });
    node = { level: level + 1, position: Math.floor(position / 2), hash: parent };
    nodes.push(node);
  });
  return nodes;
}

/** Whether a leaf at this place is only the padding of an odd row: a left sibling is the same (CVE-2012-2459). */
export function isPadding(txid: Uint8Array, branch: MerkleBranch): boolean {
  const path = branchNodes(txid, branch);
  return branch.siblings.some((sibling, level) => {
    const node = path[2 * level];
    return node !== undefined && node.position % 2 === 1 && bytesEqual(node.hash, sibling);
  });
}

function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function members(
  json: unknown,
  names: readonly string[],
  optional: readonly string[] = [],
): Record<string, unknown> {
  if (!isRecord(json)) throw new MalformedInputError(WHAT, 'is not a JSON object');
  const missing = names.find((name) => !optional.includes(name) && !Object.hasOwn(json, name));
  if (missing !== undefined) throw new MalformedInputError(WHAT, `lacks ${missing}`);
  const unknown = Object.keys(json).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new MalformedInputError(WHAT, `has an unknown member ${unknown.slice(0, 40)}`);
  return json;
}

function integer(json: unknown, name: string): number {
  if (typeof json !== 'number' || !Number.isInteger(json) || json < 0 || json > 0xffffffff)
    throw new MalformedInputError(WHAT, `has a ${name} that is not a number of 32 bits`);
  return json;
}
