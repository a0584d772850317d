import { Block, Transaction } from 'bitcoinjs-lib';
import { bytesEqual, concatBytes, ZERO32 } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { MAX_BLOCK_BYTES } from '../proofs/build.js';
import { isMutated, merkleRows } from '../proofs/merkle.js';
import { HEADER_BYTES } from '../rules/header.js';

/** A transaction of a block. Hashes in internal byte order. */
export interface BlockTransaction {
  readonly txid: Uint8Array;
  /** Hash with witness (BIP141); equal to `txid` without one. */
  readonly wtxid: Uint8Array;
  /** Serialization without witness. */
  readonly stripped: Uint8Array;
  readonly transaction: Transaction;
}

export interface ParsedBlock {
  /** Raw header, 80 bytes. */
  readonly header: Uint8Array;
  readonly hash: Uint8Array;
  readonly transactions: readonly BlockTransaction[];
}

/** What a block's own roots say of its transactions. */
export interface BlockChecks {
  /** The transactions' Merkle root is that of the header. */
  readonly merkleRoot: boolean;
  /** Another list of transactions has the same root (CVE-2012-2459): Core's `bad-txns-duplicate`. */
  readonly mutated: boolean;
  /** `undefined` where the coinbase has no commitment and no transaction a witness. */
  readonly witnessCommitment: boolean | undefined;
}

/** Output script of a witness commitment: OP_RETURN, 36 bytes, this tag, the hash (BIP141). */
const COMMITMENT_TAG = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed);
const COMMITMENT_BYTES = 38;

/** @throws MalformedInputError if the block does not parse or is not in its one encoding; LimitExceededError */
export function parseBlock(raw: Uint8Array): ParsedBlock {
  if (raw.length > MAX_BLOCK_BYTES)
    throw new LimitExceededError('Bitcoin block', raw.length, MAX_BLOCK_BYTES);
  let block: Block;
  try {
    block = Block.fromBuffer(raw);
  } catch (error) {
    throw new MalformedInputError('Bitcoin block', 'does not parse', error);
  }
  // The library reads long forms of numbers and ignores what follows the last transaction.
  if (!bytesEqual(block.toBuffer(), raw)) {
    throw new MalformedInputError('Bitcoin block', 'is not in its one encoding, or has bytes too many');
  }
  const header = raw.slice(0, HEADER_BYTES);
  return { header, hash: sha256d(header), transactions: (block.transactions ?? []).map(describe) };
}

/** @throws MalformedInputError if it does not parse. @param raw in either form */
export function parseTransaction(raw: Uint8Array): BlockTransaction {
  try {
    return describe(Transaction.fromBuffer(raw));
  } catch (error) {
    throw new MalformedInputError('Bitcoin transaction', 'does not parse', error);
  }
}

/** Recomputes the roots that bind a block's transactions (Bitcoin Core `CheckMerkleRoot`, `CheckWitnessMalleation`). */
export function checkBlock(block: ParsedBlock): BlockChecks {
  const rows = merkleRows(block.transactions.map((one) => one.txid));
  const root = rows.at(-1)?.[0];
  return {
    merkleRoot: root !== undefined && bytesEqual(root, block.header.subarray(36, 68)),
    mutated: isMutated(rows),
    witnessCommitment: checkWitness(block.transactions),
  };
}

/** Place of the coinbase's witness commitment, -1 without one: the last matching output counts (BIP141). */
export function witnessCommitmentIndex(coinbase: Transaction): number {
  return coinbase.outs.findLastIndex(
    ({ script }) =>
      script.length >= COMMITMENT_BYTES &&
      bytesEqual(script.subarray(0, COMMITMENT_TAG.length), COMMITMENT_TAG),
  );
}

function describe(transaction: Transaction): BlockTransaction {
  const stripped = strip(transaction);
  const txid = sha256d(stripped);
  const wtxid = transaction.hasWitnesses() ? sha256d(transaction.toBuffer()) : txid;
  return { txid, wtxid, stripped, transaction };
}

function strip(transaction: Transaction): Uint8Array {
  if (!transaction.hasWitnesses()) return transaction.toBuffer();
  const bare = transaction.clone();
  for (const input of bare.ins) input.witness = [];
  return bare.toBuffer();
}

function checkWitness(transactions: readonly BlockTransaction[]): boolean | undefined {
  const [coinbase, ...others] = transactions;
  const commitment = coinbase?.transaction.outs[witnessCommitmentIndex(coinbase.transaction)]?.script;
  if (coinbase === undefined || commitment === undefined) {
    return transactions.some((one) => one.transaction.hasWitnesses()) ? false : undefined;
  }
  const witness = coinbase.transaction.ins[0]?.witness ?? [];
  const [reserved] = witness;
  // Before segwit was active, a commitment without its reserved value was no more than a note.
  if (reserved === undefined && !others.some((one) => one.transaction.hasWitnesses())) return undefined;
  if (reserved === undefined || witness.length !== 1 || reserved.length !== 32) return false;
  const root = merkleRows([ZERO32, ...others.map((one) => one.wtxid)]).at(-1)?.[0] ?? ZERO32;
  return bytesEqual(
    sha256d(concatBytes(root, reserved)),
    commitment.subarray(COMMITMENT_TAG.length, COMMITMENT_BYTES),
  );
}
