import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { SourceUnavailableError } from '../errors.js';

/** A server that asks for a longer pause is asked again after this one: none can silence us for good. */
const LONGEST_PAUSE_MS = 60_000;

/** Keeps to a number of requests a second, and to the pauses that a server asks for. */
export class RequestBudget {
  /** When the next request may go out, milliseconds. */
  #next = 0;
  #pausedUntil = 0;

  /** @param patienceMs longer pauses are not waited for: the caller gets an error at once */
  constructor(
    readonly source: string,
    readonly perSecond: number,
    readonly patienceMs: number,
    readonly now: () => number = Date.now,
  ) {}

  /** Waits for a place. @throws SourceUnavailableError if the server wants to be left alone for longer */
  async take(signal: AbortSignal): Promise<void> {
    const now = this.now();
    if (this.#pausedUntil - now > this.patienceMs)
      throw new SourceUnavailableError(
        this.source,
        `asks for a pause of ${Math.ceil((this.#pausedUntil - now) / 1000)} s`,
      );
    const at = Math.max(now, this.#next, this.#pausedUntil);
    this.#next = at + 1000 / this.perSecond;
    if (at <= now) return;
    // A batch waits as so many listeners as it has calls: no leak, of which Node would warn from the eleventh on.
    setMaxListeners(0, signal);
    try {
      await sleep(at - now, undefined, { signal });
    } catch (error) {
      if (signal.aborted) throw new SourceUnavailableError(this.source, 'is closed', error);
      throw error;
    }
  }

  /** Notes a pause, by `Retry-After` or else of `otherwiseMs`. */
  pause(retryAfter: string | undefined, otherwiseMs: number): void {
    const wait = retryAfterMs(retryAfter, this.now()) ?? otherwiseMs;
    this.#pausedUntil = Math.max(this.#pausedUntil, this.now() + Math.min(wait, LONGEST_PAUSE_MS));
  }
}

/**
 * Milliseconds that a `Retry-After` header asks for: a number of seconds or an HTTP date in one of its three forms (RFC 9110, 10.2.3 and 5.6.7).
 * `undefined` if it is neither.
 */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,10}$/.test(value)) return Number(value) * 1000;
  if (!/^[A-Z][a-z]{2,8},? /.test(value)) return undefined;
  // The form of `asctime` names no zone: all of them are in GMT.
  const date = Date.parse(value.endsWith(' GMT') ? value : `${value} GMT`);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
