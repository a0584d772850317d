import { OrphanPool } from '../../adapters/chain/orphans.js';
import type { Presync } from '../../adapters/chain/presync.js';
import { HeaderTooEarlyError } from '../../adapters/errors.js';
import type { Source, SourceTip } from '../../adapters/source.js';
import type { ChainKind } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { LeaseLostError } from '../log/errors.js';
import type { EventLog } from '../log/eventLog.js';
import { HeaderBook } from './book.js';
import { ChainWriter } from './chainWriter.js';
import { EvidenceBook } from './evidence.js';
import { agreedBlock } from './finality.js';
import { SourceJudge } from './judge.js';
import { pickLeader } from './leader.js';
import { distinctNames, isFault, type SourceHealth, SourceMonitor } from './sourceMonitor.js';
import { syncTo } from './sync.js';
import { readAgain } from './syncSteps.js';

export interface FollowerOptions {
  readonly chain: string;
  readonly kind: ChainKind;
  readonly checkpoint: Checkpoint;
  /** In order of preference. Closed by whoever opened them. */
  readonly sources: readonly Source[];
  readonly log: EventLog;
  /** For the header book and the evidence; the log's own store where the log is embedded. */
  readonly store: KeyValueStore;
  /** Default 1000. */
  readonly pollMs?: number;
  /** How long one call to a source may take. Default 30 seconds. */
  readonly timeoutMs?: number;
  /** Default 60 seconds. */
  readonly maxBackoffMs?: number;
  /** Most headers of one call. Default 2000. */
  readonly batch?: number;
  /** Depth to which a fork can be followed. Default 4032. */
  readonly keep?: number;
  /** Whether a branch may undo finalised blocks: for local networks that can lose their state. Default false. */
  readonly finalityReversal?: boolean;
  /** Blocks of the tip's work by which a branch may be behind and still be stored at once. Default 144. */
  readonly marginBlocks?: number;
  /** Most headers that a branch may take to show enough work. Default 65,536. */
  readonly maxPresyncHeaders?: number;
  /** Unix seconds. Default: the wall clock. */
  readonly now?: () => number;
  readonly random?: () => number;
  /** Told of each failed poll, and of what ends the follower. */
  readonly onError?: (error: unknown, source: string) => void;
  /** Told, instead of `onError`, once the follower has ended for good by itself: its lease is another one's. */
  readonly onEnd?: (error: Error) => void;
}

export interface FollowerStatus {
  readonly chain: string;
  readonly height: number | undefined;
  /** Internal byte order. */
  readonly hash: Uint8Array | undefined;
  readonly finalizedHeight: number | undefined;
  /** Highest tip that a healthy source names. */
  readonly targetHeight: number | undefined;
  readonly lag: number | undefined;
  readonly lastNumber: number;
  readonly epoch: number;
  /** Whether any source answers. */
  readonly healthy: boolean;
  /** Set once the follower has ended for good. */
  readonly ended: Error | undefined;
  readonly sources: readonly SourceHealth[];
}

/** Follows one foreign chain: reads its sources, validates, chooses, and writes what changed into the log. */
export class Follower {
  readonly chain: string;
  readonly book: HeaderBook;
  readonly evidence: EvidenceBook;
  readonly #options: FollowerOptions;
  readonly #writer: ChainWriter;
  readonly #monitors: readonly SourceMonitor[];
  readonly #byWork: boolean;
  readonly #orphans: OrphanPool;
  readonly #judge: SourceJudge;
  readonly #presyncs = new Map<string, Presync>();
  readonly #wakers = new Map<SourceMonitor, () => void>();
  /** Sources that told of a new head while they were being polled. */
  readonly #news = new Set<SourceMonitor>();
  readonly #subscriptions: (() => void)[] = [];
  readonly #safeListeners = new Set<() => void>();
  #safe: SourceTip | undefined;
  /** The source whose chain ours is since it was read last. */
  #followed: SourceMonitor | undefined;
  #loops: Promise<void>[] = [];
  #stopped = false;
  #ended: Error | undefined;

