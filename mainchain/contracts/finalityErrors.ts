import type { LightClientRuleError } from '../../adapters/ethereum/consensus/errors.js';
import { CallRefusedError } from './errors.js';

/** Data that is no bootstrap, update or committee in its one valid encoding. */
export class MalformedLightClientError extends CallRefusedError {
  override readonly name = 'MalformedLightClientError';
  readonly code = 'malformed-light-client';
}

/** Data that breaks a rule of the chain's light-client protocol; the code names it, such as `light-client:invalid-signature`. */
export class BadLightClientError extends CallRefusedError {
  override readonly name = 'BadLightClientError';
  readonly code: string;
  constructor(readonly fault: LightClientRuleError) {
    super(fault.message, { cause: fault, details: fault.details });
    this.code = `light-client:${fault.rule}`.slice(0, 64);
  }
}

/** An update signed after the block's slot: the same call may be accepted later. */
export class UpdateTooEarlyError extends CallRefusedError {
  override readonly name = 'UpdateTooEarlyError';
  readonly code = 'update-too-early';
  override readonly retryable = true;
}

/** An update, or headers, before the bootstrap. */
export class FinalityNotStartedError extends CallRefusedError {
  override readonly name = 'FinalityNotStartedError';
  readonly code = 'finality-not-started';
  override readonly retryable = true;
}

/** A second bootstrap: another relay was first. */
export class FinalityStartedError extends CallRefusedError {
  override readonly name = 'FinalityStartedError';
  readonly code = 'finality-started';
  override readonly retryable = true;
}

/** Finality would be too far ahead of the newest leaf: headers, or time, come first. */
export class HeadersFirstError extends CallRefusedError {
  override readonly name = 'HeadersFirstError';
  readonly code = 'headers-first';
  override readonly retryable = true;
}

/** Headers while none is missing, or others than those missing next: another relay was first. */
export class NotMissingError extends CallRefusedError {
  override readonly name = 'NotMissingError';
  readonly code = 'not-missing';
  override readonly retryable = true;
}

/** Headers of which the last is not the final block, or not the parent of the header above it. */
export class NotFinalError extends CallRefusedError {
  override readonly name = 'NotFinalError';
  readonly code = 'not-final';
}
