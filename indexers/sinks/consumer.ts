import type { KeyValueWrite } from '../../storage/keyValue.js';
import type { ChainEvent } from '../log/event.js';
import type { Cursor, EventLog } from '../log/eventLog.js';
import { Serial } from '../serial.js';

export interface ConsumerOptions {
  readonly log: EventLog;
  readonly chain: string;
  /** Name of the cursor. */
  readonly name: string;
  /** Another cursor than the log's own: of a group that shares the work. */
  readonly cursor?: Cursor;
  /** Most events of one step. */
  readonly batch: number;
  /**
   * Makes the effect of the events durable; must not mind seeing events again. What it returns is written together
   * with the cursor.
   */
  readonly handle: (events: readonly ChainEvent[]) => Promise<readonly KeyValueWrite[]>;
  /**
   * Number of the last event whose effect is there, asked before each step: for effects that tell it themselves. There is no
   * cursor then.
   */
  readonly survived?: () => Promise<number>;
  /** Least time between two steps at the log's end, so that writes gather; a whole batch is not let wait. Default 0. */
  readonly gatherMs?: number;
  /** First wait after a failure; doubles up to a minute. Default 500. */
  readonly retryMs?: number;
  readonly onError?: (error: unknown) => void;
}

export interface ConsumerStatus {
  readonly name: string;
  readonly chain: string;
  /** Number of the last event that is done. */
  readonly done: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly lastError: string | undefined;
}

const MAX_RETRY_MS = 60_000;
/** Looks again even without a notice, for logs whose notices may get lost. */
const IDLE_MS = 5000;

/** Takes one chain's events from the log to a sink, in order; its cursor moves only after the effect is durable. */
export class LogConsumer {
  readonly #options: ConsumerOptions;
  readonly #serial = new Serial();
  #done: number | undefined;
  #ahead: { readonly from: number; readonly read: Promise<ChainEvent[]> } | undefined;
  #failures = 0;
  #lastError: string | undefined;
  #stopped = false;
  /** Number of the newest event that was told of. */
  #newest = 0;
  #wake: () => void = () => undefined;
  #enough: () => void = () => undefined;
  #loop: Promise<void> | undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
  }

  status(): ConsumerStatus {
    const { name, chain } = this.#options;
    return { name, chain, done: this.#done ?? 0, failures: this.#failures, lastError: this.#lastError };
  }

  start(): void {
    if (this.#loop !== undefined) return;
    this.#unsubscribe = this.#options.log.subscribe(this.#options.chain, (number) => this.#told(number));
    this.#loop = this.#run();
  }

  /** Ends the loop; a step under way is finished first. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    this.#wake();
    await this.#loop;
  }

  /** Handles events until the log's end. @throws what `handle` throws */
  async drain(): Promise<void> {
    while ((await this.#serial.run(() => this.#step())) > 0);
  }

  #told(number: number): void {
    this.#newest = number;
    this.#wake();
    if (this.#waiting()) this.#enough();
  }

  /** Whether a whole batch waits. */
  #waiting(): boolean {
    return this.#newest - (this.#done ?? 0) >= this.#options.batch;
  }

  async #run(): Promise<void> {
    const { batch, gatherMs = 0, retryMs = 500 } = this.#options;
    while (!this.#stopped) {
      // Created first: a notice that comes during the step must not get lost.
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        const handled = await this.#serial.run(() => this.#step());
        this.#failures = 0;
        this.#lastError = undefined;
        if (handled === batch) continue;
        if (handled === 0) await this.#sleep(IDLE_MS, woken);
        if (gatherMs > 0 && !this.#stopped) await this.#gather(gatherMs);
      } catch (error) {
        this.#failures++;
        this.#lastError = error instanceof Error ? error.message : String(error);
        this.#options.onError?.(error);
        const wait = Math.min(MAX_RETRY_MS, retryMs * 2 ** Math.min(20, this.#failures - 1));
        await this.#sleep(wait, new Promise(() => undefined));
      }
    }
  }

  async #gather(milliseconds: number): Promise<void> {
    const enough = new Promise<void>((resolve) => {
      this.#enough = resolve;
    });
    if (!this.#waiting()) await this.#sleep(milliseconds, enough);
  }

  /** @returns of how many events it took care */
  async #step(): Promise<number> {
    const { log, chain, name, batch, handle, survived } = this.#options;
    const cursor = survived ? undefined : (this.#options.cursor ?? log.cursor(name, chain));
    if (cursor === undefined) this.#done = await survived?.();
    else this.#done ??= await cursor.get();
    const events = await this.#read((this.#done ?? 0) + 1);
    const last = events.at(-1);
    if (last === undefined) return 0;
    const handled = handle(events);
    // While there is much to do, the next ones are read beside the write.
    if (events.length === batch) {
      const read = log.read(chain, last.number + 1, batch);
      // Thrown by the next step, which takes these events; one that needs others reads again, and fails by itself.
      read.catch(() => undefined);
      this.#ahead = { from: last.number + 1, read };
    }
    const writes = await handled;
    await cursor?.commit(last.number, writes);
    this.#done = last.number;
    return events.length;
  }

  /** Events from a number on: those that were read ahead, unless the effect says otherwise by now. */
  async #read(from: number): Promise<ChainEvent[]> {
    const { log, chain, batch } = this.#options;
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const events = ahead?.from === from ? await ahead.read : [];
    // There may be some by now where there were none then.
    return events.length > 0 ? events : log.read(chain, from, batch);
  }

  #sleep(milliseconds: number, woken: Promise<void>): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
      const wake = this.#wake;
      // A stop ends any sleep.
      this.#wake = () => {
        wake();
        if (this.#stopped) resolve();
      };
    });
    return Promise.race([slept, woken]).finally(() => clearTimeout(timer));
  }
}
