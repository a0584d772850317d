import { SourceFaultError } from '../../adapters/errors.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { CrossrootError } from '../../proofs/errors/base.js';

/** A source did not answer in time. */
export class SourceTimeoutError extends CrossrootError {
  override readonly name = 'SourceTimeoutError';
  override readonly retryable = true;
  constructor(
    readonly source: string,
    readonly what: string,
    readonly milliseconds: number,
  ) {
    super(`${source}: ${what} took longer than ${milliseconds} ms`, { details: { source, what } });
  }
}

/** The data folder belongs to a chain with another checkpoint. */
export class CheckpointMismatchError extends CrossrootError {
  override readonly name = 'CheckpointMismatchError';
  constructor(
    readonly chain: string,
    height: number,
  ) {
    super(`the stored headers of ${chain} begin at another block than its checkpoint (height ${height})`, {
      hint: 'Use the checkpoint that the folder was made with, or another --data folder.',
      details: { chain, height },
    });
  }
}

/** A source's branch leaves ours deeper than can be followed. */
export class BranchTooDeepError extends SourceFaultError {
  constructor(
    source: string,
    /** Lowest height from which a branch can be followed. */
    readonly rootHeight: number,
    readonly height: number,
    readonly tipHeight: number,
  ) {
    super(source, `is on a branch that leaves ours below ${rootHeight}`, { height, tipHeight });
  }
}

/** Two branches from one header, which both build on. */
export interface TwoBranches {
  readonly forkHeight: number;
  /** Upwards, from `forkHeight + 1` on. */
  readonly ours: readonly ForeignHeader[];
  readonly theirs: readonly ForeignHeader[];
}

/** A branch that would undo blocks which the chain itself called final. */
export class FinalityConflictError extends CrossrootError {
  override readonly name = 'FinalityConflictError';
  override readonly retryable = true;
  constructor(
    readonly chain: string,
    readonly forkHeight: number,
    readonly finalizedHeight: number,
    /** Both branches, as far as they were read. */
    readonly branches?: TwoBranches,
  ) {
    super(`${chain}: a branch from height ${forkHeight} would undo the finalised block ${finalizedHeight}`, {
      hint: 'Look at the sources. A local network that lost its state may be followed with finalityReversal.',
      details: { chain, forkHeight, finalizedHeight },
    });
  }
}
