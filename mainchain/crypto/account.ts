import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes } from '../../proofs/bytes.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import {
  type SignedTransaction,
  type Transaction,
  TransactionType,
} from '../../proofs/containers/transaction.js';
import { SecretKeyError } from './errors.js';

/** Signs transactions with one secp256k1 secret key. */
export class AccountSigner {
  readonly #secret: Uint8Array;
  /** 20 bytes. */
  readonly account: Uint8Array;

  private constructor(secret: Uint8Array) {
    this.#secret = secret;
    this.account = accountOf(secp256k1.getPublicKey(secret, false));
  }

  static generate(): AccountSigner {
    return new AccountSigner(secp256k1.utils.randomSecretKey());
  }

  /** @throws SecretKeyError unless `secret` is 32 bytes and a scalar of the curve */
  static fromSecret(secret: Uint8Array): AccountSigner {
    if (!secp256k1.utils.isValidSecretKey(secret)) throw new SecretKeyError('secp256k1');
    return new AccountSigner(secret.slice());
  }

  /** Signs for the chain of `genesisRoot`. The transaction's sender must be this account. */
  sign(transaction: Transaction, genesisRoot: Uint8Array): SignedTransaction {
    const message = signingRoot(TransactionType, transaction, 'transaction', genesisRoot);
    const recovered = secp256k1.sign(message, this.#secret, { prehash: false, format: 'recovered' });
    // The library puts the recovery bit first, the container last.
    const signature = concatBytes(recovered.subarray(1), recovered.subarray(0, 1));
    return { transaction, signature };
  }

  /** The secret key: 32 bytes. For the keystore only. */
  exportSecret(): Uint8Array {
    return this.#secret.slice();
  }

  toJSON(): Record<string, unknown> {
    return { account: Buffer.from(this.account).toString('hex') };
  }
}

/** Account of an uncompressed public key (65 bytes, with its 0x04): last 20 bytes of its Keccak-256. */
export function accountOf(uncompressed: Uint8Array): Uint8Array {
  return keccak_256(uncompressed.subarray(1)).slice(12);
}
