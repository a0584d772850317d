import { HeaderRuleError, SourceFaultError } from '../../adapters/errors.js';
import type { ForeignBlock, Source, SourceTip } from '../../adapters/source.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { SourceTimeoutError } from './errors.js';

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

export interface MonitorOptions {
  /** How long one call may take. */
  readonly timeoutMs: number;
  readonly pollMs: number;
  readonly maxBackoffMs: number;
  /** Most headers of one call. */
  readonly batch: number;
  /** 0 to 1. */
  readonly random: () => number;
}

/** How much of a fault a good poll forgives. */
const FORGIVENESS = 0.01;
const MIN_BATCH = 8;
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

/** One source with its health: timeouts, failures, back-off with jitter, and a batch size that it can bear. */
export class SourceMonitor {
  readonly source: Source;
  readonly #options: MonitorOptions;
  #checked = false;
  #polled = false;
  #failures = 0;
  #errors = 0;
  #faults = 0;
  #tip: SourceTip | undefined;
  #lastError: string | undefined;
  #behind = false;
  #latencyMs = 0;
  #tipSince = 0;
  #batch: number;

  constructor(source: Source, options: MonitorOptions) {
    this.source = source;
    this.#options = options;
    this.#batch = options.batch;
  }

  get name(): string {
    return this.source.name;
  }
  get failures(): number {
    return this.#failures;
  }
  get faults(): number {
    return this.#faults;
  }
  /** What it last named as its tip; `undefined` while it fails. */
  get tip(): SourceTip | undefined {
    return this.#failures === 0 ? this.#tip : undefined;
  }
  get batch(): number {
    return this.#batch;
  }

  health(): SourceHealth {
    return {
      name: this.name,
      healthy: this.#polled && this.#failures === 0,
      failures: this.#failures,
      errors: this.#errors,
      faults: this.#faults,
      score: healthScore({
        faults: this.#faults,
        failures: this.#failures,
        behind: this.#behind,
        latencyMs: this.#latencyMs,
      }),
      behind: this.#behind,
      latencyMs: Math.round(this.#latencyMs),
      tipHeight: this.#tip?.height,
      lastError: this.#lastError,
    };
  }

  /** The source's tip; its network is checked first, once after each failure. */
  async readTip(): Promise<SourceTip> {
    if (!this.#checked) {
      await this.#call('check', this.source.check());
      this.#checked = true;
    }
    const tip = await this.#call('tip', this.source.tip());
    if (!Number.isSafeInteger(tip.height) || tip.height < 0 || tip.hash.length !== 32)
      throw new SourceFaultError(this.name, `names a tip that cannot be: height ${tip.height}`);
    if (this.#tip === undefined || !bytesEqual(this.#tip.hash, tip.hash)) this.#tipSince = performance.now();
    this.#tip = tip;
    return tip;
  }

  /** Seconds since it first named its present tip. */
  tipAge(): number {
    return (performance.now() - this.#tipSince) / 1000;
  }

  /** Says whether it is behind the others; see `SourceHealth.behind`. */
  setBehind(behind: boolean): void {
    this.#behind = behind;
  }

  finalized(): Promise<SourceTip | undefined> {
    return this.#call('finalized', this.source.finalized());
  }

  /** `undefined` for sources of kinds that know no such thing too. */
  async safe(): Promise<SourceTip | undefined> {
    return this.source.safe === undefined ? undefined : this.#call('safe', this.source.safe());
  }

  block(hash: Uint8Array): Promise<ForeignBlock> {
    return this.#call('block', this.source.block(hash));
  }

  async headers(from: number, count: number): Promise<ForeignHeader[]> {
    try {
      const asked = Math.min(count, this.#batch);
      const headers = await this.#call('headers', this.source.headers(from, asked));
      if (headers.length > asked)
        throw new SourceFaultError(this.name, `gave ${headers.length} headers for ${asked}`, {
          height: from,
        });
      this.#batch = Math.min(this.#options.batch, this.#batch * 2);
      return headers;
    } catch (error) {
      if (error instanceof SourceTimeoutError) this.#batch = Math.max(MIN_BATCH, this.#batch >> 2);
      throw error;
    }
  }

  succeeded(): void {
    this.#polled = true;
    this.#failures = 0;
    this.#faults = Math.max(0, this.#faults - FORGIVENESS);
    this.#lastError = undefined;
  }

  failed(error: unknown): void {
    this.#polled = true;
    this.#checked = false;
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

  async #call<T>(what: string, answer: Promise<T>): Promise<T> {
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

/** Whether an error says that the source told something untrue, rather than nothing. */
export function isFault(error: unknown): error is SourceFaultError | HeaderRuleError {
  return error instanceof SourceFaultError || (error instanceof HeaderRuleError && !error.retryable);
}
