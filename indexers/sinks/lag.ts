import type { EventLog } from '../log/eventLog.js';

/**
 * When an event was written, by the log's own clock. The log tells which event was the first at a time; this asks it the other way
 * round, in some thirty looks into the local store.
 * @param now Unix milliseconds: an event is taken not to be newer
 * @returns Unix milliseconds; `undefined` where the log does not know
 */
export async function writtenAt(
  log: Pick<EventLog, 'numberAt'>,
  chain: string,
  number: number,
  now: number,
): Promise<number | undefined> {
  const isBefore = async (time: number) => (await log.numberAt(chain, time)) <= number;
  let high = Math.floor(now) + 1;
  if (await isBefore(high)) return high - 1;
  let low = high;
  for (let step = 1024; !(await isBefore(low)); step *= 2) {
    if (low === 0) return undefined;
    high = low;
    low = Math.max(0, low - step);
  }
  // It was written at the last time whose first event is not a later one.
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await isBefore(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Looks that are remembered. */
const MAX_MARKS = 512;

/**
 * When the records of a stream were first seen in it, by looking now and then: a log tells no times of them. What was there before
 * the first look counts from that look on.
 */
export class SeenTimes {
  #marks: { readonly time: number; readonly end: number }[] = [];

  /**
   * @param now Unix milliseconds
   * @param done position of the next record to be done
   * @param end position after the newest record
   * @returns seconds since the oldest record that is not done was first seen; 0 if there is none
   */
  look(now: number, done: number, end: number): number {
    this.#marks = this.#marks.filter((mark) => mark.end > done && mark.end <= end);
    if (end > (this.#marks.at(-1)?.end ?? done)) this.#marks.push({ time: now, end });
    // Every other one goes, the oldest and the newest never.
    if (this.#marks.length > MAX_MARKS)
      this.#marks = this.#marks.filter((_, i, { length }) => i % 2 === 0 || i === length - 1);
    const [oldest] = this.#marks;
    return oldest === undefined ? 0 : Math.max(0, now - oldest.time) / 1000;
  }
}
