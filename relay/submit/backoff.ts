/** Exponential back-off with full jitter in its upper half: no two relays keep step. */
export class Backoff {
  #failures = 0;

  constructor(
    private readonly options: {
      readonly baseMs?: number;
      readonly maxMs?: number;
      readonly random?: () => number;
    } = {},
  ) {}

  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    const { baseMs = 250, maxMs = 30_000, random = Math.random } = this.options;
    const full = Math.min(maxMs, baseMs * 2 ** Math.min(this.#failures, 20));
    this.#failures++;
    return Math.round(full / 2 + (random() * full) / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}
