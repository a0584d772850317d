import { IndexBusyError, IndexTimeoutError } from './errors.js';

export interface GateOptions {
  /** Questions under way at once. Default 8. */
  readonly concurrent?: number;
  /** Questions that may wait for their turn. Default 64. */
  readonly waiting?: number;
  /** Until an answer, the wait included. Default 10 s. */
  readonly timeoutMs?: number;
}

/** Lets a limited number of questions through to the index at once, and holds each to a time. */
export class QueryGate {
  readonly #concurrent: number;
  readonly #waiting: number;
  readonly #timeoutMs: number;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor({ concurrent = 8, waiting = 64, timeoutMs = 10_000 }: GateOptions = {}) {
    this.#concurrent = concurrent;
    this.#waiting = waiting;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws IndexBusyError, IndexTimeoutError (both retryable); what the question throws */
  async run<T>(question: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#concurrent && this.#queue.length >= this.#waiting)
      throw new IndexBusyError(this.#queue.length);
    let timer: NodeJS.Timeout | undefined;
    let late = false;
    const deadline = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        late = true;
        reject(new IndexTimeoutError(this.#timeoutMs));
      }, this.#timeoutMs);
    });
    const answer = this.#turn(async () => {
      // Whoever waited too long is gone: the index is not asked any more.
      if (late) throw new IndexTimeoutError(this.#timeoutMs);
      return question();
    });
    try {
      return await Promise.race([answer, deadline]);
    } finally {
      clearTimeout(timer);
      // After a timeout nobody else hears of how the question ends.
      answer.catch(() => undefined);
    }
  }

  /** A place is given back only when its question has ended, in time or not. */
  async #turn<T>(question: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#concurrent) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#running++;
    try {
      return await question();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
