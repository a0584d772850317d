/** How much a peer may send that nobody asked for. */
export interface FloodLimits {
  /** Messages at once. */
  readonly messages: number;
  readonly messagesPerSecond: number;
  /** Bytes at once. */
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

/** Room for the largest `inv` and for a long row of announcements; no honest node comes near. */
export const FLOOD_LIMITS: FloodLimits = {
  messages: 1000,
  messagesPerSecond: 50,
  bytes: 4_500_000,
  bytesPerSecond: 262_144,
};

/** Counts what came unasked, and forgets it as time passes. */
export class FloodMeter {
  readonly #limits: FloodLimits;
  #messages = 0;
  #bytes = 0;
  #at: number;

  /** @param now milliseconds */
  constructor(limits: FloodLimits, now: number) {
    this.#limits = limits;
    this.#at = now;
  }

  /** @returns what there is too much of, if anything. @param now milliseconds, never going back */
  add(bytes: number, now: number): 'messages' | 'bytes' | undefined {
    const seconds = (now - this.#at) / 1000;
    this.#at = now;
    this.#messages = Math.max(0, this.#messages - seconds * this.#limits.messagesPerSecond) + 1;
    this.#bytes = Math.max(0, this.#bytes - seconds * this.#limits.bytesPerSecond) + bytes;
    if (this.#messages > this.#limits.messages) return 'messages';
    return this.#bytes > this.#limits.bytes ? 'bytes' : undefined;
  }
}
