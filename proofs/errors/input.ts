import { CrossrootError } from './base.js';

/** Input that cannot be read at all: not hex, wrong length, not the expected encoding. */
export class MalformedInputError extends CrossrootError {
  override readonly name = 'MalformedInputError';
  constructor(
    readonly what: string,
    problem: string,
    cause?: unknown,
  ) {
    super(`${what} ${problem}`, { details: { what }, ...(cause === undefined ? {} : { cause }) });
  }
}

/** Input larger than the documented limit. */
export class LimitExceededError extends CrossrootError {
  override readonly name = 'LimitExceededError';
  constructor(
    readonly what: string,
    readonly actual: number,
    readonly limit: number,
  ) {
    super(`${what}: ${actual} exceeds the limit of ${limit}`, { details: { what, actual, limit } });
  }
}
