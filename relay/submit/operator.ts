import { computeAddress, SigningKey } from 'ethers';
import { concatBytes, fromHex, toHex } from '../../proofs/bytes.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import {
  type SignedTransaction,
  type Transaction,
  TransactionType,
} from '../../proofs/containers/transaction.js';

/** The relay operator's account: pays fees, signs transactions. */
export interface Operator {
  /** 20 bytes. */
  readonly account: Uint8Array;
  sign(transaction: Transaction, genesisRoot: Uint8Array): SignedTransaction;
}

/**
 * An operator from its secp256k1 secret key.
 * @param secretKey 32 bytes
 */
export function operatorFromKey(secretKey: Uint8Array): Operator {
  const key = new SigningKey(toHex(secretKey));
  const account = fromHex(computeAddress(key.publicKey), 'account', 20);
  return {
    account,
    sign(transaction, genesisRoot) {
      const digest = signingRoot(TransactionType, transaction, 'transaction', genesisRoot);
      const { r, s, yParity } = key.sign(digest);
      return {
        transaction,
        signature: concatBytes(fromHex(r, 'r', 32), fromHex(s, 's', 32), Uint8Array.of(yParity)),
      };
    },
  };
}
