import { CrossrootError } from '../../../proofs/errors/base.js';

/** A network of the user's own that cannot be defined so. */
export class NetworkDefinitionError extends CrossrootError {
  override readonly name = 'NetworkDefinitionError';
  constructor(
    readonly network: string,
    problem: string,
  ) {
    super(`network ${network.slice(0, 80)}: ${problem}`, { details: { network: network.slice(0, 80) } });
  }
}
