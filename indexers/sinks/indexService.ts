import type { ForeignHeader } from '../../adapters/types.js';
import { toBareHex } from '../../proofs/bytes.js';
import type { EventLog } from '../log/eventLog.js';
import type { LogStreams } from '../log/streams.js';
import type { IndexStore, ServedProof } from '../store/indexStore.js';
import { MAX_PAGE } from '../store/view.js';
import type { MainTrust } from './certificates.js';
import type { ConsumerStatus } from './consumer.js';
import type { BlockSource } from './contents/writer.js';
import { bookOf, type IndexChain, LiveIndex, type LiveIndexStatus } from './liveIndex.js';
import type { MainSinkOptions } from './mainSink.js';
import type { RebuildProgress } from './rebuild/progress.js';
import { IndexRebuild, type RebuildContents } from './rebuild/rebuild.js';
import { RetryLoop } from './retryLoop.js';
import type { Lag } from './sampler.js';

export type { IndexChain } from './liveIndex.js';

/** An index store that is open, or is opened in the background. */
export interface IndexHandle {
  /** What to ask and to write to at this moment: until it is open, one that says why it is not. */
  readonly store: IndexStore;
  readonly available: boolean;
  /** Resolves once it is open, or known not to be to be had. */
  opened(): Promise<void>;
  close(): Promise<void>;
}

export interface IndexServiceOptions {
  readonly index: IndexHandle;
  readonly log: EventLog;
  readonly streams: LogStreams;
  readonly chains: readonly IndexChain[];
  readonly blocks: BlockSource;
  /** Of the main chain: blocks of another one are set aside. */
  readonly genesisRoot?: Uint8Array;
  /** From where the main chain's certificates are checked. */
  readonly trust?: MainTrust;
  /** How often sources and lag are sampled. Default 5000. */
  readonly sampleMs?: number;
  /** Told of trouble that is tried again, and of what was set aside. */
  readonly onError?: (error: unknown) => void;
  /** Makes the tables anew once the index is open. */
  readonly rebuild?: RebuildContents;
  /** Told how a rebuild goes that nobody asked for by `rebuild()`, at most each half second. */
  readonly onProgress?: (progress: RebuildProgress) => void;
}

export interface IndexStatus extends LiveIndexStatus {
  readonly available: boolean;
  /** A rebuild that is under way. */
  readonly rebuild: RebuildProgress | undefined;
}

export interface RebuildRequest {
  /** Default `copy`. */
  readonly contents?: RebuildContents;
  readonly onProgress?: (progress: RebuildProgress) => void;
  readonly signal?: AbortSignal;
}

const UPKEEP_MS = 30_000;
const NOTHING: LiveIndexStatus = {
  headers: [],
  contents: [],
  streams: [],
  rows: { events: 0, batches: 0, blocks: 0, mainBlocks: 0, evidence: 0 },
  certificates: { verified: 0, unverified: 0, wrong: 0 },
  repaired: { events: 0, blocks: 0, records: 0 },
  lost: 0,
  dropped: { full: 0, refused: 0, ended: 0 },
};

/**
 * Fills the index: all chains, or those that are this process's at the moment. It may be opened later or be missing: queries then say
 * why, and everything else goes on.
 */
export class IndexService {
  readonly #options: IndexServiceOptions;
  /** What is to be done, and what ends it once it is under way. */
  readonly #work = new Map<string, (() => Promise<void>) | undefined>();
  readonly #upkeep: RetryLoop;
  readonly #rebuilds = new AbortController();
  #live: LiveIndex | undefined;
  #opening: Promise<void> | undefined;
  #rebuild: Promise<number> | undefined;
  #progress: RebuildProgress | undefined;
  /** Proofs that were sent before the index was open. */
  #missed = 0;
  #stopped = false;

