import { Block, Transaction } from 'bitcoinjs-lib';
import { decodeHeader } from '../../adapters/bitcoin/rules/header.js';
import { describeBits } from '../../adapters/bitcoin/rules/target.js';
import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { sha256d } from '../../proofs/hash/hasher.js';

/** A transaction with its id computed once. */
export interface ParsedTransaction {
  readonly tx: Transaction;
  /** Hex of the txid, internal byte order. */
  readonly id: string;
}

/** A block taken apart. Keys are hex of hashes in internal byte order. */
export interface ParsedBlock {
  readonly raw: Uint8Array;
  readonly key: string;
  readonly parentKey: string;
  readonly version: number;
  readonly merkleRoot: Uint8Array;
  readonly time: number;
  readonly bits: number;
  readonly nonce: number;
  readonly transactions: readonly ParsedTransaction[];
}

export function parsedTransaction(tx: Transaction): ParsedTransaction {
  return { tx, id: toBareHex(tx.getHash()) };
}

/**
 * One whole transaction, in its only valid encoding.
 * @throws MalformedInputError
 */
export function parseTransaction(raw: Uint8Array): ParsedTransaction {
  try {
    const tx = Transaction.fromBuffer(raw);
    if (!bytesEqual(tx.toBuffer(), raw)) throw new Error('not in canonical encoding');
    return parsedTransaction(tx);
  } catch (error) {
    throw new MalformedInputError('transaction', 'cannot be read', error);
  }
}

/**
 * One whole block, in its only valid encoding.
 * @throws MalformedInputError
 */
export function parseBlock(raw: Uint8Array): ParsedBlock {
  let block: Block;
  try {
    block = Block.fromBuffer(raw);
    if (!bytesEqual(block.toBuffer(), raw)) throw new Error('not in canonical encoding');
  } catch (error) {
    throw new MalformedInputError('block', 'cannot be read', error);
  }
  const header = raw.subarray(0, 80);
  const fields = decodeHeader(header);
  return {
    ...fields,
    raw,
    key: toBareHex(sha256d(header)),
    parentKey: toBareHex(fields.parentHash),
    transactions: (block.transactions ?? []).map(parsedTransaction),
  };
}

/** The target of a compact `nBits`; 0n where it is negative, zero or does not fit. */
export function targetOf(bits: number): bigint {
  return describeBits(bits)?.target ?? 0n;
}

/** Expected hashes for one block of this target. */
export function workOf(bits: number): bigint {
  return describeBits(bits)?.work ?? 0n;
}

/** Whether the hash (internal byte order) meets the target. */
export function meetsTarget(hash: Uint8Array, bits: number): boolean {
  const target = describeBits(bits)?.bytes;
  if (target === undefined) return false;
  for (let i = 31; i >= 0; i--) {
    const difference = (hash[i] ?? 0) - (target[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
}
