import { bytesEqual } from '../../../proofs/bytes.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { MAX_DEPTH, multiproofRoot, type ProvenLeaf } from './merkle.js';
import { type BitcoinInclusion, decodeInclusion } from './payload.js';
import { type BitcoinTransaction, isCoinbase, parseStripped } from './transaction.js';

/** A transaction that a proof showed to be in its block. */
export interface ProvenTransaction {
  /** Place in the block, from 0. */
  readonly index: number;
  /** Internal byte order. */
  readonly txid: Uint8Array;
  /** Stripped form. */
  readonly raw: Uint8Array;
  readonly transaction: BitcoinTransaction;
}

/** A stripped transaction of this size could be an inner node of the tree (CVE-2017-12842). */
const AMBIGUOUS_BYTES = 64;

/**
 * Checks that the payload's transactions are in the block with this Merkle root.
 * @param payload SSZ of `BitcoinInclusion`
 * @param merkleRoot of the block header, internal byte order
 * @throws ProofError `malformed`, `non-canonical`, `transaction-mismatch`
 */
export function verifyBitcoinInclusion(payload: Uint8Array, merkleRoot: Uint8Array): ProvenTransaction[] {
  return verifyInclusion(decodeInclusion(payload), merkleRoot).proven;
}

/**
 * As `verifyBitcoinInclusion`, with exactly one transaction.
 * @throws ProofError `malformed`, `non-canonical`, `transaction-mismatch`
 */
export function verifySingle(
  inclusion: BitcoinInclusion,
  merkleRoot: Uint8Array,
): { readonly proven: ProvenTransaction; readonly coinbase: ProvenTransaction } {
  const { proven, coinbase } = verifyInclusion(inclusion, merkleRoot);
  const [only, second] = proven;
  if (only === undefined || second !== undefined)
    throw new ProofError('malformed', 'a proof of this kind has exactly one transaction');
  return { proven: only, coinbase };
}

/** Checks an inclusion in a block with this Merkle root. @throws ProofError as `verifyBitcoinInclusion` */
function verifyInclusion(
  inclusion: BitcoinInclusion,
  merkleRoot: Uint8Array,
): { readonly proven: ProvenTransaction[]; readonly coinbase: ProvenTransaction } {
  assertShape(inclusion);
  const proven = inclusion.transactions.map(({ index, raw }) => prove(index, raw));
  const leaves: ProvenLeaf[] = proven.map(({ index, txid }) => ({ index, hash: txid }));
  let [coinbase] = proven;
  if (inclusion.coinbase.length > 0) {
    coinbase = prove(0, inclusion.coinbase);
    leaves.unshift({ index: 0, hash: coinbase.txid });
  }
  if (coinbase === undefined || !isCoinbase(coinbase.transaction)) {
    throw new ProofError('transaction-mismatch', 'the transaction at index 0 is not a coinbase');
  }
  for (const { index, transaction } of proven) {
    if (index !== 0 && isCoinbase(transaction)) {
      throw new ProofError('transaction-mismatch', `coinbase at index ${index}`);
    }
  }
  if (!bytesEqual(multiproofRoot(inclusion.depth, leaves, inclusion.nodes), merkleRoot)) {
    throw new ProofError(
      'transaction-mismatch',
      "Merkle proof does not lead to the block's transactions root",
    );
  }
  return { proven, coinbase };
}

function assertShape({ depth, coinbase, transactions }: BitcoinInclusion): void {
  if (depth > MAX_DEPTH) throw new ProofError('malformed', `depth ${depth} is above ${MAX_DEPTH}`);
  const first = transactions[0];
  if (first === undefined) throw new ProofError('malformed', 'no transaction to prove');
  if ((first.index === 0) !== (coinbase.length === 0)) {
    throw new ProofError('non-canonical', 'the coinbase must be given once, and once only');
  }
  let previous = -1;
  for (const { index } of transactions) {
    if (index <= previous) throw new ProofError('non-canonical', 'transaction indices do not ascend');
    if (index >= 2 ** depth)
      throw new ProofError('non-canonical', `index ${index} has bits beyond depth ${depth}`);
    previous = index;
  }
}

function prove(index: number, raw: Uint8Array): ProvenTransaction {
  if (raw.length === AMBIGUOUS_BYTES) {
    throw new ProofError('transaction-mismatch', 'a transaction of 64 bytes could be an inner Merkle node');
  }
  return { index, raw, txid: sha256d(raw), transaction: parseStripped(raw) };
}