  constructor(options: IndexServiceOptions) {
    this.#options = options;
    const { onError } = options;
    this.#upkeep = new RetryLoop({
      step: () => this.#keepUp(),
      ...{ idleMs: UPKEEP_MS, retryMs: UPKEEP_MS, maxRetryMs: 10 * UPKEEP_MS },
      ...(onError === undefined ? {} : { onError }),
    });
  }

  /** For queries. */
  get store(): IndexStore {
    return this.#options.index.store;
  }

  get available(): boolean {
    return this.#options.index.available && !this.#stopped;
  }

  /** Begins with all chains and the streams. */
  start(): void {
    for (const { name } of this.#options.chains) this.begin(name);
    this.beginStreams();
  }

  /** Begins with a chain, as soon as the index is open. @returns what ends it */
  begin(chain: string): () => Promise<void> {
    return this.#begin(`chain ${chain}`, (live) => live.beginChain(chain));
  }

  /**
   * Begins with the streams of the main chain and of evidence, and with the upkeep of the tables: work of one process at a time.
   * @returns what ends it
   */
  beginStreams(): () => Promise<void> {
    return this.#begin('streams', (live) => {
      this.#upkeep.start();
      this.#upkeep.wake();
      return live.beginStreams();
    });
  }

  /** Resolves once the index is open, or known to be unavailable. */
  async opened(): Promise<void> {
    this.#open();
    await this.#opening;
  }

  /** Ends all work and closes the index; a rebuild is given up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#rebuilds.abort();
    // What is still being opened is closed with it; a rebuild's failure is told to whoever asked for it.
    await Promise.all([this.#upkeep.stop(), this.#live?.stop(), this.#rebuild?.catch(() => undefined)]);
    await this.#options.index.close();
    await this.#opening;
    await this.#live?.stop();
  }

  status(): IndexStatus {
    const live = this.#live?.status() ?? NOTHING;
    const dropped = { ...live.dropped, ended: live.dropped.ended + this.#missed };
    return { ...live, dropped, available: this.available, rebuild: this.#progress };
  }

  /** How far behind everything is that this process does. @throws as log and index do */
  async lags(): Promise<readonly Lag[]> {
    return this.#live?.lags() ?? [];
  }

  /** How far each sink of each chain is. */
  consumers(): readonly ConsumerStatus[] {
    return this.#live?.consumers() ?? [];
  }

  /** A proof was built and sent: it is written down, soon, if the index is there. */
  served(proof: ServedProof): void {
    if (this.#live === undefined) this.#missed++;
    else this.#live.sampler.served(proof);
  }

  /** Best-chain headers from `from` upwards, at most `limit`. @throws IndexUnavailableError, IndexQueryError */
  async page(chain: string, from: number, limit: number): Promise<ForeignHeader[]> {
    const kind = this.#options.chains.find((one) => one.name === chain)?.kind;
    if (kind === undefined) return [];
    const { rows } = await this.store.headers(chain, { from, limit: Math.min(limit, MAX_PAGE) });
    return rows.map((row) => kind.decode(row.raw, row.height));
  }

  /**
   * Makes all tables anew from the log, while live work goes on. One at a time: a second request joins the first.
   * @returns the number of the set that is then in use
   * @throws IndexUnavailableError, IndexQueryError, RebuildStoppedError; as log and sources do
   */
  rebuild(request: RebuildRequest = {}): Promise<number> {
    this.#rebuild ??= this.#doRebuild(request).finally(() => {
      this.#rebuild = undefined;
      this.#progress = undefined;
    });
    return this.#rebuild;
  }

  #begin(name: string, start: (live: LiveIndex) => () => Promise<void>): () => Promise<void> {
    this.#starts.set(name, start);
    this.#work.set(name, this.#live && start(this.#live));
    this.#open();
    return async () => {
      const end = this.#work.get(name);
      this.#work.delete(name);
      this.#starts.delete(name);
      await end?.();
    };
  }

  readonly #starts = new Map<string, (live: LiveIndex) => () => Promise<void>>();

  #open(): void {
    this.#opening ??= this.#options.index.opened().then(() => {
      if (!this.available || this.#live !== undefined) return;
      const { log, streams, chains, blocks, rebuild, sampleMs, onError } = this.#options;
      const live = new LiveIndex({
        ...{ log, streams, chains, blocks, index: this.store, main: this.#main() },
        onOtherLog: () => this.#rebuildFirst('later'),
        ...(sampleMs === undefined ? {} : { sampleMs }),
        ...(onError === undefined ? {} : { onError }),
      });
      this.#live = live;
      for (const [name, start] of this.#starts) this.#work.set(name, start(live));
      if (rebuild !== undefined) this.#rebuildFirst(rebuild);
    });
  }

  /** Again until it is done, unless it is stopped. */
  #rebuildFirst(contents: RebuildContents): void {
    if (this.#rebuild !== undefined) return;
    const { onProgress, onError } = this.#options;
    const told = onProgress === undefined ? {} : { onProgress };
    this.rebuild({ contents, ...told }).catch((error: unknown) => {
      if (this.#stopped) return;
      onError?.(error);
      const timer = setTimeout(() => this.#rebuildFirst(contents), UPKEEP_MS);
      timer.unref();
    });
  }

  #main(): MainSinkOptions {
    const { chains, genesisRoot, trust, onError } = this.#options;
    const names = new Map(
      chains.flatMap(({ name, specRoot }) => (specRoot === undefined ? [] : [[toBareHex(specRoot), name]])),
    );
    return {
      ...{ genesisRoot, trust },
      chainOf: (specRoot) => names.get(toBareHex(specRoot)),
      ...(onError === undefined ? {} : { onConflict: onError }),
    };
  }

  /** @returns `false`: it rests then */
  async #keepUp(): Promise<boolean> {
    // Another process may have it by now.
    if (!this.#starts.has('streams')) return false;
    const { sets } = this.store;
    const { onProgress } = this.#options;
    if (await sets.rebuildNeeded()) await this.rebuild(onProgress === undefined ? {} : { onProgress });
    await sets.dropOld();
    return false;
  }

  async #doRebuild({ contents, onProgress, signal }: RebuildRequest): Promise<number> {
    const { log, streams, chains, blocks, onError } = this.#options;
    const signals = [this.#rebuilds.signal, ...(signal === undefined ? [] : [signal])];
    const rebuild = new IndexRebuild({
      ...{ log, streams, blocks, index: this.store, main: this.#main() },
      chains: chains.map((chain) => ({ name: chain.name, kind: chain.kind, book: bookOf(chain) })),
      signal: AbortSignal.any(signals),
      onProgress: (progress) => {
        this.#progress = progress;
        onProgress?.(progress);
      },
      ...(contents === undefined ? {} : { contents }),
      ...(onError === undefined ? {} : { onError }),
    });
    return rebuild.run();
  }
}
