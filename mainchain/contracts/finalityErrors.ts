import type { LightClientRuleError } from '../../adapters/ethereum/consensus/errors.js';
import { CallRefusedError } from './errors.js';

export class MalformedFinalityError extends CallRefusedError {
  override readonly name = 'MalformedFinalityError';
  readonly code = 'malformed-finality';
}

/** Signed later than the block's slot: the same call may be accepted later. */
export class FinalityTooEarlyError extends CallRefusedError {
  override readonly name = 'FinalityTooEarlyError';
  readonly code = 'finality-too-early';
  override readonly retryable = true;
}

/** Light-client data breaks a rule; the code names it, such as `finality:invalid-signature`. */
export class BadFinalityError extends CallRefusedError {
  override readonly name = 'BadFinalityError';
  readonly code: string;
  constructor(readonly fault: LightClientRuleError) {
    super(fault.message, { cause: fault, details: fault.details });
    this.code = `finality:${fault.rule}`.slice(0, 64);
  }
}

export class FinalityStartedError extends CallRefusedError {
  override readonly name = 'FinalityStartedError';
  readonly code = 'finality-started';
}

export class FinalityNotStartedError extends CallRefusedError {
  override readonly name = 'FinalityNotStartedError';
  readonly code = 'finality-not-started';
}

/** Headers that are not those that are known to be final. */
export class NotFinalError extends CallRefusedError {
  override readonly name = 'NotFinalError';
  readonly code = 'not-final';
}
