import { decodeUpdate, encodeBootstrap, type Versioned } from '../../../adapters/ethereum/consensus/codec.js';
import { hasSupermajority } from '../../../adapters/ethereum/consensus/committee.js';
import { periodAt } from '../../../adapters/ethereum/consensus/forks.js';
import { beaconRoot } from '../../../adapters/ethereum/consensus/header.js';
import { type KnownBlock, LightClient } from '../../../adapters/ethereum/consensus/lightClient.js';
import type { ConsensusNetwork } from '../../../adapters/ethereum/consensus/networks.js';
import type {
  LightClientBootstrap,
  LightClientFinalityUpdate,
  LightClientOptimisticUpdate,
  LightClientUpdate,
  SyncCommittee,
} from '../../../adapters/ethereum/consensus/types.js';
import { encodeCommittee } from '../../../adapters/ethereum/consensus/witness.js';
import type { Bls } from '../../../proofs/bls/bls.js';
import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import type { KeyValueStore } from '../../../storage/keyValue.js';
import { FinalityContradictionError } from './errors.js';
import { type EncodedUpdate, LightClientKeep } from './keep.js';
import type { FinalizedBlock } from './status.js';

/** What a light client is given at its start. */
export interface VerifiedOptions {
  readonly network: ConsensusNetwork;
  /** Root of the beacon block that is taken on trust. */
  readonly trustedRoot: Uint8Array;
  readonly store: KeyValueStore;
  readonly bls: Bls;
}

/**
 * All that is verified of one beacon chain: the light client, what led to it in the forms that the main chain takes, and
 * both on disk. Nothing gets in but by the light client's checks.
 */
export class VerifiedChain {
  readonly network: ConsensusNetwork;
  readonly #options: VerifiedOptions;
  readonly #keep: LightClientKeep;
  #client: LightClient | undefined;
  #bootstrap: Versioned<LightClientBootstrap> | undefined;
  #finalityUpdate: Uint8Array | undefined;

  constructor(options: VerifiedOptions) {
    this.network = options.network;
    this.#options = options;
    this.#keep = new LightClientKeep(options.store, options.network, options.trustedRoot);
  }

  /** `undefined` until there is a bootstrap. */
  get client(): LightClient | undefined {
    return this.#client;
  }

  /** Takes up what was kept, if there is anything. @throws MalformedInputError, LimitExceededError, LightClientRuleError if it cannot be read */
  load(): LightClient | undefined {
    const kept = this.#keep.load(this.#options.bls);
    if (kept === undefined) return undefined;
    this.#client = kept.client;
    this.#bootstrap = kept.bootstrap;
    this.#finalityUpdate = kept.finalityUpdate;
    return kept.client;
  }

  /** Begins at the trusted block, unless it has begun. @throws LightClientRuleError */
  async begin(bootstrap: Versioned<LightClientBootstrap>): Promise<LightClient> {
    if (this.#client !== undefined) return this.#client;
    const { trustedRoot, bls } = this.#options;
    const client = LightClient.start(this.network, trustedRoot, bootstrap.data, bls);
    this.#client = client;
    this.#bootstrap = bootstrap;
    await this.#keep.begin(client, bootstrap);
    return client;
  }

  /** Keeps what updates, already applied, have led to. @param updates by period */
  keep(client: LightClient, updates: ReadonlyMap<number, Versioned<LightClientUpdate>>): Promise<void> {
    return this.#keep.write(client, updates);
  }

  /** Tries again to keep what could not be kept. */
  flush(client: LightClient): Promise<void> {
    return this.#keep.flush(client);
  }

  /** Resolves when what is being written is written; nothing is written afterwards. */
  close(): Promise<void> {
    return this.#keep.close();
  }

  /**
   * @param currentSlot `Infinity` without a clock
   * @returns whether something became final
   * @throws LightClientRuleError; FinalityContradictionError for one that is as well signed as ours and finalizes another block
   */
  async takeFinality(
    client: LightClient,
    update: Versioned<LightClientFinalityUpdate>,
    currentSlot: number,
  ): Promise<boolean> {
    const { attestedHeader, finalizedHeader } = update.data;
    const { slot } = finalizedHeader.beacon;
    const attestedSlot = attestedHeader.beacon.slot;
    const known = client.finalized;
    const root = beaconRoot(finalizedHeader.beacon);
    const differs = slot === known.beacon.slot && !bytesEqual(root, known.beaconRoot);
    const isNews = slot > known.beacon.slot || attestedSlot > client.optimistic.beacon.slot;
    if (attestedSlot <= known.beacon.slot || !(isNews || differs)) return false;
    client.processFinalityUpdate(update.data, currentSlot);
    // Fewer can call any block final: that says nothing of the others.
    if (differs && hasSupermajority(update.data.syncAggregate.syncCommitteeBits))
      throw new FinalityContradictionError(this.network.name, slot, [toHex(known.beaconRoot), toHex(root)]);
    if (client.finalized.beacon.slot === known.beacon.slot) return false;
    this.#finalityUpdate = this.#keep.encodeFinality(update);
    await this.#keep.write(client, new Map(), update);
    return true;
  }

  /** @returns whether the optimistic block is another now @throws LightClientRuleError */
  takeOptimistic(client: LightClient, update: LightClientOptimisticUpdate, currentSlot: number): boolean {
    const before = client.optimistic.beacon.slot;
    if (update.attestedHeader.beacon.slot <= before) return false;
    client.processOptimisticUpdate(update, currentSlot);
    return client.optimistic.beacon.slot > before;
  }

  finalized(): FinalizedBlock | undefined {
    return this.#client && blockOf(this.#client.finalized);
  }

  optimistic(): FinalizedBlock | undefined {
    return this.#client && blockOf(this.#client.optimistic);
  }

  bootstrap(): Uint8Array | undefined {
    return this.#bootstrap && encodeBootstrap(this.network, this.#bootstrap);
  }

  updates(fromPeriod: number, limit: number): Promise<EncodedUpdate[]> {
    return this.#keep.updates(fromPeriod, limit);
  }

  latestFinalityUpdate(): Uint8Array | undefined {
    return this.#finalityUpdate;
  }

  committeeFor(update: Uint8Array): Uint8Array | undefined {
    const { data } = decodeUpdate(this.network, update).versioned;
    const committee = this.#committeeOf(periodAt(this.network, data.signatureSlot));
    return committee && encodeCommittee(this.network, committee, data.syncAggregate.syncCommitteeBits);
  }

  #committeeOf(period: number): SyncCommittee | undefined {
    const client = this.#client;
    if (client === undefined || this.#bootstrap === undefined) return undefined;
    const current = periodAt(this.network, client.finalized.beacon.slot);
    if (period === current) return client.store.currentCommittee.committee;
    if (period === current + 1) return client.store.nextCommittee?.committee;
    const first = periodAt(this.network, this.#bootstrap.data.header.beacon.slot);
    return period === first ? this.#bootstrap.data.currentSyncCommittee : this.#keep.committeeOf(period);
  }
}

function blockOf({ beacon, beaconRoot: root, execution }: KnownBlock): FinalizedBlock {
  return {
    slot: beacon.slot,
    beaconRoot: root,
    execution: execution && { height: execution.blockNumber, hash: execution.blockHash },
  };
}
