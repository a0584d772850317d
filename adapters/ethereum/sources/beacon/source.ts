import type { Versioned } from '../../consensus/codec.js';
import type { ConsensusNetwork } from '../../consensus/networks.js';
import type {
  LightClientBootstrap,
  LightClientFinalityUpdate,
  LightClientOptimisticUpdate,
  LightClientUpdate,
} from '../../consensus/types.js';

/**
 * Where light-client data of one beacon chain comes from. Answers are decoded and limited, not verified: signatures and
 * branches are the light client's to check.
 */
export interface BeaconSource {
  /** For logs and errors; holds no secret. */
  readonly name: string;
  readonly network: ConsensusNetwork;
  /** Checks that the source is of this network, as far as it can tell. @throws SourceFaultError, SourceUnavailableError */
  check(): Promise<void>;
  /** @param root of the beacon block at which to begin @throws SourceUnavailableError where it has none for that block */
  bootstrap(root: Uint8Array): Promise<Versioned<LightClientBootstrap>>;
  /**
   * The best update of each period from `startPeriod` on, one a period without gaps, at most `count`; fewer where it has
   * no more, none where it does not have the first.
   */
  updates(startPeriod: number, count: number): Promise<Versioned<LightClientUpdate>[]>;
  /** The newest one that it has, if it has any. */
  finalityUpdate(): Promise<Versioned<LightClientFinalityUpdate> | undefined>;
  /** As `finalityUpdate`. */
  optimisticUpdate(): Promise<Versioned<LightClientOptimisticUpdate> | undefined>;
  close(): Promise<void>;
}

/** A block by its place, as one server says. */
export interface NamedBlock {
  readonly slot: number;
  /** Beacon block root, 32 bytes. */
  readonly root: Uint8Array;
}

/** Who can be asked for a block at which to begin. */
export interface CheckpointProvider {
  readonly name: string;
  readonly network: ConsensusNetwork;
  check(): Promise<void>;
  /** The newest block that it calls final. */
  finalizedBlock(): Promise<NamedBlock>;
  /** The block that its chain has at `slot`; `undefined` where that slot is empty or it does not know. */
  blockAt(slot: number): Promise<NamedBlock | undefined>;
  close(): Promise<void>;
}
