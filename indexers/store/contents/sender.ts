import { numberToBytesBE } from '@noble/curves/utils.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { integerBytes } from '../../../adapters/ethereum/rlp/read.js';
import { encodeRlp, type RlpItem } from '../../../adapters/ethereum/rlp/rlp.js';
import { concatBytes } from '../../../proofs/bytes.js';
import { type RecoverKey, recoverKey } from './recover.js';

/** A signature of a transaction, and what it signs. */
export interface SignedHash {
  /** What was signed, 32 bytes. */
  readonly hash: Uint8Array;
  readonly r: bigint;
  readonly s: bigint;
  /** Parity of the y coordinate of the signature's point. */
  readonly parity: 0 | 1;
}

const NONE = new Uint8Array(0);
/** What does not fit 32 bytes is no number of a signature. */
const ORDER_LIMIT = 1n << 256n;

/**
 * What a legacy transaction's signature signs: without chain id (v 27, 28), or with one (EIP-155). `undefined` for any other v.
 * @param items all fields, in their order
 */
export function legacySigned(
  items: readonly RlpItem[],
  v: bigint,
  r: bigint,
  s: bigint,
): SignedHash | undefined {
  const body = items.slice(0, 6);
  if (v === 27n || v === 28n) return { hash: keccak_256(encodeRlp(body)), r, s, parity: v === 28n ? 1 : 0 };
  if (v < 35n) return undefined;
  const chainId = (v - 35n) >> 1n;
  const hash = keccak_256(encodeRlp([...body, integerBytes(chainId), NONE, NONE]));
  return { hash, r, s, parity: (v - 35n) & 1n ? 1 : 0 };
}

/** What a typed transaction's signature signs (EIP-2718): all but the last three fields. `undefined` for a parity above 1. */
export function typedSigned(
  type: number,
  items: readonly RlpItem[],
  yParity: bigint,
  r: bigint,
  s: bigint,
): SignedHash | undefined {
  if (yParity > 1n) return undefined;
  const hash = keccak_256(concatBytes(Uint8Array.of(type), encodeRlp(items.slice(0, -3))));
  return { hash, r, s, parity: yParity === 1n ? 1 : 0 };
}

/** The signer's address, 20 bytes; `undefined` if the signature is none (numbers out of range, no curve point). */
export function recoverAddress(
  { hash, r, s, parity }: SignedHash,
  recover: RecoverKey = recoverKey,
): Uint8Array | undefined {
  if (r >= ORDER_LIMIT || s >= ORDER_LIMIT) return undefined;
  const signature = concatBytes(numberToBytesBE(r, 32), numberToBytesBE(s, 32));
  try {
    return keccak_256(recover(hash, signature, parity).subarray(1)).slice(12);
  } catch (error) {
    // The curve libraries have no error class of their own: anything they throw here means "not a signature".
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** Address of the contract that a transaction creates (Yellow Paper, section 7): of its sender and nonce. */
export function createdAddress(from: Uint8Array, nonce: bigint): Uint8Array {
  return keccak_256(encodeRlp([from, integerBytes(nonce)])).slice(12);
}
