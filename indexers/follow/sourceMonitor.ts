import { SourceFaultError } from '../../adapters/errors.js';
import type { ForeignBlock, Source, SourceTip } from '../../adapters/source.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { SourceTimeoutError } from './errors.js';
import { type HealthOptions, HealthRecord, type SourceHealth } from './health.js';

export { healthScore, isFault, type SourceHealth } from './health.js';

export interface MonitorOptions extends HealthOptions {
  /** Most headers of one call. */
  readonly batch: number;
  /** Default: the source's. */
  readonly name?: string;
}

const MIN_BATCH = 8;

/** One source with its health: timeouts, failures, back-off with jitter, and a batch size that it can bear. */
export class SourceMonitor {
  readonly source: Source;
  /** No other source of the same chain has it. */
  readonly name: string;
  readonly #options: MonitorOptions;
  readonly #record: HealthRecord;
  #checked = false;
  #tip: SourceTip | undefined;
  #tipSince = 0;
  readonly #claims: { finalized?: SourceTip | undefined; safe?: SourceTip | undefined } = {};
  #batch: number;

  constructor(source: Source, options: MonitorOptions) {
    this.source = source;
    this.#options = options;
    this.name = options.name ?? source.name;
    this.#record = new HealthRecord(this.name, options);
    this.#batch = options.batch;
  }

  get failures(): number {
    return this.#record.failures;
  }
  get faults(): number {
    return this.#record.faults;
  }
  /** What it last named as its tip; `undefined` while it fails. */
  get tip(): SourceTip | undefined {
    return this.#record.failures === 0 ? this.#tip : undefined;
  }
  get batch(): number {
    return this.#batch;
  }

  health(): SourceHealth {
    return this.#record.health(this.#tip?.height);
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
    this.#record.setBehind(behind);
  }

  async finalized(): Promise<SourceTip | undefined> {
    this.#claims.finalized = await this.#call('finalized', this.source.finalized());
    return this.#claims.finalized;
  }

  /** What it called final, or safe, when it was last asked. */
  claim(which: 'finalized' | 'safe'): SourceTip | undefined {
    return this.#claims[which];
  }

  /** `undefined` for sources of kinds that know no such thing too. */
  async safe(): Promise<SourceTip | undefined> {
    if (this.source.safe === undefined) return undefined;
    this.#claims.safe = await this.#call('safe', this.source.safe());
    return this.#claims.safe;
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
    this.#record.succeeded();
  }

  failed(error: unknown): void {
    this.#checked = false;
    this.#record.failed(error);
  }

  /** Milliseconds until the next poll: the interval, doubled for each failure in a row, within half and one and a half. */
  delay(): number {
    return this.#record.delay();
  }

  #call<T>(what: string, answer: Promise<T>): Promise<T> {
    return this.#record.call(what, answer);
  }
}

/**
 * Names of sources to keep things by: of two that have one name, such as two peers from DNS seeds, the second gets a number.
 */
export function distinctNames(sources: readonly Source[]): string[] {
  const seen = new Map<string, number>();
  return sources.map(({ name }) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}
