/** Blocks that median time past looks back on (Bitcoin Core `CBlockIndex::nMedianTimeSpan`; BIP113). */
export const MEDIAN_SPAN = 11;

/** The median as the reference client takes it: element floor(n / 2) of the sorted times. */
export function medianTime(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** Median of the last 11 times, kept sorted while blocks arrive one by one. */
export class RollingMedian {
  readonly #ring: number[] = [];
  readonly #sorted: number[] = [];
  #next = 0;

  /** @param fromGenesis whether the first time pushed is the genesis block's: then fewer than 11 are all there are */
  constructor(readonly fromGenesis: boolean) {}

  push(time: number): void {
    const sorted = this.#sorted;
    if (this.#ring.length === MEDIAN_SPAN) sorted.splice(sorted.indexOf(this.#ring[this.#next] ?? 0), 1);
    this.#ring[this.#next] = time;
    this.#next = (this.#next + 1) % MEDIAN_SPAN;
    let at = sorted.length;
    // Times mostly grow: the place is near the end.
    while (at > 0 && (sorted[at - 1] ?? 0) > time) at--;
    sorted.splice(at, 0, time);
  }

  /** `undefined` while too few times are known. */
  get value(): number | undefined {
    if (this.#sorted.length < MEDIAN_SPAN && !this.fromGenesis) return undefined;
    return this.#sorted[this.#sorted.length >> 1];
  }
}