  private constructor(options: FollowerOptions, writer: ChainWriter, book: HeaderBook, byWork: boolean) {
    this.#options = options;
    this.chain = options.chain;
    this.book = book;
    this.evidence = new EvidenceBook(options.store);
    this.#writer = writer;
    this.#byWork = byWork;
    this.#orphans = new OrphanPool(options.kind);
    const monitorOptions = {
      timeoutMs: options.timeoutMs ?? 30_000,
      pollMs: options.pollMs ?? 1000,
      maxBackoffMs: options.maxBackoffMs ?? 60_000,
      batch: options.batch ?? 2000,
      random: options.random ?? Math.random,
    };
    this.#judge = new SourceJudge({
      chain: options.chain,
      kind: options.kind,
      checkpoint: options.checkpoint,
      book,
      evidence: this.evidence,
      batch: monitorOptions.batch,
      now: () => this.#now(),
      onError: (error, source) => options.onError?.(error, source),
    });
    const names = distinctNames(options.sources);
    this.#monitors = options.sources.map(
      (source, i) => new SourceMonitor(source, { ...monitorOptions, name: names[i] ?? source.name }),
    );
  }

  /** Takes the chain's producer lease and resumes where the log ends. @throws CheckpointMismatchError, LogCorruptError */
  static async open(options: FollowerOptions): Promise<Follower> {
    const { chain, kind, checkpoint, log, store } = options;
    const book = new HeaderBook(store, chain, kind, checkpoint);
    const byWork = kind.networks.find((network) => network.name === chain)?.assurance === Assurance.work;
    const writer = await ChainWriter.open({
      chain,
      kind,
      checkpoint,
      log,
      book,
      byWork,
      ...(options.keep === undefined ? {} : { keep: options.keep }),
      ...(options.finalityReversal === undefined ? {} : { finalityReversal: options.finalityReversal }),
    });
    return new Follower(options, writer, book, byWork);
  }

  /** Polls each source in a loop of its own, so that a slow one holds up no other. */
  start(): void {
    if (this.#loops.length > 0) return;
    this.#loops = this.#monitors.map((monitor) => this.#loop(monitor));
    for (const monitor of this.#monitors) {
      const end = monitor.source.subscribe?.(() => this.#told(monitor));
      if (end !== undefined) this.#subscriptions.push(end);
    }
  }

  /** Ends the loops; what is being written is written. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const end of this.#subscriptions.splice(0)) end();
    this.wake();
    await this.#writer.close();
  }

  /** Polls now instead of at the next interval. */
  wake(): void {
    for (const waker of [...this.#wakers.values()]) waker();
  }

  /** Counts against a source, with evidence, what it told somebody else wrongly, such as a block. Nothing but faults counts. */
  async blame(source: Source, error: unknown): Promise<void> {
    const monitor = this.#monitors.find((one) => one.source === source);
    if (monitor === undefined || this.#stopped || !isFault(error)) return;
    monitor.failed(error);
    await this.#judge.keepEvidence(monitor, error);
  }

  /** One poll of every source, one after another. */
  async pollAll(): Promise<void> {
    for (const monitor of this.#monitors) await this.#poll(monitor);
  }

  /** Newest block of the best chain that the deciding source calls safe. Not kept over a restart: sources tell it again. */
  safe(): SourceTip | undefined {
    return this.#safe !== undefined && this.book.isBest(this.#safe) ? this.#safe : undefined;
  }

  /** Calls `listener` after each change of tip, safe or finalised block. @returns what ends it */
  onChange(listener: () => void): () => void {
    const ends = this.#options.log.subscribe(this.chain, listener);
    this.#safeListeners.add(listener);
    return () => {
      ends();
      this.#safeListeners.delete(listener);
    };
  }

  status(): FollowerStatus {
    const tip = this.book.tip();
    const tips = this.#monitors.flatMap((monitor) => (monitor.tip === undefined ? [] : [monitor.tip.height]));
    const targetHeight = tips.length === 0 ? undefined : Math.max(...tips);
    const sources = this.#monitors.map((monitor) => monitor.health());
    return {
      chain: this.chain,
      height: tip?.height,
      hash: tip?.hash,
      finalizedHeight: this.book.finalized()?.height,
      targetHeight,
      lag:
        targetHeight === undefined || tip === undefined ? undefined : Math.max(0, targetHeight - tip.height),
      lastNumber: this.book.applied(),
      epoch: this.#writer.lease.epoch,
      healthy: this.#ended === undefined && sources.some((source) => source.healthy),
      ended: this.#ended,
      sources,
    };
  }

  async #loop(monitor: SourceMonitor): Promise<void> {
    while (!this.#stopped) {
      this.#news.delete(monitor);
      await this.#poll(monitor);
      if (!this.#stopped && !this.#news.has(monitor)) await this.#pause(monitor);
    }
  }

  /** A source told of a new head. A back-off after a failure is not cut short. */
  #told(monitor: SourceMonitor): void {
    if (monitor.failures > 0) return;
    const wake = this.#wakers.get(monitor);
    if (wake !== undefined) wake();
    else this.#news.add(monitor);
  }

  /** Never throws: a source's failure is counted, the chain goes on with the others. */
  async #poll(monitor: SourceMonitor): Promise<void> {
    try {
      await this.#follow(monitor);
      monitor.succeeded();
    } catch (error) {
      if (this.#stopped) return;
      if (error instanceof HeaderTooEarlyError) {
        // Its clock may be right and ours behind: the header is tried again at the next poll.
        monitor.succeeded();
        return;
      }
      if (error instanceof LeaseLostError) {
        const first = this.#ended === undefined;
        this.#ended = error;
        this.#stopped = true;
        this.wake();
        if (first && this.#options.onEnd !== undefined) return this.#options.onEnd(error);
      } else monitor.failed(error);
      this.#options.onError?.(error, monitor.name);
      await this.#judge.keepEvidence(monitor, error);
    }
  }

  async #follow(monitor: SourceMonitor): Promise<void> {
    const tip = await monitor.readTip();
    if (this.#writer.tree === undefined && !(await this.#begin(monitor, tip))) return;
    const leader = this.#byWork ? monitor : pickLeader(this.#monitors);
    // One that answers again after a failure may lead from its next poll on; until then nobody does.
    if (leader === undefined) return;
    if (leader !== monitor) return this.#judge.compare(monitor, tip, leader);
    // A source that takes over and is merely behind undoes nothing; one that takes back what it gave does.
    const takesOver = this.#followed !== undefined && this.#followed !== monitor;
    const isBehind = this.book.isBest(tip) && tip.height < (this.book.tip()?.height ?? 0);
    if (this.#byWork || !takesOver || !isBehind) await this.#sync(monitor, tip);
    if (this.#byWork && this.#writer.tree !== undefined)
      await this.#judge.compareWork(monitor, tip, this.#writer.tree, this.#monitors);
    const [finalized, safe] = await Promise.all([monitor.finalized(), monitor.safe()]);
    const agreed = (which: 'finalized' | 'safe', block: SourceTip | undefined) =>
      block && agreedBlock(which, block, monitor, this.#monitors, this.book);
    const final = agreed('finalized', finalized);
    if (final !== undefined) await this.#writer.finalize(final);
    this.#setSafe(agreed('safe', safe));
  }

  async #sync(monitor: SourceMonitor, tip: SourceTip): Promise<void> {
    const { kind, checkpoint, marginBlocks, maxPresyncHeaders } = this.#options;
    await syncTo({
      chain: this.chain,
      kind,
      checkpoint,
      orphans: this.#orphans,
      presyncs: this.#presyncs,
      ...(marginBlocks === undefined ? {} : { marginBlocks }),
      ...(maxPresyncHeaders === undefined ? {} : { maxPresyncHeaders }),
      writer: this.#writer,
      monitor,
      tip,
      byWork: this.#byWork,
      batch: this.#options.batch ?? 2000,
      now: () => this.#now(),
      stopped: () => this.#stopped,
    });
    this.#followed = monitor;
  }

  #setSafe(safe: SourceTip | undefined): void {
    const before = this.#safe;
    this.#safe = safe;
    if (safe === undefined || (before !== undefined && bytesEqual(before.hash, safe.hash))) return;
    for (const listener of this.#safeListeners) listener();
  }

  /** @returns false if the source has not got to the checkpoint yet */
  async #begin(monitor: SourceMonitor, tip: SourceTip): Promise<boolean> {
    const { height } = this.#options.checkpoint;
    if (tip.height < height) return false;
    const [first] = await monitor.headers(height, 1);
    const [header] = first === undefined ? await readAgain(monitor, tip, height, 1) : [first];
    if (header === undefined) return false;
    await this.#writer.begin(header, monitor.name);
    return this.#writer.tree !== undefined;
  }

  #now(): number {
    return this.#options.now?.() ?? Math.floor(Date.now() / 1000);
  }

  #pause(monitor: SourceMonitor): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wakers.delete(monitor);
        resolve();
      };
      const timer = setTimeout(done, monitor.delay());
      this.#wakers.set(monitor, done);
    });
  }
}
