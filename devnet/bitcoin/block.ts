import { Block, Transaction } from 'bitcoinjs-lib';
import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import { REGTEST_BITS } from './params.js';

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

export interface HeaderFields {
  readonly version: number;
  /** Internal byte order. */
  readonly parent: Uint8Array;
  readonly merkleRoot: Uint8Array;
  readonly time: number;
  readonly bits: number;
  readonly nonce: number;
}

/** The six fields of an 80-byte header. */
export function readHeader(raw: Uint8Array): HeaderFields {
  const view = new DataView(raw.buffer, raw.byteOffset, 80);
  return {
    version: view.getInt32(0, true),
    parent: raw.subarray(4, 36),
    merkleRoot: raw.subarray(36, 68),
    time: view.getUint32(68, true),
    bits: view.getUint32(72, true),
    nonce: view.getUint32(76, true),
  };
}

export function writeHeader(fields: HeaderFields): Uint8Array {
  const raw = new Uint8Array(80);
  const view = new DataView(raw.buffer);
  view.setInt32(0, fields.version, true);
  raw.set(fields.parent, 4);
  raw.set(fields.merkleRoot, 36);
  view.setUint32(68, fields.time, true);
  view.setUint32(72, fields.bits, true);
  view.setUint32(76, fields.nonce, true);
  return raw;
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
  const fields = readHeader(header);
  return {
    ...fields,
    raw,
    key: toBareHex(sha256d(header)),
    parentKey: toBareHex(fields.parent),
    transactions: (block.transactions ?? []).map(parsedTransaction),
  };
}

/** The target of a compact `nBits`; 0n where it is negative, zero or does not fit (`arith_uint256::SetCompact`). */
export function targetOf(bits: number): bigint {
  const exponent = bits >>> 24;
  const mantissa = BigInt(bits & 0x007fffff);
  if (mantissa === 0n || (bits & 0x00800000) !== 0 || exponent > 34) return 0n;
  const target =
    exponent <= 3 ? mantissa >> BigInt(8 * (3 - exponent)) : mantissa << BigInt(8 * (exponent - 3));
  return target >> 256n === 0n ? target : 0n;
}

/** Expected hashes for one block of this target (`GetBlockProof`). */
export function workOf(bits: number): bigint {
  const target = targetOf(bits);
  return target === 0n ? 0n : (1n << 256n) / (target + 1n);
}

/** Whether the hash (internal byte order) meets the target. */
export function meetsTarget(hash: Uint8Array, bits: number): boolean {
  if (bits === REGTEST_BITS) return (hash[31] ?? 255) < 0x80 && !isCeiling(hash);
  return BigInt(`0x${toBareHex(Uint8Array.from(hash).reverse())}`) <= targetOf(bits);
}

/** Regtest's target is 7fffff00…: the few hashes between it and 7fffffff… fail. */
function isCeiling(hash: Uint8Array): boolean {
  if (hash[31] !== 0x7f || hash[30] !== 0xff || hash[29] !== 0xff) return false;
  return hash.subarray(0, 29).some((byte) => byte !== 0);
}
