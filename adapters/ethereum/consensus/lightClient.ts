import type { Bls } from '../../../proofs/bls/bls.js';
import type { FinalityAge } from './age.js';
import { finalityAge } from './age.js';
import { beaconRoot, executionOf } from './header.js';
import type { ConsensusNetwork } from './networks.js';
import { decodeStore, encodeStore } from './snapshot.js';
import { forceUpdate, type LightClientStore, processUpdate, safetyThreshold, startStore } from './store.js';
import type {
  BeaconBlockHeader,
  ExecutionHeader,
  LightClientBootstrap,
  LightClientFinalityUpdate,
  LightClientHeader,
  LightClientOptimisticUpdate,
  LightClientUpdate,
} from './types.js';
import { asUpdate } from './update.js';

/** A beacon block that a light client knows, and the execution block in it. */
export interface KnownBlock {
  readonly beacon: BeaconBlockHeader;
  /** Of the beacon block, 32 bytes. */
  readonly beaconRoot: Uint8Array;
  /** `undefined` for blocks from before Capella, which prove none. */
  readonly execution: ExecutionHeader | undefined;
}

/**
 * The specification's light client over its store: every check, every signature. It reads no clock and no network: data
 * and slots are handed in, and what does not hold is refused by name, the store staying as it was.
 */
export class LightClient {
  #store: LightClientStore;

  private constructor(
    readonly network: ConsensusNetwork,
    store: LightClientStore,
    readonly bls: Bls,
  ) {
    this.#store = store;
  }

  /**
   * Begins at a trusted block.
   * @param trustedRoot root of that beacon block
   * @throws LightClientRuleError `untrusted-root`, `invalid-current-committee-branch`, `invalid-execution-branch`, `unsupported-fork`
   */
  static start(
    network: ConsensusNetwork,
    trustedRoot: Uint8Array,
    bootstrap: LightClientBootstrap,
    bls: Bls,
  ): LightClient {
    return new LightClient(network, startStore(network, trustedRoot, bootstrap), bls);
  }

  /** Goes on from what `toBytes` gave. @throws MalformedInputError, LimitExceededError */
  static fromBytes(network: ConsensusNetwork, bytes: Uint8Array, bls: Bls): LightClient {
    return new LightClient(network, decodeStore(network, bytes), bls);
  }

  toBytes(): Uint8Array {
    return encodeStore(this.network, this.#store);
  }

  get store(): LightClientStore {
    return this.#store;
  }

  /** The newest block known to be final; after `forceUpdate`, and until finality comes back, one taken for final (`store.isForced`). */
  get finalized(): KnownBlock {
    return this.#known(this.#store.finalizedHeader);
  }

  /** The newest block that enough of the committee signed; it may yet be replaced. */
  get optimistic(): KnownBlock {
    return this.#known(this.#store.optimisticHeader);
  }

  /** More participants than this make an optimistic header believable. */
  get safetyThreshold(): number {
    return safetyThreshold(this.#store);
  }

  /**
   * @param currentSlot by the clock (`slotAtTime`); `Infinity` where there is none
   * @throws LightClientRuleError, LightClientTooEarlyError
   */
  processUpdate(update: LightClientUpdate, currentSlot: number): void {
    this.#store = processUpdate(this.network, this.#store, update, currentSlot, this.bls);
  }

  /** @throws LightClientRuleError, LightClientTooEarlyError */
  processFinalityUpdate(update: LightClientFinalityUpdate, currentSlot: number): void {
    this.processUpdate(asUpdate(this.network, update), currentSlot);
  }

  /** @throws LightClientRuleError, LightClientTooEarlyError */
  processOptimisticUpdate(update: LightClientOptimisticUpdate, currentSlot: number): void {
    this.processUpdate(asUpdate(this.network, update), currentSlot);
  }

  /**
   * Where a whole period has passed without finality, takes the best update as if it were final.
   * @returns whether something changed
   */
  forceUpdate(currentSlot: number): boolean {
    const before = this.#store;
    this.#store = forceUpdate(this.network, before, currentSlot);
    return this.#store !== before;
  }

  /** How old the newest finalized block is. */
  age(currentSlot: number): FinalityAge {
    return finalityAge(this.network, this.#store.finalizedHeader.beacon.slot, currentSlot);
  }

  #known(header: LightClientHeader): KnownBlock {
    return {
      beacon: header.beacon,
      beaconRoot: beaconRoot(header.beacon),
      execution: executionOf(this.network, header),
    };
  }
}
