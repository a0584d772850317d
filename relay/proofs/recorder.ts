import type { DroppedProofs } from '../../indexers/sinks/sampler.js';
import { IndexQueryError } from '../../indexers/store/errors.js';
import type { ServedProof } from '../../indexers/store/indexStore.js';

export interface RecorderOptions {
  /** Takes records in; may be called again with the same ones after a failure. */
  readonly write: (proofs: readonly ServedProof[]) => Promise<void>;
  /** Records that may wait; the oldest are dropped beyond it. Default 10,000. */
  readonly keep?: number;
  /** Most records of one write. Default 1000. */
  readonly batch?: number;
  /** Time for records to gather. Default 1 s. */
  readonly gatherMs?: number;
  /** First wait after a failure; doubles up to a minute. Default 1 s. */
  readonly retryMs?: number;
  readonly onError?: (error: unknown) => void;
}

/** A refusal that is the same for each write: the records are not written, however often they are tried. */
function isLasting(error: unknown): boolean {
  return error instanceof IndexQueryError && !error.retryable;
}

const MAX_RETRY_MS = 60_000;

/**
 * Notes each proof that is sent, behind the answer: `add` returns at once, and a store that is slow, away or full costs memory
 * up to a limit and then records, never an answer.
 */
export class ProofRecorder {
  readonly #options: RecorderOptions;
  #waiting: ServedProof[] = [];
  #dropped = 0;
  #refused = 0;
  #ended = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #running = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Records that were given up since the start, because too many were waiting. */
  get dropped(): number {
    return this.#dropped;
  }

  /** All that were given up since the start, by why. */
  get given(): DroppedProofs {
    return { full: this.#dropped, refused: this.#refused, ended: this.#ended };
  }

  readonly add = (proof: ServedProof): void => {
    const { keep = 10_000 } = this.#options;
    this.#waiting.push(proof);
    // In one piece now and then: shifting a long list for each proof would be slow.
    if (this.#waiting.length > keep * 1.25) {
      const excess = this.#waiting.length - keep;
      this.#waiting = this.#waiting.slice(excess);
      this.#dropped += excess;
    }
    this.#schedule();
  };

  start(): void {
    this.#running = true;
    this.#schedule();
  }

  /** Writes what is waiting, once: a store that is away is not waited for. */
  async stop(): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    while (this.#waiting.length > 0 && (await this.#write()));
    this.#ended += this.#waiting.splice(0).length;
  }

  #schedule(): void {
    if (!this.#running || this.#timer !== undefined || this.#writing || this.#waiting.length === 0) return;
    const { gatherMs = 1000, retryMs = 1000 } = this.#options;
    const wait =
      this.#failures === 0
        ? gatherMs
        : Math.min(MAX_RETRY_MS, retryMs * 2 ** Math.min(16, this.#failures - 1));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#write().then(() => {
        this.#writing = undefined;
        this.#schedule();
      });
    }, wait);
    this.#timer.unref();
  }

  /** @returns whether it went well */
  async #write(): Promise<boolean> {
    const { batch = 1000, write, onError } = this.#options;
    const taken = this.#waiting.slice(0, batch);
    const before = this.#dropped;
    try {
      await write(taken);
      // What was dropped meanwhile was dropped from the front.
      this.#waiting = this.#waiting.slice(Math.max(0, taken.length - (this.#dropped - before)));
      this.#failures = 0;
      return true;
    } catch (error) {
      this.#failures++;
      onError?.(error);
      if (!isLasting(error)) return false;
      const left = Math.max(0, taken.length - (this.#dropped - before));
      this.#waiting = this.#waiting.slice(left);
      this.#refused += left;
      return true;
    }
  }
}
