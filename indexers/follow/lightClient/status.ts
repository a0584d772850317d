import type { SourceTip } from '../../../adapters/source.js';
import type { SourceHealth } from '../health.js';
import type { CatchUpProgress } from './catchUp.js';

/** A beacon block and the execution block in it. */
export interface FinalizedBlock {
  readonly slot: number;
  /** 32 bytes. */
  readonly beaconRoot: Uint8Array;
  /** `undefined` for blocks from before Capella, which prove none. */
  readonly execution: SourceTip | undefined;
}

export interface LightClientStatus {
  readonly chain: string;
  /** Whether the trusted block's bootstrap is there. */
  readonly started: boolean;
  readonly finalized: FinalizedBlock | undefined;
  readonly optimistic: FinalizedBlock | undefined;
  /** The newest sync committee period whose committee is known. */
  readonly period: number | undefined;
  /** Of the newest catch-up. */
  readonly catchUp: CatchUpProgress | undefined;
  /** Of the newest finalized block; `undefined` without one or without a clock. */
  readonly ageSeconds: number | undefined;
  /** Nothing newer has become final for five epochs: the chain does not finalize, or every source withholds it. */
  readonly stalled: boolean;
  /** What the client started from was older than the weak subjectivity period. */
  readonly startedTooOld: boolean;
  /** Whether any source answers. */
  readonly healthy: boolean;
  readonly sources: readonly SourceHealth[];
}
