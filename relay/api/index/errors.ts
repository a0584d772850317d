import { CrossrootError } from '../../../proofs/errors/base.js';

/** Too many questions to the index at once. */
export class IndexBusyError extends CrossrootError {
  override readonly name = 'IndexBusyError';
  override readonly retryable = true;
  constructor(waiting: number) {
    super(`the index has ${waiting} questions waiting`, { hint: 'Ask again in a moment.' });
  }
}

/** The index did not answer in time. The query itself is ended by the index's own limit. */
export class IndexTimeoutError extends CrossrootError {
  override readonly name = 'IndexTimeoutError';
  override readonly retryable = true;
  constructor(ms: number) {
    super(`the index gave no answer within ${ms} ms`, { hint: 'Ask for a smaller range or a smaller page.' });
  }
}

/** Nothing serves index queries here. */
export class NoIndexError extends CrossrootError {
  override readonly name = 'NoIndexError';
  override readonly retryable = true;
  constructor() {
    super('this server has no index', {
      hint: 'Proofs and headers of the local best branch do not need it.',
    });
  }
}
