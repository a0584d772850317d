import { CrossrootError } from '../proofs/errors/base.js';

/** The command line was used wrongly: exit code 2. */
export class UsageError extends CrossrootError {
  override readonly name = 'UsageError';
}

/** The command ran and its answer is no: exit code 1. `result` is what `--json` prints. */
export class RefusedError extends CrossrootError {
  override readonly name = 'RefusedError';
  constructor(
    message: string,
    readonly result: unknown,
    /** The refusal is in the output already. */
    readonly printed = false,
  ) {
    super(message);
  }
}

/** A file that a command needs cannot be read or written. */
export class FileError extends CrossrootError {
  override readonly name = 'FileError';
  constructor(path: string, problem: string, cause: unknown) {
    super(`${path}: ${problem}`, { cause });
  }
}

/** The API answered with an error, or not at all. */
export class ApiError extends CrossrootError {
  override readonly name = 'ApiError';
  constructor(
    message: string,
    readonly status: number | undefined,
    override readonly retryable: boolean,
    hint?: string,
    cause?: unknown,
  ) {
    super(message, { ...(hint === undefined ? {} : { hint }), ...(cause === undefined ? {} : { cause }) });
  }
}
