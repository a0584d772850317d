import { pause } from '../../pause.js';
import type { KafkaDriver } from './driver.js';
import { KafkaUnavailableError, LogClosedError, LogReplacedError } from './errors.js';
import { Mirror, type MirrorOptions } from './mirror.js';
import { TopicReader } from './reader.js';
import { TopicIdentity } from './topicIdentity.js';
import { Watchdog } from './watchdog.js';

export interface TailOptions extends MirrorOptions {
  readonly driver: KafkaDriver;
  /** Asks what the topic's end is, over a connection of its own. */
  readonly control: TopicReader;
  readonly stallMs: number;
  readonly maxWaitMs: number;
  readonly deadlineMs: number;
  readonly onAdvance: (number: number) => void;
  readonly onError: (error: unknown) => void;
}

/** How a chain's topic is being read. */
export interface TailStatus {
  readonly chain: string;
  /** Number of the newest event in the local store. */
  readonly number: number;
  readonly epoch: number;
  /** Offset of the next record to read. */
  readonly offset: number;
  /** Records in the topic that are not read yet, as far as known. */
  readonly lag: number;
  /** Times that the topic grew and nothing came, or an answer did not come in time. */
  readonly stalls: number;
  readonly connections: number;
  readonly stale: number;
  readonly poisoned: number;
  readonly lastError: string | undefined;
}

const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 5000;

/** Reads one chain's topic into the local store, for ever. */
export class ChainTail {
  readonly mirror: Mirror;
  readonly #options: TailOptions;
  readonly #reader: TopicReader;
  readonly #identity: TopicIdentity;
  readonly #watchdog: Watchdog;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<() => void>();
  #hurry = new AbortController();
  /** Since the last pause. */
  #hurried = false;
  #loop: Promise<void> | undefined;
  #highWatermark = 0;
  #known = false;
  #stalls = 0;
  #lastError: unknown;

  constructor(options: TailOptions) {
    this.#options = options;
    this.mirror = new Mirror(options);
    const { driver, topic, control, stallMs, maxWaitMs, deadlineMs, maxInflated, onError } = options;
    this.#reader = new TopicReader({ driver, maxWaitMs, deadlineMs });
    this.#identity = new TopicIdentity(topic, this.#reader, maxInflated);
    this.#watchdog = new Watchdog({
      ...{ topic, control, stallMs, onError },
      next: () => this.mirror.state.next,
      onEnd: (end) => {
        this.#highWatermark = Math.max(this.#highWatermark, end);
      },
      onStall: (error) => {
        this.#stalls++;
        onError(error);
        void this.#reader.reconnect();
      },
    });
  }

  status(): TailStatus {
    const { state, stale, poisoned } = this.mirror;
    const { stalls, connections } = this.#reader;
    return {
      chain: this.#options.chain,
      number: state.fold.number,
      epoch: state.fold.epoch,
      offset: state.next,
      lag: Math.max(0, this.#highWatermark - state.next),
      stalls: this.#stalls + stalls,
      connections,
      stale,
      poisoned,
      lastError: this.#lastError instanceof Error ? this.#lastError.message : undefined,
    };
  }

  start(): void {
    if (this.#loop !== undefined) return;
    this.#loop = this.#run();
    this.#watchdog.start();
  }

  async stop(): Promise<void> {
    this.#watchdog.stop();
    this.#stop.abort();
    this.#tell();
    await this.#reader.reconnect();
    await this.#loop;
  }

  /** Tries again now, if it is waiting after a failure. */
  hurry(): void {
    this.#hurried = true;
    this.#hurry.abort();
  }

  /**
   * Resolves when `test` holds; it is looked at after each step of the tail.
   * @throws LogClosedError; LogReplacedError if the topic is another one; KafkaUnavailableError at `deadline` (Unix
   * milliseconds), with the tail's own trouble as its cause
   */
  async until(test: () => boolean, deadline: number): Promise<void> {
    while (!test()) {
      if (this.#stop.signal.aborted) throw new LogClosedError();
      if (this.#lastError instanceof LogReplacedError) throw this.#lastError;
      const left = deadline - Date.now();
      if (left <= 0)
        throw new KafkaUnavailableError(`${this.#options.topic} was not read in time`, this.#lastError);
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, left);
        this.#waiting.add(done);
      });
    }
  }

  /** Resolves when everything is read that the topic has now. @throws as `until` */
  async caughtUp(deadline: number): Promise<void> {
    const { control, topic } = this.#options;
    for (let wait = MIN_RETRY_MS; ; wait = Math.min(MAX_RETRY_MS, 2 * wait)) {
      try {
        const end = (await control.offset(topic, 'latest')) ?? 0;
        return await this.until(() => this.#known && this.mirror.state.next >= end, deadline);
      } catch (error) {
        if (
          error instanceof LogClosedError ||
          error instanceof LogReplacedError ||
          Date.now() + wait >= deadline
        )
          throw error;
        await this.#sleep(wait);
      }
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#step();
        failures = 0;
        this.#lastError = undefined;
      } catch (error) {
        if (signal.aborted) return;
        this.#known = false;
        this.#lastError = error;
        this.#options.onError(error);
        this.#tell();
        await this.#reader.reconnect();
        this.#hurry = new AbortController();
        if (this.#hurried) failures = 0;
        this.#hurried = false;
        const wait = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** Math.min(10, failures++));
        await this.#sleep(wait, AbortSignal.any([signal, this.#hurry.signal]));
      }
    }
  }

  async #step(): Promise<void> {
    const { state } = this.mirror;
    if (!this.#known) await this.#identity.check(state);
    this.#known = true;
    const answer = await this.#identity.fetch(state.next, state.next);
    this.#highWatermark = answer.highWatermark;
    const more = await this.mirror.apply(answer.batches);
    this.#tell();
    const { next, fold } = this.mirror.state;
    if (next === state.next) return;
    this.#watchdog.fed();
    if (more) this.#options.onAdvance(fold.number);
  }

  #tell(): void {
    for (const done of [...this.#waiting]) done();
  }

  #sleep(milliseconds: number, signal = this.#stop.signal): Promise<void> {
    return pause(milliseconds, signal);
  }
}
