import { type FinalityAge, finalityAge } from '../../../adapters/ethereum/consensus/age.js';
import { slotAtTime } from '../../../adapters/ethereum/consensus/forks.js';
import type { LightClient } from '../../../adapters/ethereum/consensus/lightClient.js';
import type { ConsensusNetwork } from '../../../adapters/ethereum/consensus/networks.js';
import type { BeaconSource } from '../../../adapters/ethereum/sources/beacon/source.js';
import type { Bls } from '../../../proofs/bls/bls.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import type { KeyValueStore } from '../../../storage/keyValue.js';
import type { EvidenceBook } from '../evidence.js';
import { isFault } from '../health.js';
import { type CatchUpProgress, knownPeriod } from './catchUp.js';
import { FinalityContradictionError, LightClientStateError, WeakSubjectivityError } from './errors.js';
import type { EncodedUpdate } from './keep.js';
import { BeaconPeer } from './peer.js';
import { Rounds } from './round.js';
import type { FinalizedBlock, LightClientStatus } from './status.js';
import { VerifiedChain } from './verified.js';

export interface LightClientSyncOptions {
  readonly network: ConsensusNetwork;
  /** Root of the beacon block that is taken on trust. */
  readonly trustedRoot: Uint8Array;
  /** In order of preference. Closed by whoever opened them. */
  readonly sources: readonly BeaconSource[];
  readonly store: KeyValueStore;
  readonly bls: Bls;
  /** Where what sources did wrong is kept. */
  readonly evidence?: EvidenceBook;
  /** Default: one slot. */
  readonly pollMs?: number;
  /** How long one call to a source may take. Default 30 seconds. */
  readonly timeoutMs?: number;
  /** Default 60 seconds. */
  readonly maxBackoffMs?: number;
  /** Most updates of one request while catching up. Default 16. */
  readonly batch?: number;
  /** How long the source that catches up may take for one such request before another one joins. Default 10 seconds. */
  readonly leadMs?: number;
  /** Unix seconds. Default: the wall clock. */
  readonly now?: () => number;
  readonly random?: () => number;
  readonly onProgress?: (progress: CatchUpProgress) => void;
  /** Told of each failed poll, and (source: the chain's name) of what concerns all of them. */
  readonly onError?: (error: unknown, source: string) => void;
}

/** Epochs without a newer finalized block after which finality counts as stalled. */
const STALL_EPOCHS = 5;

/**
 * Keeps a light client at the head of its beacon chain, by several sources of which none is believed: whoever shows
 * the newest signed finality is followed. What is verified is kept on disk, and a restart goes on from there.
 */
export class LightClientSync {
  readonly network: ConsensusNetwork;
  readonly trustedRoot: Uint8Array;
  readonly #options: LightClientSyncOptions;
  readonly #chain: VerifiedChain;
  readonly #rounds: Rounds;
  readonly #peers: readonly BeaconPeer[];
  readonly #wakers = new Set<() => void>();
  readonly #listeners = new Set<() => void>();
  #progress: CatchUpProgress | undefined;
  #startAge: FinalityAge | undefined;
  #loops: Promise<void>[] = [];
  #stopped = false;

