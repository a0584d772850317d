import { CrossrootError, isRetryable } from '../../proofs/errors/base.js';
import { type Clock, systemClock } from '../ports.js';
import { Backoff } from './backoff.js';
import type { StepResult, Submitter } from './result.js';

export interface LoopOptions {
  readonly clock?: Clock;
  /** Looks again this often without being woken. */
  readonly idleMs?: number;
  /** Wait after an error that trying again does not heal; the state may change meanwhile. */
  readonly faultMs?: number;
  readonly backoff?: Backoff;
  readonly onResult?: (chain: string, result: StepResult) => void;
  readonly onError?: (chain: string, error: unknown, retryInMs: number) => void;
}

/** Runs one submitter until stopped. Whatever goes wrong stays within this chain. */
export class SubmitLoop {
  readonly #submitter: Submitter;
  readonly #o: LoopOptions;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | undefined;
  #last: { readonly result?: StepResult; readonly error?: string; readonly time: number } | undefined;

  constructor(submitter: Submitter, options: LoopOptions = {}) {
    this.#submitter = submitter;
    this.#o = options;
    this.#clock = options.clock ?? systemClock;
    this.#backoff = options.backoff ?? new Backoff();
  }

  get chain(): string {
    return this.#submitter.chain;
  }

  /** What the last step came to. */
  get last() {
    return this.#last;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Something changed: look now instead of at the next turn. Does not cut a back-off short. */
  wake(): void {
    this.#wake.abort();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController();
      try {
        const result = await this.#submitter.step(this.#stop.signal);
        this.#backoff.reset();
        this.#last = { result, time: this.#clock.now() };
        this.#o.onResult?.(this.chain, result);
        if (result.kind !== 'submitted') await this.#clock.sleep(this.#o.idleMs ?? 1_000, this.#wake.signal);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const wait = this.#pause(error);
        this.#last = { error: describe(error), time: this.#clock.now() };
        this.#o.onError?.(this.chain, error, wait);
        await this.#clock.sleep(wait, this.#stop.signal);
      }
    }
  }

  #pause(error: unknown): number {
    const wait = this.#backoff.next();
    return isRetryable(error) ? wait : Math.max(wait, this.#o.faultMs ?? 15_000);
  }
}

function describe(error: unknown): string {
  if (error instanceof CrossrootError) return `${error.name}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
