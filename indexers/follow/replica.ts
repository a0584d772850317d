import type { SourceTip } from '../../adapters/source.js';
import type { ChainKind } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import type { EventLog } from '../log/eventLog.js';
import { pause } from '../pause.js';
import { Serial } from '../serial.js';
import { HeaderBook } from './book.js';
import { CheckpointMismatchError } from './errors.js';

export interface ReplicaOptions {
  readonly chain: string;
  readonly kind: ChainKind;
  readonly checkpoint: Checkpoint;
  /** Written by somebody else. */
  readonly log: EventLog;
  /** For the header book; of this process alone, and without a follower of the same chain. */
  readonly store: KeyValueStore;
  /** First pause after trouble, milliseconds; doubled up to 5,000. Default 100. */
  readonly retryMs?: number;
  /** The log is looked at so often even if nothing is told, milliseconds. Default 1,000. */
  readonly pollMs?: number;
  /** Told of trouble that is tried again. */
  readonly onError?: (error: unknown) => void;
}

/** How far a replica is. */
export interface ReplicaStatus {
  readonly chain: string;
  readonly height: number | undefined;
  /** Internal byte order. */
  readonly hash: Uint8Array | undefined;
  readonly finalizedHeight: number | undefined;
  /** Number of the last event that is in the book. */
  readonly lastNumber: number;
  /** Records and events, as far as known, that the log has and the book has not. */
  readonly lag: number;
  /** Whether the last look at the log went well; false before the first. */
  readonly healthy: boolean;
  readonly lastError: Error | undefined;
}

const MAX_RETRY_MS = 5000;

/**
 * One chain's header book, kept in step with a log that somebody else writes. It takes no lease and writes nothing but its
 * own store, so there may be any number of them.
 */
export class LogReplica {
  readonly chain: string;
  readonly book: HeaderBook;
  readonly #options: ReplicaOptions;
  readonly #serial = new Serial();
  readonly #listeners = new Set<() => void>();
  readonly #stop = new AbortController();
  #wake: () => void = () => undefined;
  #loop: Promise<void> | undefined;
  #unsubscribe: (() => void) | undefined;
  /** Number of the newest event that the log told of. */
  #told = 0;
  #news = false;
  #begun = false;
  #healthy = false;
  #lastError: Error | undefined;

  constructor(options: ReplicaOptions) {
    const { chain, kind, checkpoint, store } = options;
    this.#options = options;
    this.chain = chain;
    this.book = new HeaderBook(store, chain, kind, checkpoint);
  }

  /** Begins to keep step, now and until `stop`. */
  start(): void {
    if (this.#loop !== undefined || this.#stop.signal.aborted) return;
    this.#unsubscribe = this.#options.log.subscribe(this.chain, (number) => {
      this.#told = number;
      this.#news = true;
      this.#wake();
    });
    this.#loop = this.#run();
  }

  /** Ends it; what is being written is written. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe?.();
    this.#wake();
    await this.#loop;
    await this.#serial.run(async () => undefined);
  }

  /**
   * Takes in all that the log has now. For before `start`, and for whoever cannot wait for news.
   * @throws CheckpointMismatchError if the log begins elsewhere; LogCorruptError; what the log throws
   */
  async catchUp(): Promise<void> {
    await this.#options.log.catchUp?.(this.chain);
    await this.#apply();
  }

  /** Calls `listener` after each change of the book. @returns what ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Newest block that the chain itself calls final, as the log has it. */
  finalized(): SourceTip | undefined {
    return this.book.finalized();
  }

  status(): ReplicaStatus {
    const tip = this.book.tip();
    const lastNumber = this.book.applied();
    const unread = this.#options.log.lag?.(this.chain) ?? 0;
    return {
      chain: this.chain,
      height: tip?.height,
      hash: tip?.hash,
      finalizedHeight: this.book.finalized()?.height,
      lastNumber,
      lag: unread + Math.max(0, this.#told - lastNumber),
      healthy: this.#healthy,
      lastError: this.#lastError,
    };
  }

  async #run(): Promise<void> {
    const { retryMs = 100, pollMs = 1000, onError } = this.#options;
    const { signal } = this.#stop;
    for (let wait = retryMs; !signal.aborted; ) {
      this.#news = false;
      try {
        await this.#apply();
        wait = retryMs;
        if (!this.#news && !signal.aborted) await this.#pause(pollMs);
      } catch (error) {
        if (signal.aborted) return;
        onError?.(error);
        await pause(wait, signal);
        wait = Math.min(MAX_RETRY_MS, 2 * wait);
      }
    }
  }

  #apply(): Promise<void> {
    return this.#serial.run(async () => {
      try {
        await this.#checkBeginning();
        const { signal } = this.#stop;
        await this.book.catchUp(this.#options.log, { signal, onStep: () => this.#tell() });
        this.#healthy = true;
        this.#lastError = undefined;
      } catch (error) {
        this.#healthy = false;
        this.#lastError = error instanceof Error ? error : new Error(String(error));
        throw error;
      }
    });
  }

  /** That the log begins where this process was told to trust the chain from. Looked at before anything is taken from it. */
  async #checkBeginning(): Promise<void> {
    const { checkpoint, log } = this.#options;
    if (this.#begun) return;
    const [first] = await log.read(this.chain, 1, 1);
    if (first === undefined) return;
    if (first.height !== checkpoint.height || !bytesEqual(first.hash, checkpoint.hash))
      throw new CheckpointMismatchError(this.chain, checkpoint.height);
    const kept = this.book.tip() === undefined ? undefined : this.book.bestHash(checkpoint.height);
    if (kept !== undefined && !bytesEqual(kept, checkpoint.hash))
      throw new CheckpointMismatchError(this.chain, checkpoint.height);
    this.#begun = true;
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#wake = done;
    });
  }
}
