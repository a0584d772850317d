import { CallRefusedError } from './errors.js';

export class BadSequenceError extends CallRefusedError {
  override readonly name = 'BadSequenceError';
  readonly code = 'bad-sequence';
}

export class UnknownActionError extends CallRefusedError {
  override readonly name = 'UnknownActionError';
  readonly code = 'unknown-action';
}

export class MalformedActionError extends CallRefusedError {
  override readonly name = 'MalformedActionError';
  readonly code = 'malformed-action';
}

export class SpecMismatchError extends CallRefusedError {
  override readonly name = 'SpecMismatchError';
  readonly code = 'spec-mismatch';
}

export class UnknownKindError extends CallRefusedError {
  override readonly name = 'UnknownKindError';
  readonly code = 'unknown-kind';
}

export class UnknownNetworkCallError extends CallRefusedError {
  override readonly name = 'UnknownNetworkCallError';
  readonly code = 'unknown-network';
}

export class NameTakenError extends CallRefusedError {
  override readonly name = 'NameTakenError';
  readonly code = 'name-taken';
}

export class CheckpointMismatchError extends CallRefusedError {
  override readonly name = 'CheckpointMismatchError';
  readonly code = 'checkpoint-mismatch';
}

export class BadPolicyError extends CallRefusedError {
  override readonly name = 'BadPolicyError';
  readonly code = 'bad-policy';
}

export class UnknownChainCallError extends CallRefusedError {
  override readonly name = 'UnknownChainCallError';
  readonly code = 'unknown-chain';
}

export class ChainPausedError extends CallRefusedError {
  override readonly name = 'ChainPausedError';
  readonly code = 'chain-paused';
}

export class ChainNotPausedError extends CallRefusedError {
  override readonly name = 'ChainNotPausedError';
  readonly code = 'chain-not-paused';
}
