import type { Running } from './running.js';

/** Seconds that a stop may take before the process ends anyway. */
const STOP_SECONDS = 15;

/** The one thing that a process is there for: begun once, stopped once, and the process ends with it. */
export class Life {
  readonly #onError: (error: unknown, what: string) => void;
  #running: Promise<Running> | undefined;
  #stopping = false;

  /** @param onError told of what goes wrong in the end */
  constructor(onError: (error: unknown, what: string) => void) {
    this.#onError = onError;
  }

  get hasBegun(): boolean {
    return this.#running !== undefined;
  }

  begin(start: () => Promise<Running>): Promise<Running> {
    this.#running ??= start();
    return this.#running;
  }

  /** Stops and ends the process with this code, or with 1 if that fails or takes too long. Later calls are ignored. */
  end(code: number): void {
    if (this.#stopping) return;
    this.#stopping = true;
    setTimeout(() => process.exit(code === 0 ? 1 : code), STOP_SECONDS * 1000).unref();
    Promise.resolve(this.#running)
      .then((one) => one?.stop())
      .then(
        () => process.exit(code),
        (error: unknown) => {
          this.#onError(error, 'stopping failed');
          process.exit(1);
        },
      );
  }

  /** From now on whatever nobody caught ends the process at once, after `tell`. */
  endOnFault(tell: (error: unknown) => void): void {
    const fatal = (error: unknown) => {
      tell(error);
      process.exit(1);
    };
    process.on('uncaughtException', fatal);
    process.on('unhandledRejection', fatal);
  }
}
