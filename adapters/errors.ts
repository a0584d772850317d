import { CrossrootError, type CrossrootErrorOptions } from '../proofs/errors/base.js';

/** A header breaks a consensus rule of its own chain. `rule` is the reference client's name. */
export class HeaderRuleError extends CrossrootError {
  override readonly name: string = 'HeaderRuleError';
  constructor(
    readonly rule: string,
    readonly height: number,
    /** Display order. */
    readonly hash: string,
    message: string,
    options: CrossrootErrorOptions = {},
  ) {
    super(`${rule}: ${message} (height ${height}, ${hash})`, {
      ...options,
      details: { rule, height, hash, ...options.details },
    });
  }
}

/** A header whose time is too far in the future: it may become valid. */
export class HeaderTooEarlyError extends HeaderRuleError {
  override readonly name = 'HeaderTooEarlyError';
  override readonly retryable = true;
}

/** A header that cannot be judged, as an ancestor that a rule looks at is not known here: says nothing against the header. */
export class UnknownAncestorError extends HeaderRuleError {
  override readonly name = 'UnknownAncestorError';
  override readonly retryable = true;
}

/**
 * A branch that leaves the best one below the checkpoint or below what the chain calls final. The rule is Bitcoin
 * Core's `bad-fork-prior-to-checkpoint` (`src/validation.cpp`).
 */
export class ForkTooDeepError extends HeaderRuleError {
  override readonly name = 'ForkTooDeepError';
  constructor(
    height: number,
    hash: string,
    readonly forkHeight: number,
    /** Lowest height at which a branch may leave. */
    readonly floor: number,
  ) {
    super('bad-fork-prior-to-checkpoint', height, hash, `leaves at ${forkHeight}, below ${floor}`, {
      details: { forkHeight, floor },
    });
  }
}

/** A chain name that no adapter has network data for. */
export class UnknownNetworkError extends CrossrootError {
  override readonly name = 'UnknownNetworkError';
  constructor(
    readonly network: string,
    known: readonly string[],
  ) {
    super(`unknown chain ${network}`, { hint: `Known chains: ${known.join(', ')}.` });
  }
}

/** A source that could not answer. Trying again, or another source, may help. */
export class SourceUnavailableError extends CrossrootError {
  override readonly name = 'SourceUnavailableError';
  override readonly retryable = true;
  constructor(
    readonly source: string,
    problem: string,
    cause?: unknown,
  ) {
    super(`${source}: ${problem}`, { details: { source }, ...(cause === undefined ? {} : { cause }) });
  }
}

/** A source that answered with something that cannot be true (wrong network, hash that does not match, unlinked headers). */
export class SourceFaultError extends CrossrootError {
  override readonly name = 'SourceFaultError';
  constructor(
    readonly source: string,
    problem: string,
    details: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(`${source}: ${problem}`, {
      details: { source, ...details },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
