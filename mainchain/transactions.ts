import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesEqual, concatBytes } from '../proofs/bytes.js';
import { signingRoot } from '../proofs/containers/domains.js';
import type { Genesis } from '../proofs/containers/genesis.js';
import {
  type Call,
  type SignedTransaction,
  type Transaction,
  TransactionType,
} from '../proofs/containers/transaction.js';
import { AccountSigner, accountOf } from './crypto/account.js';

/** Half the order of secp256k1: `s` must not be above it (BIP-62, EIP-2). */
const HALF_ORDER = secp256k1.Point.CURVE().n >> 1n;

/** What a transaction is known by: the root of its unsigned part, so that no other signature gives it another name. */
export function transactionRoot(transaction: Transaction): Uint8Array {
  return TransactionType.hashTreeRoot(transaction);
}

/** Account of a secp256k1 secret key (32 bytes): 20 bytes. @throws SecretKeyError */
export function accountOfSecret(secretKey: Uint8Array): Uint8Array {
  return AccountSigner.fromSecret(secretKey).account;
}

/** Signs for the chain of `genesisRoot`. @throws SecretKeyError */
export function signTransaction(
  transaction: Transaction,
  secretKey: Uint8Array,
  genesisRoot: Uint8Array,
): SignedTransaction {
  return AccountSigner.fromSecret(secretKey).sign(transaction, genesisRoot);
}

/**
 * The account that signed, or `undefined` if the signature is none: `v` not 0 or 1, `s` in the upper half, or no
 * curve point.
 */
export function recoverSender(signed: SignedTransaction, genesisRoot: Uint8Array): Uint8Array | undefined {
  const { transaction, signature } = signed;
  const v = signature[64];
  if (signature.length !== 65 || (v !== 0 && v !== 1)) return undefined;
  const message = signingRoot(TransactionType, transaction, 'transaction', genesisRoot);
  try {
    const bytes = concatBytes(Uint8Array.of(v), signature.subarray(0, 64));
    if (secp256k1.Signature.fromBytes(bytes, 'recovered').s > HALF_ORDER) return undefined;
    const key = secp256k1.recoverPublicKey(bytes, message, { prehash: false });
    return accountOf(secp256k1.Point.fromBytes(key).toBytes(false));
  } catch (error) {
    // The curve library has no error class of its own: anything it throws here means "not a signature".
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** Whether the sender named in the transaction signed it. */
export function isSignedBySender(signed: SignedTransaction, genesisRoot: Uint8Array): boolean {
  const signer = recoverSender(signed, genesisRoot);
  return signer !== undefined && bytesEqual(signer, signed.transaction.sender);
}

/** Smallest fee of a call. */
export function callFee(genesis: Pick<Genesis, 'baseFee' | 'byteFee'>, call: Call): bigint {
  return feeForBytes(genesis, call.payload.length);
}

/** Smallest fee of a call with so many payload bytes. */
export function feeForBytes(genesis: Pick<Genesis, 'baseFee' | 'byteFee'>, bytes: number): bigint {
  return genesis.baseFee + genesis.byteFee * BigInt(bytes);
}
