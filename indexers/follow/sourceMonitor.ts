import { HeaderRuleError, SourceFaultError } from '../../adapters/errors.js';
import type { ForeignBlock, Source, SourceTip } from '../../adapters/source.js';
import type { ForeignHeader } from '../../adapters/types.js';
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
    this.#tip = await this.#call('tip', this.source.tip());
    return this.#tip;
  }

  finalized(): Promise<SourceTip | undefined> {
    return this.#call('finalized', this.source.finalized());
  }

  block(hash: Uint8Array): Promise<ForeignBlock> {
    return this.#call('block', this.source.block(hash));
  }

  async headers(from: number, count: number): Promise<ForeignHeader[]> {
    try {
      const headers = await this.#call('headers', this.source.headers(from, Math.min(count, this.#batch)));
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
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new SourceTimeoutError(this.name, what, timeoutMs)), timeoutMs);
    });
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Whether an error says that the source told something untrue, rather than nothing. */
export function isFault(error: unknown): error is SourceFaultError | HeaderRuleError {
  return error instanceof SourceFaultError || (error instanceof HeaderRuleError && !error.retryable);
}