  private constructor(options: LightClientSyncOptions) {
    this.#options = options;
    this.network = options.network;
    this.trustedRoot = options.trustedRoot;
    this.#chain = new VerifiedChain(options);
    this.#rounds = new Rounds({
      chain: this.#chain,
      trustedRoot: options.trustedRoot,
      batch: options.batch ?? 16,
      leadMs: options.leadMs ?? 10_000,
      now: () => this.#now(),
      currentSlot: () => this.#slot(),
      stopped: () => this.#stopped,
      onProgress: (progress) => {
        this.#progress = progress;
        options.onProgress?.(progress);
      },
      onBegin: (client) => this.#checkAge(client),
      onChange: () => this.#changed(),
    });
    const healthOptions = {
      timeoutMs: options.timeoutMs ?? 30_000,
      pollMs: options.pollMs ?? options.network.slotMilliseconds,
      maxBackoffMs: options.maxBackoffMs ?? 60_000,
      random: options.random ?? Math.random,
    };
    this.#peers = options.sources.map((source) => new BeaconPeer(source, healthOptions));
  }

  /** Takes up what was kept. What cannot be read is told to `onError`, and the client begins again at its trusted block. */
  static async open(options: LightClientSyncOptions): Promise<LightClientSync> {
    const sync = new LightClientSync(options);
    try {
      const client = sync.#chain.load();
      if (client !== undefined) sync.#checkAge(client);
    } catch (error) {
      if (!(error instanceof CrossrootError)) throw error;
      options.onError?.(new LightClientStateError(options.network.name, error), options.network.name);
    }
    return sync;
  }

  /** Polls each source in a loop of its own, so that a slow one holds up no other. */
  start(): void {
    if (this.#loops.length > 0) return;
    this.#loops = this.#peers.map((peer) => this.#loop(peer));
  }

  /** Ends the loops; what is being written is written. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#chain.close();
  }

  /** Polls now instead of at the next interval. */
  wake(): void {
    for (const waker of [...this.#wakers]) waker();
  }

  /** One poll of every source, one after another. */
  async pollAll(): Promise<void> {
    for (const peer of this.#peers) await this.#poll(peer);
  }

  /** The newest block whose finality two thirds of the right committee signed. */
  finalized(): FinalizedBlock | undefined {
    return this.#chain.finalized();
  }

  /** The newest block that enough of the committee signed; it may yet be replaced. */
  optimistic(): FinalizedBlock | undefined {
    return this.#chain.optimistic();
  }

  /** The fork byte, then SSZ: what the main chain begins with. `undefined` until a source gave it. */
  bootstrap(): Uint8Array | undefined {
    return this.#chain.bootstrap();
  }

  /** Verified updates of consecutive periods from `fromPeriod` on. @param limit default 16 */
  updates(fromPeriod: number, limit = 16): Promise<EncodedUpdate[]> {
    return this.#chain.updates(fromPeriod, limit);
  }

  /** The newest finality update that made something final, encoded; `undefined` where updates of whole periods alone did. */
  latestFinalityUpdate(): Uint8Array | undefined {
    return this.#chain.latestFinalityUpdate();
  }

  /**
   * Who signed an update, as far as its signature needs them: `encodeCommittee`.
   * @returns `undefined` where that committee is not known
   * @throws MalformedInputError for what is no update
   */
  committeeFor(update: Uint8Array): Uint8Array | undefined {
    return this.#chain.committeeFor(update);
  }

  /** Calls `listener` after each change of the finalized or the optimistic block. @returns what ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): LightClientStatus {
    const slot = this.#slot();
    const { client } = this.#chain;
    const age =
      client === undefined || !Number.isFinite(slot)
        ? undefined
        : finalityAge(this.network, client.finalized.beacon.slot, slot);
    const sources = this.#peers.map((peer) => peer.health());
    return {
      chain: this.network.name,
      started: client !== undefined,
      finalized: this.finalized(),
      optimistic: this.optimistic(),
      period: client && knownPeriod(client),
      catchUp: this.#progress,
      ageSeconds: age?.seconds,
      stalled: age !== undefined && age.epochs > STALL_EPOCHS,
      startedTooOld: this.#startAge?.isTooOld ?? false,
      healthy: sources.some((source) => source.healthy),
      sources,
    };
  }

  async #loop(peer: BeaconPeer): Promise<void> {
    while (!this.#stopped) {
      await this.#poll(peer);
      if (!this.#stopped) await this.#pause(peer);
    }
  }

  /** Never throws: a source's failure is counted, the chain goes on with the others. */
  async #poll(peer: BeaconPeer): Promise<void> {
    try {
      await this.#rounds.run(peer);
      peer.record.succeeded();
    } catch (error) {
      if (this.#stopped) return;
      peer.failed(error);
      this.#options.onError?.(error, peer.name);
      await this.#keepEvidence(peer, error);
    }
  }

  #checkAge(client: LightClient): void {
    const slot = this.#slot();
    if (!Number.isFinite(slot)) return;
    const age = client.age(slot);
    this.#startAge = age;
    if (!age.isTooOld) return;
    const { name } = this.network;
    const at = client.finalized.beacon.slot;
    this.#options.onError?.(new WeakSubjectivityError(name, at, age.epochs, age.limitEpochs), name);
  }

  /** Keeps what an error says of a source, if it says anything. Never throws. */
  async #keepEvidence(peer: BeaconPeer, error: unknown): Promise<void> {
    const conflict = error instanceof FinalityContradictionError;
    if (!conflict && !isFault(error)) return;
    const { details, message } = error;
    try {
      await this.#options.evidence?.record(this.network.name, {
        kind: conflict ? 'finality-conflict' : 'source-fault',
        source: peer.name,
        height: typeof details.slot === 'number' ? details.slot : 0,
        hash: '',
        message,
        seen: Math.floor(this.#now()),
      });
    } catch (storeError) {
      this.#options.onError?.(storeError, this.network.name);
    }
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now() / 1000;
  }

  /** `Infinity` where the network has no clock. */
  #slot(): number {
    return slotAtTime(this.network, this.#now()) ?? Number.POSITIVE_INFINITY;
  }

  #pause(peer: BeaconPeer): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wakers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, peer.record.delay());
      this.#wakers.add(done);
    });
  }
}
