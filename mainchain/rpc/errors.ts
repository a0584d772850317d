import { CrossrootError } from '../../proofs/errors/base.js';

/** No finalised commitment holds the leaf yet. */
export class NotCommittedError extends CrossrootError {
  override readonly name = 'NotCommittedError';
  override readonly retryable = true;
  constructor(chain: string, height: number, mainHeight: number) {
    super(`${chain} height ${height} is not committed as of main height ${mainHeight}`, {
      details: { chain, height, mainHeight },
      hint: 'Wait until the block has the confirmations that the policy asks for and its main block is final.',
    });
  }
}

/** The history begins above this height: it can never be proven. */
export class BelowStartError extends CrossrootError {
  override readonly name = 'BelowStartError';
  constructor(chain: string, height: number, start: number) {
    super(`${chain} height ${height} is below the history’s start ${start}`, {
      details: { chain, height, start },
    });
  }
}

/** No such chain is registered. */
export class UnknownChainError extends CrossrootError {
  override readonly name = 'UnknownChainError';
  constructor(chain: string) {
    super(`no chain called ${chain} is registered`, { details: { chain } });
  }
}

/** No such truncation in the chain's reorg history (as of the final head). */
export class UnknownReorgError extends CrossrootError {
  override readonly name = 'UnknownReorgError';
  override readonly retryable = true;
  constructor(chain: string, index: number, count: number) {
    super(`${chain} has ${count} final truncations, none with index ${index}`, {
      details: { chain, index, count },
    });
  }
}

/** A main height that is not final yet. */
export class NotFinalError extends CrossrootError {
  override readonly name = 'NotFinalError';
  override readonly retryable = true;
  constructor(height: number, finalized: number) {
    super(`main height ${height} is not final; ${finalized} is`, { details: { height, finalized } });
  }
}

/** More hand-overs than one answer or proof holds. */
export class TooManyHandoversError extends CrossrootError {
  override readonly name = 'TooManyHandoversError';
  constructor(fromTerm: number, toTerm: number, limit: number) {
    super(`${toTerm - fromTerm} hand-overs from term ${fromTerm} to ${toTerm}; at most ${limit} fit`, {
      hint: 'Trust a newer certified header and give its term as fromTerm.',
    });
  }
}

/** The node does not take the transaction. */
export class TransactionRefusedError extends CrossrootError {
  override readonly name = 'TransactionRefusedError';
  constructor(
    readonly reason: string,
    override readonly retryable: boolean,
  ) {
    super(`transaction refused: ${reason}`, { details: { reason } });
  }
}

/** A request that is not what the method takes. */
export class BadRequestError extends CrossrootError {
  override readonly name = 'BadRequestError';
}

/** The node did not answer, or not as a node. */
export class NodeUnavailableError extends CrossrootError {
  override readonly name = 'NodeUnavailableError';
  override readonly retryable = true;
  constructor(node: string, problem: string, cause?: unknown) {
    super(`node ${node}: ${problem}`, { details: { node }, ...(cause === undefined ? {} : { cause }) });
  }
}

/** An error of a remote node, under its own name. */
export class RemoteError extends CrossrootError {
  override readonly name: string;
  override readonly retryable: boolean;
  constructor(error: {
    readonly name: string;
    readonly message: string;
    readonly retryable: boolean;
    readonly details?: Readonly<Record<string, unknown>>;
  }) {
    super(error.message, { details: error.details ?? {} });
    this.name = error.name;
    this.retryable = error.retryable;
  }
}
