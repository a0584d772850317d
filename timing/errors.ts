import { CrossrootError } from '../proofs/errors/base.js';

/** A timing strategy that cannot be read, or that makes no sense for its chain. */
export class PolicyError extends CrossrootError {
  override readonly name = 'PolicyError';
}
