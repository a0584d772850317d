import { toHex } from '../../proofs/bytes.js';
import { CrossrootError, type CrossrootErrorOptions } from '../../proofs/errors/base.js';

/** Rules of main-chain blocks, as in `InvalidBlockError.rule`. */
export type BlockRule =
  | 'malformed'
  | 'bad-version'
  | 'wrong-genesis'
  | 'bad-height'
  | 'bad-slot'
  | 'bad-term'
  | 'bad-turn'
  | 'bad-producer'
  | 'bad-signature'
  | 'bad-certificate'
  | 'bad-certificate-root'
  | 'bad-transactions-root'
  | 'bad-transaction'
  | 'over-budget'
  | 'block-too-large'
  | 'bad-receipts-root'
  | 'bad-state-root'
  | 'bad-index-root'
  | 'bad-history-root'
  | 'bad-set-root'
  | 'bad-next-set-root';

/** A block that breaks a rule of the main chain: it never becomes valid. */
export class InvalidBlockError extends CrossrootError {
  override readonly name = 'InvalidBlockError';
  constructor(
    readonly rule: BlockRule,
    message: string,
    options: CrossrootErrorOptions = {},
  ) {
    super(`${rule}: ${message}`, { ...options, details: { rule, ...options.details } });
  }
}

/** The block's parent is not in the tree: fetch it first. */
export class UnknownParentError extends CrossrootError {
  override readonly name = 'UnknownParentError';
  override readonly retryable = true;
  constructor(
    readonly parentRoot: Uint8Array,
    readonly height: number,
  ) {
    super(`the parent ${toHex(parentRoot)} of the block at main height ${height} is not known`, {
      details: { parentRoot: toHex(parentRoot), height },
    });
  }
}

/** The block's slot has not begun yet by this node's clock. */
export class FutureBlockError extends CrossrootError {
  override readonly name = 'FutureBlockError';
  override readonly retryable = true;
  constructor(
    readonly slot: number,
    readonly milliseconds: number,
  ) {
    super(`slot ${slot} begins only in ${milliseconds} ms`, {
      details: { slot, milliseconds },
      hint: 'If this goes on, compare the clocks of the two machines.',
    });
  }
}

/** A root that is not in the block tree. */
export class UnknownBlockError extends CrossrootError {
  override readonly name = 'UnknownBlockError';
  override readonly retryable = true;
  constructor(readonly root: Uint8Array) {
    super(`block ${toHex(root)} is not known`, { details: { root: toHex(root) } });
  }
}

/** The data folder belongs to another genesis, or something in it that must be there is missing. */
export class ChainStoreError extends CrossrootError {
  override readonly name = 'ChainStoreError';
}

/** A transaction that cannot be in a block on top of this one. `reason` is a short ASCII name. */
export class TransactionInvalidError extends CrossrootError {
  override readonly name: string = 'TransactionInvalidError';
  constructor(
    readonly reason: TransactionFault,
    message: string,
    /** The same transaction may fit a later block. */
    override readonly retryable: boolean = false,
  ) {
    super(`${reason}: ${message}`, { details: { reason } });
  }
}

export type TransactionFault =
  | 'bad-signature'
  | 'bad-mark'
  | 'nonce-too-low'
  | 'nonce-too-high'
  | 'fee-too-low'
  | 'cannot-pay-fee'
  | 'over-budget'
  | 'block-full';
