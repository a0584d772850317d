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

/** A certificate in the stream of main-chain blocks does not hold. Its block is indexed without it. */
export class WrongCertificateError extends CrossrootError {
  override readonly name = 'WrongCertificateError';
  constructor(
    readonly height: number,
    reason: string,
  ) {
    super(`the certificate of main-chain block ${height} does not hold: ${reason}`, {
      hint: 'Whoever published it is faulty, or the genesis of this process is another one than that of the nodes.',
      details: { height },
    });
  }
}

/** A certificate cannot be checked yet: no node has the delegates of its term. */
export class HandoverMissingError extends CrossrootError {
  override readonly name = 'HandoverMissingError';
  override readonly retryable = true;
  constructor(readonly term: number) {
    super(`no node has the hand-over to the delegates of term ${term} now`, { details: { term } });
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

/** A block whose contents this program cannot read: they are not indexed, and the coverage says so. */
export class UnreadableBlockError extends CrossrootError {
  override readonly name = 'UnreadableBlockError';
  constructor(
    chain: string,
    readonly number: number,
    height: number,
    cause: CrossrootError,
  ) {
    super(`the contents of block ${height} of ${chain} are not indexed: ${cause.message}`, {
      hint: 'A newer Crossroot may be able to read it; it is tried again at the next start.',
      details: { chain, number, height },
      cause,
    });
  }
}

/** Rows that were published are not there (any more), as after a power failure. */
export class LostRowsError extends CrossrootError {
  override readonly name = 'LostRowsError';
  override readonly retryable = true;
  constructor(
    chain: string,
    lost: { readonly events: number; readonly blocks: number; readonly records: number },
  ) {
    const parts = Object.entries(lost).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : []));
    super(`the index${chain === '' ? '' : ` of ${chain}`} had lost ${parts.join(', ')}`, {
      hint: 'They are taken from the log again by themselves. Look after the disk if the machine did not go down.',
      details: { chain, ...lost },
    });
  }
}

/** The index was filled from another log than this one. */
export class OtherLogError extends CrossrootError {
  override readonly name = 'OtherLogError';
  constructor(
    readonly chain: string,
    number: number,
    problem: string,
  ) {
    super(`the index of ${chain} is not of this log: it is at event ${number}, and ${problem}`, {
      hint: 'It is made anew from the log by itself; its old content is answered until then.',
      details: { chain, number },
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
