import { bytesEqual, toBareHex } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { displayHash } from '../rules/checks.js';
import { branchNodes, isPadding, type MerkleBranch } from './branch.js';
import type { MerkleBlock, TreeNode } from './partialMerkleTree.js';
import { readPartialTree } from './partialMerkleTree.js';
import { BitcoinInclusionType, MAX_PROVEN_TRANSACTIONS } from './payload.js';
import { ByteReader } from './reader.js';
import { isCoinbase, parseStripped, readParts } from './transaction.js';
import { verifyBitcoinInclusion } from './verify.js';

/** Most foreign proofs that are joined into one. */
export const MAX_IMPORTED = 256;

const WHAT = 'imported proof';

/** The coinbase pins the depth of the tree: no proof without it is made. */
const NO_COINBASE =
  "does not prove the block's coinbase: without it nothing shows how deep the tree is, and an inner node could pass for a transaction (CVE-2017-12842)";

/**
 * Joins proofs in the forms of other programs into one `BitcoinInclusion`, which proves more than they do: the depth of the tree.
 * @param header raw, 80 bytes, of a block that the caller has reason to know
 * @param raws the coinbase and the transactions to prove, in either form; the coinbase alone is proven itself
 * @throws MalformedInputError where one does not hold, does not belong to the others, or nothing proves the coinbase; LimitExceededError
 */
export function importInclusion(
  header: Uint8Array,
  raws: readonly Uint8Array[],
  proofs: readonly (MerkleBlock | MerkleBranch)[],
): Uint8Array {
  if (proofs.length > MAX_IMPORTED)
    throw new LimitExceededError('proofs to import', proofs.length, MAX_IMPORTED);
  if (raws.length > MAX_PROVEN_TRANSACTIONS) {
    throw new LimitExceededError('transactions in one proof', raws.length, MAX_PROVEN_TRANSACTIONS);
  }
  const root = header.subarray(36, 68);
  const given = raws.map((raw) => {
    const stripped = strip(raw);
    return { stripped, txid: sha256d(stripped) };
  });
  const known = new KnownTree();
  for (const proof of proofs) {
    if ('header' in proof) {
      if (!bytesEqual(proof.header, header)) throw new MalformedInputError(WHAT, 'is of another block');
      const { depth, nodes } = readPartialTree(proof);
      known.add(depth, nodes);
    } else {
      const of = given.find(({ txid }) => bytesEqual(branchNodes(txid, proof).at(-1)?.hash ?? txid, root));
      if (of === undefined)
        throw new MalformedInputError(
          WHAT,
          `at place ${proof.index} leads none of the transactions to the header`,
        );
      if (isPadding(of.txid, proof))
        throw new MalformedInputError(
          WHAT,
          `at place ${proof.index} is of the padding of an odd row (CVE-2012-2459)`,
        );
      known.add(proof.siblings.length, branchNodes(of.txid, proof));
    }
  }
  const placed = given.map((one) => {
    const index = known.placeOf(one.txid);
    if (index === undefined)
      throw new MalformedInputError(
        'transaction',
        `${displayHash(one.txid)} is in none of the imported proofs`,
      );
    return { ...one, index };
  });
  placed.sort((a, b) => a.index - b.index);
  const [first, ...others] = placed;
  if (first === undefined || first.index !== 0) throw new MalformedInputError(WHAT, NO_COINBASE);
  if (!isCoinbase(parseStripped(first.stripped)))
    throw new MalformedInputError(WHAT, 'has a first transaction that is no coinbase');
  const subjects = others.length === 0 ? [first] : others;
  const payload = BitcoinInclusionType.serialize({
    depth: known.depth,
    coinbase: others.length === 0 ? new Uint8Array(0) : first.stripped,
    transactions: subjects.map(({ index, stripped }) => ({ index, raw: stripped })),
    nodes: known.nodesAround(placed.map(({ index }) => index)),
  });
  try {
    verifyBitcoinInclusion(payload, root);
  } catch (error) {
    if (error instanceof ProofError)
      throw new MalformedInputError(WHAT, `does not hold: ${error.message}`, error);
    throw error;
  }
  return payload;
}

/** Everything that the imported proofs say of one tree. */
class KnownTree {
  #depth: number | undefined;
  readonly #nodes = new Map<string, Uint8Array>();
  /** Of leaves, by their hash. */
  readonly #places = new Map<string, number>();

  get depth(): number {
    return this.#depth ?? 0;
  }

  add(depth: number, nodes: readonly TreeNode[]): void {
    if (this.#depth !== undefined && this.#depth !== depth)
      throw new MalformedInputError(WHAT, `has ${depth} levels, another of the same block ${this.#depth}`);
    this.#depth = depth;
    for (const { level, position, hash } of nodes) {
      const before = this.#nodes.get(`${level} ${position}`);
      if (before !== undefined && !bytesEqual(before, hash))
        throw new MalformedInputError(WHAT, `contradicts another at place ${position} of level ${level}`);
      this.#nodes.set(`${level} ${position}`, hash);
      if (level > 0) continue;
      const leaf = toBareHex(hash);
      this.#places.set(leaf, Math.min(position, this.#places.get(leaf) ?? position));
    }
  }

  /** The first place of a leaf: a second one is padding. */
  placeOf(txid: Uint8Array): number | undefined {
    return this.#places.get(toBareHex(txid));
  }

  /** As `multiproofNodes`. @throws MalformedInputError where a node is not known */
  nodesAround(indices: readonly number[]): Uint8Array[] {
    const nodes: Uint8Array[] = [];
    const walk = (level: number, position: number, within: readonly number[]): void => {
      if (within.length === 0) {
        const hash = this.#nodes.get(`${level} ${position}`);
        if (hash === undefined)
          throw new MalformedInputError(WHAT, `lacks place ${position} of level ${level}`);
        nodes.push(hash);
      } else if (level > 0) {
        const middle = (2 * position + 1) * 2 ** (level - 1);
        walk(
          level - 1,
          2 * position,
          within.filter((index) => index < middle),
        );
        walk(
          level - 1,
          2 * position + 1,
          within.filter((index) => index >= middle),
        );
      }
    };
    walk(this.depth, 0, indices);
    return nodes;
  }
}

function strip(raw: Uint8Array): Uint8Array {
  try {
    const reader = new ByteReader(raw);
    const { stripped } = readParts(reader);
    if (reader.left > 0) throw new MalformedInputError('transaction', `has ${reader.left} bytes too many`);
    return stripped;
  } catch (error) {
    if (error instanceof ProofError)
      throw new MalformedInputError('transaction', `does not parse: ${error.message}`, error);
    throw error;
  }
}
