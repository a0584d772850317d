import { CrossrootError } from '../../proofs/errors/base.js';

/** A block that breaks a rule. `reason` is Bitcoin Core's reject reason, such as `high-hash`. */
export class BlockRejectedError extends CrossrootError {
  override readonly name = 'BlockRejectedError';
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(`${reason}: ${message}`, { details: { reason } });
  }
}

/** A transaction that breaks a consensus or mempool rule. `reason` is Bitcoin Core's reject reason. */
export class TransactionRejectedError extends CrossrootError {
  override readonly name = 'TransactionRejectedError';
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(`${reason}: ${message}`, { details: { reason } });
  }
}

/** The data folder's content contradicts itself. */
export class CorruptChainError extends CrossrootError {
  override readonly name = 'CorruptChainError';
  constructor(problem: string) {
    super(`the chain's data folder is damaged: ${problem}`, {
      hint: 'Delete the folder: a regtest chain is made anew.',
    });
  }
}

/** The wallet has less than a payment needs. */
export class InsufficientFundsError extends CrossrootError {
  override readonly name = 'InsufficientFundsError';
  constructor(
    readonly needed: bigint,
    readonly available: bigint,
  ) {
    super('Insufficient funds', { details: { needed: `${needed}`, available: `${available}` } });
  }
}

/** A peer has closed, or was cut off, while it was being answered. */
export class PeerGoneError extends CrossrootError {
  override readonly name = 'PeerGoneError';
  constructor() {
    super('the peer has gone');
  }
}
