import { randomBytes } from 'node:crypto';
import { aggregateSerializedSignatures, SecretKey } from '@chainsafe/blst';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { BLS_POSSESSION_DST } from '../../proofs/bls/bls.js';
import { SecretKeyError } from './errors.js';

/** Signs with one BLS secret key, which never leaves it except to be encrypted. */
export class BlsSigner {
  readonly #secret: SecretKey;
  /** 48 bytes. */
  readonly publicKey: Uint8Array;

  private constructor(secret: SecretKey) {
    this.#secret = secret;
    this.publicKey = secret.toPublicKey().toBytes();
  }

  /** A fresh key from 32 bytes of the system's randomness. */
  static generate(): BlsSigner {
    return new BlsSigner(SecretKey.fromKeygen(randomBytes(32)));
  }

  /** A key that follows from `seed` (at least 32 bytes): for tests and throw-away networks. */
  static fromSeed(seed: Uint8Array): BlsSigner {
    return new BlsSigner(SecretKey.fromKeygen(seed));
  }

  /** @throws SecretKeyError if `bytes` is not a scalar from 1 to the group's order minus 1 */
  static fromSecret(bytes: Uint8Array): BlsSigner {
    try {
      return new BlsSigner(SecretKey.fromBytes(bytes));
    } catch {
      // The cause is dropped on purpose: a library's message might quote the input.
      throw new SecretKeyError('BLS12-381');
    }
  }

  /** Signature over `message`: 96 bytes. */
  sign(message: Uint8Array): Uint8Array {
    return this.#secret.sign(message).toBytes();
  }

  /** Shows that the secret key is held: 96 bytes. */
  provePossession(): Uint8Array {
    const scheme = bls12_381.longSignatures;
    return scheme.sign(scheme.hash(this.publicKey, BLS_POSSESSION_DST), this.#secret.toBytes()).toBytes();
  }

  /** The secret key: 32 bytes. For the keystore only. */
  exportSecret(): Uint8Array {
    return this.#secret.toBytes();
  }

  toJSON(): Record<string, unknown> {
    return { publicKey: Buffer.from(this.publicKey).toString('hex') };
  }
}

/** Sum of valid signatures (96 bytes each) over one message: 96 bytes. */
export function aggregateSignatures(signatures: readonly Uint8Array[]): Uint8Array {
  return aggregateSerializedSignatures([...signatures], false).toBytes();
}
