import { CrossrootError } from '../../proofs/errors/base.js';

/**
 * A call that a contract refuses: its fee is paid, its nonce used, and nothing else happens. `code` is the receipt's
 * error: short ASCII.
 */
export abstract class CallRefusedError extends CrossrootError {
  abstract readonly code: string;
}

export class MalformedCallError extends CallRefusedError {
  override readonly name = 'MalformedCallError';
  readonly code = 'malformed-call';
}

export class UnknownMethodError extends CallRefusedError {
  override readonly name = 'UnknownMethodError';
  readonly code = 'unknown-method';
}

export class InsufficientBalanceError extends CallRefusedError {
  override readonly name = 'InsufficientBalanceError';
  readonly code = 'insufficient-balance';
}

// --- delegates

export class NotADelegateError extends CallRefusedError {
  override readonly name = 'NotADelegateError';
  readonly code = 'not-a-delegate';
}

export class SetFrozenError extends CallRefusedError {
  override readonly name = 'SetFrozenError';
  readonly code = 'set-frozen';
  override readonly retryable = true;
}

export class KeyInUseError extends CallRefusedError {
  override readonly name = 'KeyInUseError';
  readonly code = 'key-in-use';
}

export class BadPossessionError extends CallRefusedError {
  override readonly name = 'BadPossessionError';
  readonly code = 'bad-possession';
}

// --- quorums

export class BadBitsError extends CallRefusedError {
  override readonly name = 'BadBitsError';
  readonly code = 'bad-bits';
}

export class NoQuorumError extends CallRefusedError {
  override readonly name = 'NoQuorumError';
  readonly code = 'no-quorum';
}

export class BadQuorumSignatureError extends CallRefusedError {
  override readonly name = 'BadQuorumSignatureError';
  readonly code = 'bad-signature';
}
