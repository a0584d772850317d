import { Block, type Transaction } from 'bitcoinjs-lib';
import { bytesEqual } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { MAX_BLOCK_BYTES } from '../proofs/build.js';
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
