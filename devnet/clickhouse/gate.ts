import { Exceptions, ServerException } from './exception.js';

/** Lets so many in at once; a bounded number waits. */
export class Gate {
  readonly #running: number;
  readonly #waiting: number;
  readonly #queue: (() => void)[] = [];
  #inside = 0;

  constructor(running: number, waiting: number) {
    this.#running = running;
    this.#waiting = waiting;
  }

  /** How many are inside. */
  get inside(): number {
    return this.#inside;
  }

  /** Runs `work` in its turn. @throws ServerException if too many wait, or its turn does not come within `patience` ms */
  async run<T>(work: () => Promise<T>, patience: number): Promise<T> {
    await this.#enter(patience);
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#inside--;
      else next();
    }
  }

  async #enter(patience: number): Promise<void> {
    if (this.#inside < this.#running) {
      this.#inside++;
      return;
    }
    if (this.#queue.length >= this.#waiting)
      throw new ServerException(
        Exceptions.TOO_MANY_SIMULTANEOUS_QUERIES,
        `Too many simultaneous queries. Maximum: ${this.#running + this.#waiting}`,
      );
    await new Promise<void>((resolve, reject) => {
      const turn = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        const at = this.#queue.indexOf(turn);
        if (at !== -1) this.#queue.splice(at, 1);
        reject(new ServerException(Exceptions.TIMEOUT_EXCEEDED, 'Timeout exceeded while waiting for a turn'));
      }, patience);
      this.#queue.push(turn);
    });
  }
}
