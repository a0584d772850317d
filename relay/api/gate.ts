import type { CrossrootError } from '../../proofs/errors/base.js';

export interface GateOptions {
  /** Questions under way at once. */
  readonly concurrent?: number;
  /** Questions that may wait for their turn. */
  readonly waiting?: number;
  /** Until an answer, the wait included. */
  readonly timeoutMs?: number;
}

/** What to tell whoever does not get through. Both are retryable. */
export interface GateErrors {
  /** @param waiting questions that wait already */
  busy(waiting: number): CrossrootError;
  late(timeoutMs: number): CrossrootError;
}

/** Lets a limited number of questions through at once, and holds each to a time. */
export class Gate {
  readonly #concurrent: number;
  readonly #waiting: number;
  readonly #timeoutMs: number;
  readonly #errors: GateErrors;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(options: Required<GateOptions>, errors: GateErrors) {
    this.#concurrent = options.concurrent;
    this.#waiting = options.waiting;
    this.#timeoutMs = options.timeoutMs;
    this.#errors = errors;
  }

  /** @throws what `GateErrors` makes, both retryable; what the question throws */
  async run<T>(question: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#concurrent && this.#queue.length >= this.#waiting)
      throw this.#errors.busy(this.#queue.length);
    let timer: NodeJS.Timeout | undefined;
    let late = false;
    const deadline = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        late = true;
        reject(this.#errors.late(this.#timeoutMs));
      }, this.#timeoutMs);
    });
    const answer = this.#turn(async () => {
      // Whoever waited too long is gone: the question is not asked any more.
      if (late) throw this.#errors.late(this.#timeoutMs);
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
