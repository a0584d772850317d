import type { HeaderRuleError } from '../../adapters/errors.js';
import { CallRefusedError } from './errors.js';

export class WrongAssuranceError extends CallRefusedError {
  override readonly name = 'WrongAssuranceError';
  readonly code = 'wrong-assurance';
}

export class MalformedHeadersError extends CallRefusedError {
  override readonly name = 'MalformedHeadersError';
  readonly code = 'malformed-headers';
}

export class UnlinkedHeadersError extends CallRefusedError {
  override readonly name = 'UnlinkedHeadersError';
  readonly code = 'unlinked-headers';
}

export class TooManyHeadersError extends CallRefusedError {
  override readonly name = 'TooManyHeadersError';
  readonly code = 'too-many-headers';
}

export class UnknownForkError extends CallRefusedError {
  override readonly name = 'UnknownForkError';
  readonly code = 'unknown-fork';
}

export class ForkBelowWindowError extends CallRefusedError {
  override readonly name = 'ForkBelowWindowError';
  readonly code = 'fork-below-window';
}

export class InsufficientWorkError extends CallRefusedError {
  override readonly name = 'InsufficientWorkError';
  readonly code = 'insufficient-work';
}

export class WindowFullError extends CallRefusedError {
  override readonly name = 'WindowFullError';
  readonly code = 'window-full';
  override readonly retryable = true;
}

export class NothingToAdvanceError extends CallRefusedError {
  override readonly name = 'NothingToAdvanceError';
  readonly code = 'nothing-to-advance';
  override readonly retryable = true;
}

/** A header's time is too far ahead of the block's slot: the same call may be accepted later. */
export class HeaderTooEarlyCallError extends CallRefusedError {
  override readonly name = 'HeaderTooEarlyCallError';
  readonly code = 'header-too-early';
  override readonly retryable = true;
}

/** A header breaks a rule of its own chain; the code names it, such as `header:high-hash`. */
export class BadHeaderError extends CallRefusedError {
  override readonly name = 'BadHeaderError';
  readonly code: string;
  constructor(readonly fault: HeaderRuleError) {
    super(fault.message, { cause: fault, details: fault.details });
    this.code = `header:${fault.rule}`.slice(0, 64);
  }
}

export class BadSeqError extends CallRefusedError {
  override readonly name = 'BadSeqError';
  readonly code = 'bad-seq';
}

export class BadEpochError extends CallRefusedError {
  override readonly name = 'BadEpochError';
  readonly code = 'bad-epoch';
}

export class BadRangeError extends CallRefusedError {
  override readonly name = 'BadRangeError';
  readonly code = 'bad-range';
}

export class BadDigestError extends CallRefusedError {
  override readonly name = 'BadDigestError';
  readonly code = 'bad-digest';
}

export class NoChangeError extends CallRefusedError {
  override readonly name = 'NoChangeError';
  readonly code = 'no-change';
}

export class PolicyNotMetError extends CallRefusedError {
  override readonly name = 'PolicyNotMetError';
  readonly code = 'policy-not-met';
  override readonly retryable = true;
}
