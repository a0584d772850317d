import { CrossrootError } from '../../proofs/errors/base.js';

/** Another producer has taken over this chain: what this one writes is refused. */
export class LeaseLostError extends CrossrootError {
  override readonly name = 'LeaseLostError';
  constructor(
    readonly chain: string,
    readonly held: number,
    readonly current: number,
  ) {
    super(`the producer lease of ${chain} was lost: epoch ${held}, now ${current}`, {
      hint: 'Another follower of this chain has started. Run one only.',
      details: { chain, held, current },
    });
  }
}

/** An append whose first number is not the one after the last. */
export class LogConflictError extends CrossrootError {
  override readonly name = 'LogConflictError';
  override readonly retryable = true;
  constructor(
    readonly chain: string,
    readonly expected: number,
    readonly actual: number,
  ) {
    super(`the log of ${chain} goes on with number ${actual}, not ${expected}`, {
      details: { chain, expected, actual },
    });
  }
}

/** The log's content contradicts itself: a gap, an unreadable record, an event that does not fit the one before. */
export class LogCorruptError extends CrossrootError {
  override readonly name = 'LogCorruptError';
  constructor(
    readonly chain: string,
    readonly number: number,
    problem: string,
    cause?: unknown,
  ) {
    super(`the log of ${chain} is damaged at event ${number}: ${problem}`, {
      hint: 'Move the relay data folder away: the log is rebuilt from the sources.',
      details: { chain, number },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** A stream was stopped while something waited for it. */
export class StreamStoppedError extends CrossrootError {
  override readonly name = 'StreamStoppedError';
  constructor() {
    super('the stream is stopped');
  }
}
