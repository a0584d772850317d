import { CrossrootError } from '../../../proofs/errors/base.js';

/** What was kept of a light client cannot be read; it begins again at its trusted block. */
export class LightClientStateError extends CrossrootError {
  override readonly name = 'LightClientStateError';
  constructor(
    readonly chain: string,
    cause: unknown,
  ) {
    super(`the kept state of ${chain}'s light client cannot be read`, {
      hint: 'It begins again at its trusted block; the disk may be damaged.',
      details: { chain },
      cause,
    });
  }
}

/** The validators who signed what a client starts from may have left since, and could have signed another history. */
export class WeakSubjectivityError extends CrossrootError {
  override readonly name = 'WeakSubjectivityError';
  constructor(
    readonly chain: string,
    readonly slot: number,
    readonly epochs: number,
    readonly limitEpochs: number,
  ) {
    super(
      `${chain}: the block at slot ${slot}, at which the light client starts, is ${epochs} epochs old, more than the ${limitEpochs} of the weak subjectivity period`,
      {
        hint: 'Have the trusted block confirmed by somebody who has followed the chain, or begin at a newer one.',
        details: { chain, slot, epochs, limitEpochs },
      },
    );
  }
}

/** Checkpoint providers do not agree on a block at which to begin. */
export class CheckpointDisagreementError extends CrossrootError {
  override readonly name = 'CheckpointDisagreementError';
  override readonly retryable = true;
  constructor(
    readonly chain: string,
    readonly needed: number,
    /** What each provider said, in words. */
    readonly said: readonly string[],
  ) {
    super(
      `${chain}: fewer than ${needed} checkpoint providers agree on a finalized block: ${said.join('; ')}`,
      {
        hint: 'Find out which block is right, and give it as trustedBlockRoot.',
        details: { chain, needed, said },
      },
    );
  }
}

/** Two thirds of a sync committee signed two different blocks as final at one slot: the beacon chain itself has failed. */
export class FinalityContradictionError extends CrossrootError {
  override readonly name = 'FinalityContradictionError';
  constructor(
    readonly chain: string,
    readonly slot: number,
    /** Ours, then the other one. */
    readonly roots: readonly [string, string],
  ) {
    super(`${chain}: the sync committee signed both ${roots[0]} and ${roots[1]} as final at slot ${slot}`, {
      hint: 'At least a third of the validators have broken the rules. Ask what happened before anything is trusted.',
      details: { chain, slot, roots },
    });
  }
}
