const WINDOW_MS = 30_000;

/** Things done a second, over the last half minute of work. */
export class Rate {
  readonly #marks: { readonly at: number; readonly count: number }[] = [];
  readonly #now: () => number;
  #total = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#marks.push({ at: now(), count: 0 });
  }

  get total(): number {
    return this.#total;
  }

  add(count: number): void {
    this.#total += count;
    const at = this.#now();
    const newest = this.#marks.at(-1);
    // A mark each half second: memory does not grow with the rate.
    if (newest !== undefined && at - newest.at < 500 && this.#marks.length > 1) this.#marks.pop();
    this.#marks.push({ at, count: this.#total });
    while ((this.#marks[1]?.at ?? at) < at - WINDOW_MS) this.#marks.shift();
  }

  perSecond(): number {
    const [oldest] = this.#marks;
    const seconds = oldest === undefined ? 0 : (this.#now() - oldest.at) / 1000;
    return oldest === undefined || seconds <= 0 ? 0 : (this.#total - oldest.count) / seconds;
  }

  /** Seconds until `left` more are done; `undefined` while nothing moves. */
  secondsLeft(left: number): number | undefined {
    const rate = this.perSecond();
    return left <= 0 ? 0 : rate > 0 ? left / rate : undefined;
  }
}
