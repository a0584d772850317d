import { setImmediate } from 'node:timers/promises';

/** Longest stretch of work without a pause, milliseconds. */
const STRETCH_MS = 20;

/** Lets long work on one block pause, so that the process answers others meanwhile. */
export class Pace {
  #since = performance.now();

  /** Whether it is time for a pause: `if (pace.isDue()) await pace.rest()` costs nearly nothing where it is not. */
  isDue(): boolean {
    return performance.now() - this.#since > STRETCH_MS;
  }

  async rest(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}
