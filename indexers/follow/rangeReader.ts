import type { ForeignHeader } from '../../adapters/types.js';
import type { SourceMonitor } from './sourceMonitor.js';
import { fetchRun } from './syncSteps.js';

/** Most ranges that are read at once, whatever a source offers: with 2000 headers each, some 20 MB. */
const MAX_RANGES = 8;

interface Range {
  readonly from: number;
  readonly answer: Promise<ForeignHeader[]>;
}

/**
 * Runs of headers upwards, several ranges asked for at once where the source allows it, handed out in order. A range that does not
 * begin where the last one ended is dropped: then the source's chain has changed, or it gives fewer headers at once.
 */
export class RangeReader {
  readonly #monitor: SourceMonitor;
  readonly #count: number;
  readonly #ranges: number;
  #ahead: Range[] = [];

  /** @param count most headers of one range */
  constructor(monitor: SourceMonitor, count: number) {
    this.#monitor = monitor;
    this.#count = count;
    this.#ranges = Math.max(1, Math.min(MAX_RANGES, monitor.source.parallelRanges ?? 1));
  }

  /**
   * The run that begins at `from`; empty where the source has no such header.
   * @param upTo height up to which ranges may be read ahead; `from` for none
   * @throws as `fetchRun`
   */
  async next(from: number, upTo: number): Promise<ForeignHeader[]> {
    if (this.#ahead[0]?.from !== from) this.#ahead = [];
    const count = Math.min(this.#count, this.#monitor.batch);
    const last = this.#ahead.at(-1);
    let next = last === undefined ? from : last.from + count;
    while (this.#ahead.length < this.#ranges && (next === from || next <= upTo)) {
      const answer = fetchRun(this.#monitor, next, count);
      // Thrown where the range is handed out. One that never is was not needed, or is asked for again.
      answer.catch(() => undefined);
      this.#ahead.push({ from: next, answer });
      next += count;
    }
    const [first] = this.#ahead;
    this.#ahead = this.#ahead.slice(1);
    return first === undefined ? [] : first.answer;
  }
}
