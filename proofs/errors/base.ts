/** Options of every Crossroot error. */
export interface CrossrootErrorOptions {
  /** What the user can do about it. */
  readonly hint?: string;
  /** Facts worth logging; never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one base class of errors. A subclass gives `name`, says whether trying again later may help
 * (`retryable`) and carries its own data.
 */
export abstract class CrossrootError extends Error {
  abstract override readonly name: string;
  /** Whether the same call may succeed later without any change of its input. */
  readonly retryable: boolean = false;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, options: CrossrootErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
    this.details = options.details ?? {};
  }

  /** The first error in the chain of causes that satisfies `test`, or `undefined`. */
  walk(test: (error: unknown) => boolean): unknown {
    let current: unknown = this;
    for (let depth = 0; current !== undefined && depth < 32; depth++) {
      if (test(current)) return current;
      current = current instanceof Error ? current.cause : undefined;
    }
    return undefined;
  }

  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      message: this.message,
      retryable: this.retryable,
      hint: this.hint,
      ...this.details,
    };
  }
}

/** Whether `error` may go away by itself. Unknown errors are not retryable. */
export function isRetryable(error: unknown): boolean {
  return error instanceof CrossrootError && error.retryable;
}
