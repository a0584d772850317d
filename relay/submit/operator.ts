import type { SignedTransaction, Transaction } from '../../proofs/containers/transaction.js';

/** The relay operator's account: pays fees, signs transactions. `AccountSigner` is one. */
export interface Operator {
  /** 20 bytes. */
  readonly account: Uint8Array;
  sign(transaction: Transaction, genesisRoot: Uint8Array): SignedTransaction;
}
