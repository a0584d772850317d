import { CrossrootError } from '../../proofs/errors/base.js';

/** The stream of main-chain blocks has another block than the main chain. */
export class MainConflictError extends CrossrootError {
  override readonly name = 'MainConflictError';
  constructor(
    readonly height: number,
    problem: string,
  ) {
    super(`main-chain block ${height} in the log: ${problem}`, {
      hint: 'If the main chain was made anew, give the log another topic prefix, or move its data folder away.',
      details: { height },
    });
  }
}

/** A main-chain node has not yet, or no longer, what it said is final. */
export class MainBlockMissingError extends CrossrootError {
  override readonly name = 'MainBlockMissingError';
  override readonly retryable = true;
  constructor(readonly height: number) {
    super(`no node has the finalised main-chain block ${height}`, { details: { height } });
  }
}
