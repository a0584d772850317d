import { pause } from '../pause.js';

/** A piece of work that exactly one process should do at a time. */
export interface SharedUnit {
  /** Unique among the units of a group. */
  readonly name: string;
  /** Begins it. Failing is fine: it is tried again. */
  open(): Promise<OpenUnit>;
}

/** Work that is under way. */
export interface OpenUnit {
  /** Resolves with the reason if the work ends by itself, such as for a lease that another process took. */
  readonly ended: Promise<unknown>;
  /** Ends it, also after it ended by itself; what is being written is written. */
  stop(): Promise<void>;
}

export interface RunnerOptions {
  /** First pause before work is begun again, milliseconds; doubled up to `maxRetryMs`. Default 500. */
  readonly retryMs?: number;
  /** Default 10,000. */
  readonly maxRetryMs?: number;
  /** Work that went on for so long begins with the first pause again, milliseconds. Default 30,000. */
  readonly steadyMs?: number;
  readonly random?: () => number;
  /** Told why work could not begin, or ended. */
  readonly onError?: (error: unknown, unit: string) => void;
  /** Called when work has begun, and when it has ended. */
  readonly onChange?: () => void;
}

export interface UnitStatus {
  readonly unit: string;
  readonly running: boolean;
  /** Times that the work began. */
  readonly begun: number;
  /** Why it last failed to begin or ended; `undefined` while it goes on. */
  readonly lastError: string | undefined;
}

/**
 * Keeps one unit's work going for as long as the unit is this process's: begins it, and begins it again after a pause when
 * it could not begin or ended by itself. Two processes that both believe to have a unit so take it from each other ever
 * more rarely, until the group has told one of them.
 */
export class UnitRunner {
  readonly #unit: SharedUnit;
  readonly #options: RunnerOptions;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;
  #running = false;
  #begun = 0;
  #lastError: unknown;

  constructor(unit: SharedUnit, options: RunnerOptions = {}) {
    this.#unit = unit;
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Resolves when the work has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  status(): UnitStatus {
    const error = this.#lastError;
    return {
      unit: this.#unit.name,
      running: this.#running,
      begun: this.#begun,
      lastError: error === undefined ? undefined : error instanceof Error ? error.message : String(error),
    };
  }

  async #run(): Promise<void> {
    const { retryMs = 500, maxRetryMs = 10_000, steadyMs = 30_000, random = Math.random } = this.#options;
    const { signal } = this.#stop;
    for (let wait = retryMs; !signal.aborted; wait = Math.min(maxRetryMs, 2 * wait)) {
      const since = performance.now();
      const reason = await this.#once();
      if (signal.aborted) return;
      this.#lastError = reason;
      this.#options.onError?.(reason, this.#unit.name);
      if (performance.now() - since >= steadyMs) wait = retryMs;
      await pause(wait * (0.5 + random()), signal);
    }
  }

  /** Does the work once. @returns why it did not begin, or ended */
  async #once(): Promise<unknown> {
    let work: OpenUnit;
    try {
      work = await this.#unit.open();
    } catch (error) {
      return error;
    }
    this.#begun++;
    this.#running = true;
    this.#lastError = undefined;
    this.#options.onChange?.();
    const { signal } = this.#stop;
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    let reason: unknown;
    try {
      reason = await Promise.race([work.ended, stopped]);
    } catch (error) {
      reason = error;
    }
    try {
      await work.stop();
    } catch (error) {
      this.#options.onError?.(error, this.#unit.name);
    }
    this.#running = false;
    this.#options.onChange?.();
    return reason;
  }
}
