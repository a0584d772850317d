import { CrossrootError } from '../../proofs/errors/base.js';

/** A genesis that no main chain can begin with, or a genesis file that cannot be read. */
export class GenesisError extends CrossrootError {
  override readonly name = 'GenesisError';
  constructor(
    /** Where the problem is, such as `delegates[2].blsKey`. */
    readonly path: string,
    problem: string,
    cause?: unknown,
  ) {
    super(`genesis ${path}: ${problem}`, {
      details: { path },
      hint: 'docs/formats.md describes the genesis file.',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
