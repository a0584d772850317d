/** Of all chains together. */
const MAX_BYTES = 8 * 2 ** 20;
/** Shorter runs are cheap to read from the store, and would be many. */
const MIN_RUN = 16;

interface Run {
  readonly chain: string;
  /** Number of the first event. */
  readonly first: number;
  readonly bytes: Uint8Array;
  /** Where each record ends. */
  readonly ends: Uint32Array;
}

/**
 * The newest records of a log once more in memory, so that whoever follows the log closely while much is written need not ask the store for each.
 * Records of a number never change, and only what the store has is added, so there is nothing to be invalidated.
 */
export class RecentRecords {
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #runs: Run[] = [];
  readonly #of = new Map<string, Run[]>();
  #bytes = 0;

  /** @param maxBytes most bytes of all records that are kept. Default 8 MiB */
  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps copies of records that were written just now. @param first number of the first */
  add(chain: string, first: number, records: readonly Uint8Array[]): void {
    if (records.length < MIN_RUN) return;
    let total = 0;
    for (const record of records) total += record.length;
    if (total > this.#maxBytes) return;
    const bytes = new Uint8Array(total);
    const ends = new Uint32Array(records.length);
    let at = 0;
    for (const [i, record] of records.entries()) {
      bytes.set(record, at);
      at += record.length;
      ends[i] = at;
    }
    const run: Run = { chain, first, bytes, ends };
    const runs = this.#of.get(chain) ?? [];
    this.#of.set(chain, runs);
    runs.push(run);
    this.#runs.push(run);
    this.#bytes += total;
    while (this.#bytes > this.#maxBytes) this.#dropOldest();
  }

  /** Records from a number on, as views, at most `limit`; none where the first one is not kept. */
  from(chain: string, number: number, limit: number): Uint8Array[] {
    const run = holding(this.#of.get(chain) ?? [], number);
    if (run === undefined) return [];
    const { first, bytes, ends } = run;
    const found: Uint8Array[] = [];
    const begin = number - first;
    const end = Math.min(ends.length, begin + limit);
    for (let i = begin, start = ends[begin - 1] ?? 0; i < end; i++) {
      found.push(bytes.subarray(start, ends[i]));
      start = ends[i] ?? 0;
    }
    return found;
  }

  #dropOldest(): void {
    const run = this.#runs.shift();
    if (run === undefined) return;
    this.#bytes -= run.bytes.length;
    const runs = this.#of.get(run.chain) ?? [];
    runs.shift();
    if (runs.length === 0) this.#of.delete(run.chain);
  }
}

/** The run that has the number. @param runs in order of their numbers */
function holding(runs: readonly Run[], number: number): Run | undefined {
  let [low, high] = [0, runs.length];
  // The last run that does not begin after it is before `high`.
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((runs[middle]?.first ?? 0) <= number) low = middle + 1;
    else high = middle;
  }
  const run = runs[low - 1];
  return run !== undefined && number < run.first + run.ends.length ? run : undefined;
}
