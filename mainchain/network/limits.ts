/** Lets through `rate` units a second on average and `burst` at once. */
export class TokenBucket {
  #tokens: number;
  #at: number;

  constructor(
    readonly rate: number,
    readonly burst: number,
    now: number,
  ) {
    this.#tokens = burst;
    this.#at = now;
  }

  /** Whether `units` may pass at `now` (milliseconds). */
  take(units: number, now: number): boolean {
    this.#tokens = Math.min(this.burst, this.#tokens + (Math.max(0, now - this.#at) / 1000) * this.rate);
    this.#at = now;
    if (units > this.#tokens) return false;
    this.#tokens -= units;
    return true;
  }
}

/** Spends `rate` units a second on average and `burst` at once; whoever wants more waits, in order. */
export class Pace {
  /** When all that was spent is paid for, by `performance.now()`. */
  #paid = 0;
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(
    readonly rate: number,
    readonly burst: number,
  ) {}

  /** Turns that have been asked for and have not come. */
  get waiting(): number {
    return this.#waiting;
  }

  spend(units: number): void {
    this.#paid = Math.max(this.#paid, performance.now()) + (units / this.rate) * 1000;
  }

  /** Resolves when there is something to spend. */
  async turn(): Promise<void> {
    this.#waiting++;
    this.#queue = this.#queue.then(async () => {
      const early = this.#paid - performance.now() - (this.burst / this.rate) * 1000;
      // A wait does not keep a process alive that has nothing else to do.
      if (early > 0) await new Promise<void>((resolve) => void setTimeout(resolve, early).unref());
      this.#waiting--;
    });
    return this.#queue;
  }
}

/** Remembers the last so many ids. */
export class SeenCache {
  readonly #ids = new Set<string>();

  constructor(readonly limit: number) {}

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** @returns whether the id is new */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > this.limit) {
      for (const oldest of this.#ids) {
        this.#ids.delete(oldest);
        break;
      }
    }
    return true;
  }
}
