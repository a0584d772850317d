import { CrossrootError } from '../../../proofs/errors/base.js';

/** A network that cannot be added: its name or challenge is not allowed, or its name stands for other rules already. */
export class NetworkDefinitionError extends CrossrootError {
  override readonly name = 'NetworkDefinitionError';
  constructor(
    readonly network: string,
    problem: string,
  ) {
    super(`network ${network.slice(0, 80)}: ${problem}`, { details: { network } });
  }
}
