import { CrossrootError } from '../../proofs/errors/base.js';

/** The execution node does not have a block any more that the beacon chain has finalised. */
export class FinalizedLostError extends CrossrootError {
  override readonly name = 'FinalizedLostError';
  override readonly retryable = true;
  constructor(
    readonly number: number,
    readonly blockHash: string,
  ) {
    super(`the execution node does not have the finalised block ${number}, ${blockHash}`, {
      hint: 'The beacon chain keeps to what it finalised: bring the block back, or start with an empty data folder.',
      details: { number, blockHash },
    });
  }
}

/** A data folder of the beacon chain that cannot be read, or was made for another chain. */
export class BeaconDataError extends CrossrootError {
  override readonly name = 'BeaconDataError';
  constructor(problem: string) {
    super(`the beacon chain's data: ${problem}`, { hint: 'Start with an empty data folder.' });
  }
}
