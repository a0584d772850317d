export interface LoopOptions {
  /** @returns whether there may be more to do at once */
  readonly step: () => Promise<boolean>;
  /** So long it rests where there is nothing to do, unless it is woken. Milliseconds. */
  readonly idleMs: number;
  /** First wait after a failure; doubles up to `maxRetryMs`. Default 500. */
  readonly retryMs?: number;
  /** Default 30,000. */
  readonly maxRetryMs?: number;
  readonly onError?: (error: unknown) => void;
}

/** Does a step over and over until it is stopped; failures are told and tried again, ever more slowly. */
export class RetryLoop {
  readonly #options: LoopOptions;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  /** In a row. */
  failures = 0;
  lastError: string | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Ends a rest; does nothing to one after a failure. */
  wake(): void {
    this.#wake();
  }

  /** A step under way is finished first; a long one should look at `signal`. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { step, idleMs, retryMs = 500, maxRetryMs = 30_000, onError } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // Made first: a notice that comes during the step must not get lost.
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        const more = await step();
        this.failures = 0;
        this.lastError = undefined;
        if (!more) await this.#rest(idleMs, woken);
      } catch (error) {
        if (signal.aborted) return;
        this.lastError = error instanceof Error ? error.message : String(error);
        onError?.(error);
        const wait = Math.min(maxRetryMs, retryMs * 2 ** Math.min(20, this.failures++));
        await this.#rest(wait, new Promise(() => undefined));
      }
    }
  }

  #rest(milliseconds: number, woken: Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return Promise.resolve();
    let end: () => void = () => undefined;
    const rested = new Promise<void>((resolve) => {
      end = resolve;
    });
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end, { once: true });
    return Promise.race([rested, woken]).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    });
  }
}
