import { HeaderRuleError, SourceFaultError } from '../../adapters/errors.js';
import { SourceTimeoutError } from './errors.js';

export interface HealthOptions {
  /** How long one call may take. */
  readonly timeoutMs: number;
  readonly pollMs: number;
  readonly maxBackoffMs: number;
  /** 0 to 1. */
  readonly random: () => number;
}

export interface SourceHealth {
  readonly name: string;
  /** Its last poll succeeded. */
  readonly healthy: boolean;
  /** Failed polls in a row. */
  readonly failures: number;
  /** Failed polls since the start. */
  readonly errors: number;
  /** Weight of answers that could not be true; fades with good ones. */
  readonly faults: number;
  /** 0 to 100: see `healthScore`. */
  readonly score: number;
  /** It has much less than others, or has named the same old tip for long: no fault, and no reorganisation. */
  readonly behind: boolean;
  /** Of its answers, moving average. */
  readonly latencyMs: number;
  readonly tipHeight: number | undefined;
  readonly lastError: string | undefined;
}

/** How much of a fault a good poll forgives. */
const FORGIVENESS = 0.01;
/** Share of the newest answer in the moving average of latency. */
const LATENCY_SHARE = 0.2;

/**
 * 100 less 40 a fault (two count at most), 10 a failure in a row (five at most), 20 while it is behind, one for each
 * second of latency (ten at most). Never below 0.
 */
export function healthScore(source: {
  readonly faults: number;
  readonly failures: number;
  readonly behind: boolean;
  readonly latencyMs: number;
}): number {
  const lost =
    40 * Math.min(2, source.faults) +
    10 * Math.min(5, source.failures) +
    (source.behind ? 20 : 0) +
    Math.min(10, source.latencyMs / 1000);
  return Math.max(0, Math.round(100 - lost));
}

/** Whether an error says that the source told something untrue, rather than nothing. */
export function isFault(error: unknown): error is SourceFaultError | HeaderRuleError {
  return error instanceof SourceFaultError || (error instanceof HeaderRuleError && !error.retryable);
}

/** How one source of any sort has done: time limits, failures, faults, latency, and back-off with jitter. */
export class HealthRecord {
  readonly #options: HealthOptions;
  #polled = false;
  #failures = 0;
  #errors = 0;
  #faults = 0;
  #lastError: string | undefined;
  #behind = false;
  #latencyMs = 0;

  constructor(
    readonly name: string,
    options: HealthOptions,
  ) {
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }
  get faults(): number {
    return this.#faults;
  }

  /** @param tipHeight what it last named as its newest block */
  health(tipHeight: number | undefined): SourceHealth {
    return {
      name: this.name,
      healthy: this.#polled && this.#failures === 0,
      failures: this.#failures,
      errors: this.#errors,
      faults: this.#faults,
      score: this.score,
      behind: this.#behind,
      latencyMs: Math.round(this.#latencyMs),
      tipHeight,
      lastError: this.#lastError,
    };
  }

  /** As `healthScore`. */
  get score(): number {
    return healthScore({
      faults: this.#faults,
      failures: this.#failures,
      behind: this.#behind,
      latencyMs: this.#latencyMs,
    });
  }

  /** Says whether it is behind the others; see `SourceHealth.behind`. */
  setBehind(behind: boolean): void {
    this.#behind = behind;
  }

  succeeded(): void {
    this.#polled = true;
    this.#failures = 0;
    this.#faults = Math.max(0, this.#faults - FORGIVENESS);
    this.#lastError = undefined;
  }

  failed(error: unknown): void {
    this.#polled = true;
    this.#failures++;
    this.#errors++;
    if (isFault(error)) this.#faults++;
    this.#lastError = error instanceof Error ? error.message : String(error);
  }

  /** Milliseconds until the next poll: the interval, doubled for each failure in a row, within half and one and a half. */
  delay(): number {
    const { pollMs, maxBackoffMs, random } = this.#options;
    if (this.#failures === 0) return pollMs;
    const backoff = Math.min(maxBackoffMs, pollMs * 2 ** Math.min(this.#failures, 30));
    return Math.max(pollMs, backoff * (0.5 + random()));
  }

  /** Waits for an answer within the time limit, and counts how long it took. @throws SourceTimeoutError */
  async call<T>(what: string, answer: Promise<T>): Promise<T> {
    const { timeoutMs } = this.#options;
    const start = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new SourceTimeoutError(this.name, what, timeoutMs)), timeoutMs);
    });
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      clearTimeout(timer);
      this.#latencyMs += LATENCY_SHARE * (performance.now() - start - this.#latencyMs);
    }
  }
}
