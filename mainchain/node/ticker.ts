/** Where a node reads the time: Unix milliseconds. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Calls once at the beginning of each slot; slots that pass while a call runs are skipped. */
export class SlotTicker {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    readonly clock: Clock,
    readonly slotAt: (now: number) => number,
    readonly slotTime: (slot: number) => number,
    readonly onSlot: (slot: number) => Promise<void>,
  ) {}

  start(): void {
    this.#wait(Math.max(1, this.slotAt(this.clock.now()) + 1));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #wait(slot: number): void {
    if (this.#stopped) return;
    const pause = this.slotTime(slot) - this.clock.now();
    // Timers fire up to a millisecond early; long pauses are cut so that a moved clock is noticed.
    this.#timer = setTimeout(
      () => (this.slotTime(slot) > this.clock.now() ? this.#wait(slot) : this.#tick(slot)),
      Math.min(Math.max(pause, 0), 1000),
    );
  }

  #tick(slot: number): void {
    this.#running = this.onSlot(slot).finally(() =>
      this.#wait(Math.max(slot + 1, this.slotAt(this.clock.now()))),
    );
  }
}
