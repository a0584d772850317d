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

/** A block that no source has, and the header book cannot say yet whether it still matters. */
export class BookBehindError extends CrossrootError {
  override readonly name = 'BookBehindError';
  override readonly retryable = true;
  constructor(chain: string, number: number, cause: unknown) {
    super(`the block of event ${number} of ${chain} is not to be had, and the header book is not there yet`, {
      details: { chain, number },
      cause,
    });
  }
}

/** A rebuild was stopped; the index is as it was. */
export class RebuildStoppedError extends CrossrootError {
  override readonly name = 'RebuildStoppedError';
  override readonly retryable = true;
  constructor() {
    super('the rebuild of the index was stopped; the index is as it was');
  }
}
