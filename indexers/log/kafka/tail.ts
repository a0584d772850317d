import { bytesEqual } from '../../../proofs/bytes.js';
import { pause } from '../../pause.js';
import type { KafkaDriver } from './driver.js';
import { KafkaResponseError, KafkaUnavailableError, LogClosedError, LogReplacedError } from './errors.js';
import { Mirror, type MirrorOptions } from './mirror.js';
import { anchorDigest } from './mirrorState.js';
import { TopicReader } from './reader.js';
import { readBatches } from './recordBatch.js';
import { ErrorCode } from './wire.js';

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
/** A record that was read and is not to be had for so long is lost. */
const ABSENT_MS = 15_000;

/** Reads one chain's topic into the local store, for ever. */
export class ChainTail {
  readonly mirror: Mirror;
  readonly #options: TailOptions;
  readonly #reader: TopicReader;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<() => void>();
  #hurry = new AbortController();
  /** Since the last pause. */
  #hurried = false;
  #loop: Promise<void> | undefined;
  #watch: NodeJS.Timeout | undefined;
  #highWatermark = 0;
  #arrival = Date.now();
  #known = false;
  #absentSince: number | undefined;
  #stalls = 0;
  #lastError: unknown;

  constructor(options: TailOptions) {
    this.#options = options;
    this.mirror = new Mirror(options);
    const { driver, maxWaitMs, deadlineMs } = options;
    this.#reader = new TopicReader({ driver, maxWaitMs, deadlineMs });
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
    this.#watch = setInterval(() => this.#look(), Math.max(100, this.#options.stallMs / 2));
    this.#watch.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch);
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
    const { topic } = this.#options;
    const { state } = this.mirror;
    // After each break: it may be another topic, or a broker that lost records.
    if (!this.#known) await this.#recognise();
    this.#known = true;
    let answer: Awaited<ReturnType<TopicReader['fetch']>>;
    try {
      answer = await this.#reader.fetch(topic, state.next);
    } catch (error) {
      if (!(error instanceof KafkaResponseError) || error.code !== ErrorCode.offsetOutOfRange) throw error;
      throw await this.#outOfRange();
    }
    this.#highWatermark = answer.highWatermark;
    const more = await this.mirror.apply(answer.batches);
    this.#tell();
    const { next, fold } = this.mirror.state;
    if (next === state.next) return;
    this.#arrival = Date.now();
    if (more) this.#options.onAdvance(fold.number);
  }

  /** That the newest record that was read is still where it was. @throws LogReplacedError */
  async #recognise(): Promise<void> {
    const { topic, maxInflated } = this.#options;
    const { anchor, next } = this.mirror.state;
    if (anchor === undefined) {
      const start = (await this.#reader.offset(topic, 'earliest')) ?? 0;
      if (start > next) throw new LogReplacedError(topic, next, `its records begin at ${start}`);
      return;
    }
    let answer: Awaited<ReturnType<TopicReader['fetch']>>;
    try {
      answer = await this.#reader.fetch(topic, anchor.offset);
    } catch (error) {
      if (!(error instanceof KafkaResponseError) || error.code !== ErrorCode.offsetOutOfRange) throw error;
      throw await this.#outOfRange();
    }
    if (answer.highWatermark <= anchor.offset) return this.#await(anchor.offset, answer.highWatermark);
    this.#absentSince = undefined;
    for (const batch of readBatches(answer.batches, maxInflated)) {
      if (batch.next <= anchor.offset) continue;
      for (const record of batch.records()) {
        if (record.offset < anchor.offset) continue;
        const same = bytesEqual(anchorDigest(record), anchor.digest);
        if (same && record.offset === anchor.offset) return;
        break;
      }
      break;
    }
    throw new LogReplacedError(topic, next, `it has another record at ${anchor.offset}`);
  }

  /**
   * A new leader learns only after a while how much of its log all replicas have: what was read before seems not to be there
   * until then.
   * @throws KafkaUnavailableError; LogReplacedError once that took too long
   */
  #await(offset: number, end: number): never {
    const { topic } = this.#options;
    this.#absentSince ??= Date.now();
    const problem = `its records are up to ${end} only`;
    if (Date.now() - this.#absentSince < ABSENT_MS)
      throw new KafkaUnavailableError(`${topic} has no record ${offset} yet: ${problem}`);
    throw new LogReplacedError(topic, this.mirror.state.next, problem);
  }

  async #outOfRange(): Promise<LogReplacedError> {
    const { topic } = this.#options;
    const { next } = this.mirror.state;
    const [start, end] = [
      await this.#reader.offset(topic, 'earliest'),
      await this.#reader.offset(topic, 'latest'),
    ];
    return new LogReplacedError(topic, next, `its records are from ${start ?? 0} to ${end ?? 0}`);
  }

  /** The watchdog: a topic that grows while nothing arrives means a reader that has stalled, whatever it says. */
  #look(): void {
    const { control, topic, stallMs, onError } = this.#options;
    if (Date.now() - this.#arrival < stallMs) return;
    const before = this.mirror.state.next;
    control.offset(topic, 'latest').then(
      (end = 0) => {
        this.#highWatermark = Math.max(this.#highWatermark, end);
        if (this.#stop.signal.aborted || end <= before || this.mirror.state.next !== before) return;
        this.#stalls++;
        this.#arrival = Date.now();
        onError(
          new KafkaUnavailableError(`${topic} grew to ${end} and nothing came after ${before}: read anew`),
        );
        void this.#reader.reconnect();
      },
      (error: unknown) => onError(error),
    );
  }

  #tell(): void {
    for (const done of [...this.#waiting]) done();
  }

  #sleep(milliseconds: number, signal = this.#stop.signal): Promise<void> {
    return pause(milliseconds, signal);
  }
}
