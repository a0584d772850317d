import { CrossrootError } from '../../proofs/errors/base.js';

/** The index store cannot be used: everything but index queries works without it. */
export class IndexUnavailableError extends CrossrootError {
  override readonly name = 'IndexUnavailableError';
  constructor(problem: string, cause?: unknown) {
    super(`the index is not available: ${problem}`, {
      hint: 'It needs the optional packages chdb and @clickhouse/client, which exist for Linux (glibc) and macOS. Proofs do not need it.',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** A statement of the index store failed. */
export class IndexQueryError extends CrossrootError {
  override readonly name = 'IndexQueryError';
  override readonly retryable: boolean;
  /** @param retryable whether the same statement may succeed later */
  constructor(what: string, cause: unknown, retryable = true) {
    super(`index: ${what} failed: ${cause instanceof Error ? cause.message.slice(0, 300) : String(cause)}`, {
      cause,
    });
    this.retryable = retryable;
  }
}
