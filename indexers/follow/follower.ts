import type { BranchRecord } from '../../adapters/chain/branches.js';
import { OrphanPool } from '../../adapters/chain/orphans.js';
import type { Presync } from '../../adapters/chain/presync.js';
import { HeaderRuleError, HeaderTooEarlyError, SourceFaultError } from '../../adapters/errors.js';
import type { Source, SourceTip } from '../../adapters/source.js';
import type { ChainKind } from '../../adapters/types.js';
import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { LeaseLostError } from '../log/errors.js';
import type { EventLog } from '../log/eventLog.js';
import { HeaderBook } from './book.js';
import { branchRecord, readBranches } from './branches.js';
import { ChainWriter } from './chainWriter.js';
import { BranchTooDeepError, FinalityConflictError } from './errors.js';
import { type Evidence, EvidenceBook, type EvidenceKind } from './evidence.js';
import { pickLeader } from './leader.js';
import { isFault, type SourceHealth, SourceMonitor } from './sourceMonitor.js';
import { syncTo } from './sync.js';

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

/** Blocks of the tip's work by which a source may trail before it counts as behind. */
const LAG_BLOCKS = 6n;
/** How long a source may name one tip while others have a better one, seconds. */
const STALE_SECONDS = 1800;
/** Between two readings of one source's deep branch for evidence, seconds. */
const BRANCH_EVIDENCE_SECONDS = 3600;

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
  readonly #deepRead = new Map<string, number>();
  readonly #presyncs = new Map<string, Presync>();
  readonly #wakers = new Set<() => void>();
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
    this.#monitors = options.sources.map((source) => new SourceMonitor(source, monitorOptions));
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
  }

  /** Ends the loops; what is being written is written. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#writer.close();
  }

  /** Polls now instead of at the next interval. */
  wake(): void {
    for (const waker of this.#wakers) waker();
  }

  /** One poll of every source, one after another. */
  async pollAll(): Promise<void> {
    for (const monitor of this.#monitors) await this.#poll(monitor);
  }

  /** Calls `listener` after each change of tip or finalised block. @returns what ends it */
  onChange(listener: () => void): () => void {
    return this.#options.log.subscribe(this.chain, listener);
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
      await this.#poll(monitor);
      if (!this.#stopped) await this.#pause(monitor.delay());
    }
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
        this.#ended = error;
        this.#stopped = true;
        this.wake();
      } else monitor.failed(error);
      this.#options.onError?.(error, monitor.name);
      await this.#keepEvidence(monitor, error);
    }
  }

  async #follow(monitor: SourceMonitor): Promise<void> {
    const tip = await monitor.readTip();
    if (this.#writer.tree === undefined && !(await this.#begin(monitor, tip))) return;
    if (!this.#byWork && pickLeader(this.#monitors) !== monitor) return this.#compare(monitor, tip);
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
    if (this.#byWork) await this.#compareWork(monitor, tip);
    const finalized = await monitor.finalized();
    if (finalized !== undefined) await this.#writer.finalize(finalized);
  }

  /** Says whether a source is behind, and records where it contradicts what another confirms. */
  async #compareWork(monitor: SourceMonitor, tip: SourceTip): Promise<void> {
    const tree = this.#writer.tree;
    if (tree === undefined) return;
    const onOurs = this.book.isBest(tip);
    const work = onOurs ? this.book.work(tip.height) : tree.workOf(tip.hash);
    const missing = work === undefined ? undefined : tree.work - work;
    const block = this.#options.kind.work(tree.tip);
    const far = missing === undefined || missing > LAG_BLOCKS * block;
    const stale = missing !== undefined && missing > 0n && monitor.tipAge() > STALE_SECONDS;
    monitor.setBehind(far || stale);
    if (onOurs || (missing !== undefined && missing <= block)) return;
    const confirmed = this.#monitors.some(
      (other) => other !== monitor && other.tip !== undefined && this.book.isBest(other.tip),
    );
    const ours = this.book.bestHash(Math.min(tip.height, tree.tip.height));
    if (!confirmed || ours === undefined) return;
    await this.#record('disagreement', monitor, tip.height, tip.hash, {
      message: `is on a branch of less work than ours, which has ${this.#options.kind.displayHash(ours)} and which another source confirms`,
    });
  }

  /** @returns false if the source has not got to the checkpoint yet */
  async #begin(monitor: SourceMonitor, tip: SourceTip): Promise<boolean> {
    const { height } = this.#options.checkpoint;
    if (tip.height < height) return false;
    const [header] = await monitor.headers(height, 1);
    if (header === undefined) throw new SourceFaultError(monitor.name, `has no header ${height}`);
    await this.#writer.begin(header, monitor.name);
    return this.#writer.tree !== undefined;
  }

  /** A source that does not decide is only compared with. */
  async #compare(monitor: SourceMonitor, tip: SourceTip): Promise<void> {
    const finalized = await monitor.finalized();
    for (const [what, block] of [['tip', tip] as const, ['finalised block', finalized] as const]) {
      const ours = block === undefined ? undefined : this.book.bestHash(block.height);
      if (block === undefined || ours === undefined || bytesEqual(ours, block.hash)) continue;
      const { kind } = this.#options;
      await this.#record('disagreement', monitor, block.height, block.hash, {
        message: `${what} differs from ours, ${kind.displayHash(ours)}`,
      });
    }
  }

  async #keepEvidence(monitor: SourceMonitor, error: unknown): Promise<void> {
    try {
      if (error instanceof FinalityConflictError)
        await this.#record(
          'finality-conflict',
          monitor,
          error.forkHeight,
          undefined,
          error,
          this.#branches(error),
        );
      else if (error instanceof BranchTooDeepError) await this.#keepDeepBranch(monitor, error);
      else if (isFault(error)) {
        const height = error instanceof HeaderRuleError ? error.height : Number(error.details.height ?? 0);
        const hash = error instanceof HeaderRuleError ? error.hash : undefined;
        const kind = error instanceof HeaderRuleError ? 'invalid-header' : 'source-fault';
        await this.#record(kind, monitor, height, hash, error);
      }
    } catch (storeError) {
      this.#options.onError?.(storeError, monitor.name);
    }
  }

  #branches({ branches }: FinalityConflictError): BranchRecord | undefined {
    return branches && branchRecord(this.book, this.#options.checkpoint, branches);
  }

  /** Both branches of a fork deeper than can be followed, read once in a while. */
  async #keepDeepBranch(monitor: SourceMonitor, error: BranchTooDeepError): Promise<void> {
    const { checkpoint, batch } = this.#options;
    const now = this.#now();
    let branches: BranchRecord | undefined;
    if (now - (this.#deepRead.get(monitor.name) ?? 0) >= BRANCH_EVIDENCE_SECONDS) {
      this.#deepRead.set(monitor.name, now);
      branches = await readBranches(this.book, checkpoint, monitor, error.tipHeight, batch ?? 2000);
    }
    await this.#record(
      'source-fault',
      monitor,
      branches?.forkHeight ?? error.height,
      undefined,
      error,
      branches,
    );
  }

  async #record(
    kind: EvidenceKind,
    monitor: SourceMonitor,
    height: number,
    hash: Uint8Array | string | undefined,
    { message }: { readonly message: string },
    branches?: BranchRecord,
  ): Promise<void> {
    const shown =
      hash === undefined ? '' : typeof hash === 'string' ? hash : this.#options.kind.displayHash(hash);
    const evidence: Evidence = {
      kind,
      source: monitor.name,
      height,
      hash: shown,
      message,
      seen: this.#now(),
    };
    const header = hash instanceof Uint8Array ? this.book.find(hash) : undefined;
    await this.evidence.record(
      this.chain,
      header === undefined ? evidence : { ...evidence, raw: toBareHex(header.raw) },
      branches,
    );
  }

  #now(): number {
    return this.#options.now?.() ?? Math.floor(Date.now() / 1000);
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wakers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#wakers.add(done);
    });
  }
}
