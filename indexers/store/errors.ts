import { CrossrootError } from '../../proofs/errors/base.js';

/** The index store cannot be used: everything but index queries works without it. */
export class IndexUnavailableError extends CrossrootError {
  override readonly name = 'IndexUnavailableError';
  override readonly retryable: boolean;
  constructor(problem: string, cause?: unknown, options: { hint?: string; retryable?: boolean } = {}) {
    super(`the index is not available: ${problem}`, {
      hint:
        options.hint ??
        'It needs the optional packages chdb and @clickhouse/client, which exist for Linux (glibc) and macOS. Proofs do not need it.',
      ...(cause === undefined ? {} : { cause }),
    });
    this.retryable = options.retryable ?? false;
  }
}

/**
 * ClickHouse's codes (`src/Common/ErrorCodes.cpp`) of what the same statement brings about again, until somebody changes it,
 * the server or the account: texts and values that cannot be read, names that are not known, rights and passwords.
 */
const LASTING: ReadonlySet<number> = new Set([
  ...[6, 8, 20, 25, 26, 27, 36, 38, 41, 42, 43, 46, 47, 48, 50, 53, 56, 62, 63, 70, 72, 73, 78, 115, 131],
  ...[164, 192, 193, 194, 229, 291, 321, 344, 396, 446, 456, 457, 497, 516],
]);

/** Whether a statement that failed with this code of ClickHouse's may succeed later as it is. */
export function isPassing(code: number): boolean {
  return !LASTING.has(code);
}

/** A statement of the index store failed. */
export class IndexQueryError extends CrossrootError {
  override readonly name = 'IndexQueryError';
  override readonly retryable: boolean;
  /** ClickHouse's error code; `undefined` where the statement did not get that far, or its answer could not be read. */
  readonly code: number | undefined;
  constructor(what: string, cause: unknown, retryable?: boolean) {
    const code = codeOf(cause);
    super(`index: ${what} failed: ${cause instanceof Error ? cause.message.slice(0, 300) : String(cause)}`, {
      cause,
      details: { what, ...(code === undefined ? {} : { code }) },
    });
    this.code = code;
    // Without a code it was the way there: a connection or a time limit.
    this.retryable = retryable ?? (code === undefined || isPassing(code));
  }

  /** Whether what it spoke of is not there (any more), as after a swap of sets. */
  get isGone(): boolean {
    return this.code === 60 || this.code === 81 || this.code === 218;
  }
}

/** Events before these are missing in the set in use. */
export class IndexGapError extends CrossrootError {
  override readonly name = 'IndexGapError';
  override readonly retryable = true;
  constructor(
    readonly chain: string,
    /** The event that has to be next. */
    readonly expected: number,
    readonly first: number,
  ) {
    super(`index of ${chain}: event ${first} came where ${expected} was next`, {
      hint: 'Read the number of the last event that is in, and go on after it.',
      details: { chain, expected, first },
    });
  }
}

/** The index has no such view of the chain: the event is not in yet, or it is of another log. */
export class UnknownViewError extends CrossrootError {
  override readonly name = 'UnknownViewError';
  override readonly retryable = true;
  constructor(
    readonly chain: string,
    readonly asked: number,
    readonly newest: number,
    problem = `its newest is ${newest}`,
  ) {
    super(`the index has no view of ${chain} after event ${asked}: ${problem}`, {
      details: { chain, asked, newest },
    });
  }
}

/** The index has not come to such a view of records, or it is of another chain or log. */
export class UnknownRecordsError extends CrossrootError {
  override readonly name = 'UnknownRecordsError';
  override readonly retryable = true;
  /** @param what such as `main-chain block` */
  constructor(
    readonly what: string,
    readonly asked: number,
    readonly newest: number | undefined,
    problem = newest === undefined ? 'it has none yet' : `its newest is ${newest}`,
  ) {
    super(`the index cannot be read as of ${what} ${asked}: ${problem}`, {
      details: { what, asked, ...(newest === undefined ? {} : { newest }) },
    });
  }
}

/** ClickHouse's error code as clients give it, somewhere in the chain of causes. */
function codeOf(error: unknown): number | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const code: unknown = Reflect.get(at, 'code');
    if (typeof code === 'number' || (typeof code === 'string' && /^\d{1,4}$/.test(code))) return Number(code);
  }
  return undefined;
}
