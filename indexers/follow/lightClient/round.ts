import type { Versioned } from '../../../adapters/ethereum/consensus/codec.js';
import { periodAt } from '../../../adapters/ethereum/consensus/forks.js';
import type { LightClient } from '../../../adapters/ethereum/consensus/lightClient.js';
import type { LightClientFinalityUpdate } from '../../../adapters/ethereum/consensus/types.js';
import { isLaterFork } from '../../../adapters/ethereum/sources/beacon/reading.js';
import { type CatchUpProgress, catchUp, knownPeriod } from './catchUp.js';
import type { BeaconPeer } from './peer.js';
import type { VerifiedChain } from './verified.js';

export interface RoundOptions {
  readonly chain: VerifiedChain;
  readonly trustedRoot: Uint8Array;
  /** Most updates of one request while catching up. */
  readonly batch: number;
  /** A source that catches up is not joined by another one as long as it has got on within so many milliseconds. */
  readonly leadMs: number;
  /** Unix seconds. */
  readonly now: () => number;
  /** The network's slot now; `Infinity` without a clock. */
  readonly currentSlot: () => number;
  readonly stopped: () => boolean;
  readonly onProgress: (progress: CatchUpProgress) => void;
  /** Told once, when the client has begun. */
  readonly onBegin: (client: LightClient) => void;
  readonly onChange: () => void;
}

/** What is asked of one source at each poll, and what is done with its answers. */
export class Rounds {
  readonly #o: RoundOptions;
  /** Who catches up, and when it last got on. */
  #lead: { readonly peer: BeaconPeer; since: number } | undefined;
  /** Finalized slot at which the next committee was last asked for. */
  #askedAt = -1;

  constructor(options: RoundOptions) {
    this.#o = options;
  }

  /**
   * Brings the client as far as this source can.
   * @throws SourceFaultError, SourceUnavailableError, SourceTimeoutError; FinalityContradictionError
   */
  async run(peer: BeaconPeer): Promise<void> {
    try {
      await peer.check();
      const client = this.#o.chain.client ?? (await this.#begin(peer));
      await this.#o.chain.flush(client);
      const { finality, later } = await this.#headOf(peer);
      if (this.#o.stopped()) return;
      if (finality === undefined) await this.#catchUp(client, peer, undefined);
      // What comes before the fork is followed all the same.
      if (later !== undefined) throw later;
      if (finality !== undefined && (await this.#reach(client, peer, finality)))
        await this.#takeFinality(client, peer, finality);
      await this.#takeOptimistic(client, peer);
    } finally {
      if (this.#lead?.peer === peer) this.#lead = undefined;
    }
  }

  /** The source's newest finality; or why it is of no use yet, where its fork is later than those known here. */
  async #headOf(
    peer: BeaconPeer,
  ): Promise<{ finality?: Versioned<LightClientFinalityUpdate> | undefined; later?: unknown }> {
    try {
      return { finality: await peer.record.call('finality update', peer.source.finalityUpdate()) };
    } catch (error) {
      if (isLaterFork(error)) return { later: error };
      throw error;
    }
  }

  async #begin(peer: BeaconPeer): Promise<LightClient> {
    const { chain, trustedRoot } = this.#o;
    const bootstrap = await peer.record.call('bootstrap', peer.source.bootstrap(trustedRoot));
    const client = await peer.judged('its bootstrap', () => chain.begin(bootstrap));
    this.#o.onBegin(client);
    this.#o.onChange();
    return client;
  }

  /** @returns whether the update's signature can be checked now */
  async #reach(
    client: LightClient,
    peer: BeaconPeer,
    { data }: Versioned<LightClientFinalityUpdate>,
  ): Promise<boolean> {
    peer.checkClock('its finality update', data.signatureSlot, this.#o.now());
    peer.showed(data.finalizedHeader.beacon.slot, client.finalized.beacon.slot);
    return this.#catchUp(client, peer, periodAt(client.network, data.signatureSlot));
  }

  /** @returns whether the committee of period `target` is known now */
  async #catchUp(client: LightClient, peer: BeaconPeer, target: number | undefined): Promise<boolean> {
    const reached = () => target !== undefined && knownPeriod(client) >= target;
    if (reached()) return true;
    const lead = this.#lead;
    if (lead !== undefined && lead.peer !== peer && performance.now() - lead.since < this.#o.leadMs)
      return false;
    const own = { peer, since: performance.now() };
    this.#lead = own;
    const before = client.store;
    try {
      await catchUp({
        client,
        chain: this.#o.chain,
        peer,
        target,
        batch: this.#o.batch,
        currentSlot: this.#o.currentSlot,
        goesOn: () => !this.#o.stopped() && this.#lead === own,
        onProgress: (progress) => {
          own.since = performance.now();
          this.#o.onProgress(progress);
        },
      });
    } finally {
      if (client.store !== before) this.#o.onChange();
    }
    return reached();
  }

  async #takeFinality(
    client: LightClient,
    peer: BeaconPeer,
    update: Versioned<LightClientFinalityUpdate>,
  ): Promise<void> {
    const { chain, currentSlot } = this.#o;
    const before = client.store;
    try {
      await peer.judged('its finality update', () => chain.takeFinality(client, update, currentSlot()));
    } finally {
      if (client.store !== before) this.#o.onChange();
    }
    await this.#learnNext(client, peer);
  }

  /** Once a period's finality is there, its update teaches the next committee: before the period ends. */
  async #learnNext(client: LightClient, peer: BeaconPeer): Promise<void> {
    const { slot } = client.finalized.beacon;
    if (client.store.nextCommittee !== undefined || slot <= this.#askedAt) return;
    this.#askedAt = slot;
    const period = periodAt(client.network, slot);
    const [update] = await peer.record.call('updates', peer.source.updates(period, 1));
    if (update === undefined || client.store.nextCommittee !== undefined || this.#o.stopped()) return;
    await peer.judged('its update', async () => client.processUpdate(update.data, this.#o.currentSlot()));
    // One whose finality is of the period before teaches nothing yet.
    if (client.store.nextCommittee === undefined) return;
    await this.#o.chain.keep(client, new Map([[period, update]]));
    this.#o.onChange();
  }

  async #takeOptimistic(client: LightClient, peer: BeaconPeer): Promise<void> {
    const update = await peer.record.call('optimistic update', peer.source.optimisticUpdate());
    if (update === undefined || this.#o.stopped()) return;
    const { chain, currentSlot } = this.#o;
    const { signatureSlot } = update.data;
    peer.checkClock('its optimistic update', signatureSlot, this.#o.now());
    // Signed in a period that the next finality update leads to.
    if (periodAt(client.network, signatureSlot) > knownPeriod(client)) return;
    const isNew = await peer.judged('its optimistic update', async () =>
      chain.takeOptimistic(client, update.data, currentSlot()),
    );
    if (isNew) this.#o.onChange();
  }
}
