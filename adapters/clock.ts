/** Comparisons of which the middle one counts. */
const KEPT = 5;

/**
 * How far this machine's clock is from another one's, by times that the other one tells. Only what is certain counts: within the time of
 * an answer and the coarseness of what it tells, clocks are the same.
 */
export class ClockSkew {
  readonly #recent: number[] = [];

  /**
   * @param told what the other clock showed, Unix milliseconds, rounded down to `coarseness` milliseconds
   * @param sent our own clock before the other one was read
   * @param received and after
   */
  observe(told: number, coarseness: number, sent: number, received: number): void {
    if (!Number.isFinite(told)) return;
    const least = sent - (told + coarseness);
    const most = received - told;
    this.#recent.push(least > 0 ? least : Math.min(most, 0));
    if (this.#recent.length > KEPT) this.#recent.shift();
  }

  /** As `observe`, by the `Date` of an HTTP answer (RFC 9110, 6.6.1); one that a cache kept tells nothing. */
  observeHttp(headers: Headers, sent: number, received: number): void {
    const date = headers.get('date');
    // Servers may renew the text once a second.
    if (date !== null && !headers.has('age')) this.observe(Date.parse(date), 2000, sent, received);
  }

  /** Seconds by which our clock is ahead, negative if it is behind; `undefined` before any time was told. */
  get seconds(): number | undefined {
    const middle = [...this.#recent].sort((a, b) => a - b)[(this.#recent.length - 1) >> 1];
    return middle === undefined ? undefined : middle / 1000;
  }
}
