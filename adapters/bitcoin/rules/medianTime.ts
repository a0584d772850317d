/** Blocks that median time past looks back on (Bitcoin Core `CBlockIndex::nMedianTimeSpan`; BIP113). */
export const MEDIAN_SPAN = 11;

/** The median as the reference client takes it: element floor(n / 2) of the sorted times. */
export function medianTime(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** Median of the last 11 times, kept sorted while blocks arrive one by one. */
export class RollingMedian {
  readonly #ring = new Uint32Array(MEDIAN_SPAN);
  readonly #sorted = new Uint32Array(MEDIAN_SPAN);
  #count = 0;
  #next = 0;

  /** @param fromGenesis whether the first time pushed is the genesis block's: then fewer than 11 are all there are */
  constructor(readonly fromGenesis: boolean) {}

  /** @param time Unix seconds, unsigned 32 bits */
  push(time: number): void {
    const sorted = this.#sorted;
    // The free place, wandering to where the new time belongs.
    let at = this.#count;
    if (at === MEDIAN_SPAN) {
      const oldest = this.#ring[this.#next];
      for (at = 0; sorted[at] !== oldest; ) at++;
    } else this.#count++;
    const last = this.#count - 1;
    for (; at < last && (sorted[at + 1] ?? 0) <= time; at++) sorted[at] = sorted[at + 1] ?? 0;
    for (; at > 0 && (sorted[at - 1] ?? 0) > time; at--) sorted[at] = sorted[at - 1] ?? 0;
    sorted[at] = time;
    this.#ring[this.#next] = time;
    this.#next = this.#next === MEDIAN_SPAN - 1 ? 0 : this.#next + 1;
  }

  /** `undefined` while too few times are known. */
  get value(): number | undefined {
    if (this.#count === 0 || (this.#count < MEDIAN_SPAN && !this.fromGenesis)) return undefined;
    return this.#sorted[this.#count >> 1];
  }
}
