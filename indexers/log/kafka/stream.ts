import { CrossrootError } from '../../../proofs/errors/base.js';
import type { KeyValueStore, KeyValueWrite } from '../../../storage/keyValue.js';
import { readUint64, Table, tableKey, uint64 } from '../../keys.js';
import { pause } from '../../pause.js';
import { StreamStoppedError } from '../errors.js';
import type { FollowOptions, RecordCodec, RecordStream, StreamHandler } from '../streams.js';
import { encodeRecords } from './batchEncoder.js';
import type { KafkaDriver } from './driver.js';
import { KafkaResponseError, LogCutOffError, LogReplacedError, RecordBatchError } from './errors.js';
import type { PoisonBox } from './poison.js';
import { TopicReader } from './reader.js';
import { type InRecord, readBatches } from './recordBatch.js';
import type { Topics } from './topics.js';
import { ErrorCode, type FetchResponse } from './wire.js';

export interface StreamOptions<T> {
  readonly driver: KafkaDriver;
  readonly topics: Topics;
  readonly topic: string;
  readonly codec: RecordCodec<T>;
  /** Has this reader's position. */
  readonly store: KeyValueStore;
  readonly poison: PoisonBox;
  /** Most bytes that a compressed batch may grow to. */
  readonly maxInflated: number;
  readonly maxWaitMs?: number;
  readonly onError?: (error: unknown) => void;
}

const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 5000;
const PER_STEP = 512;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A topic of things that stand by themselves, such as blocks of the main chain and evidence. */
export class KafkaStream<T> implements RecordStream<T> {
  readonly #options: StreamOptions<T>;
  readonly #reader: TopicReader;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;
  #ensured = false;
  /** Who waits for a step that begins from now on to reach the end. */
  #waiters: Waiter[] = [];
  /** Records in the topic that are not read yet, as far as known. */
  lag = 0;

  constructor(options: StreamOptions<T>) {
    this.#options = options;
    const { driver, maxWaitMs } = options;
    this.#reader = new TopicReader({ driver, ...(maxWaitMs === undefined ? {} : { maxWaitMs }) });
  }

  /** Durable once resolved. @throws KafkaUnavailableError: whether it is there is not known; write it again */
  async publish(values: readonly T[]): Promise<void> {
    const { driver, topic, codec } = this.#options;
    if (values.length === 0) return;
    await this.#ensure();
    const records = values.map((value) => ({ ...codec.encode(value), headers: {} }));
    await driver.produce(topic, encodeRecords(records));
  }

  follow(name: string, handle: StreamHandler<T>, options: FollowOptions = {}): void {
    this.#loop ??= this.#run(name, handle, options);
  }

  caughtUp(): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.reject(new StreamStoppedError());
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#reader.reconnect();
    await this.#loop;
    for (const { reject } of this.#waiters.splice(0)) reject(new StreamStoppedError());
  }

  async #run(name: string, handle: StreamHandler<T>, { position }: FollowOptions): Promise<void> {
    const { signal } = this.#stop;
    const key = tableKey(Table.mirrorStream, this.#options.topic, name);
    for (let failures = 0; !signal.aborted; ) {
      const waiting = this.#waiters.splice(0);
      try {
        await this.#ensure();
        const at = position ?? (async () => this.#stored(key));
        const reached = await this.#step(at, position === undefined ? key : undefined, handle);
        failures = 0;
        if (reached) for (const { resolve } of waiting.splice(0)) resolve();
      } catch (error) {
        if (signal.aborted) return;
        this.#options.onError?.(error);
        const wait = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** Math.min(10, failures++));
        await pause(wait, signal);
      } finally {
        this.#waiters.unshift(...waiting);
      }
    }
  }

  #stored(key: Uint8Array): number {
    const stored = this.#options.store.get(key);
    return stored === undefined ? 0 : readUint64(stored);
  }

  /**
   * @param key where the position is kept, unless the handler keeps it
   * @returns whether the end was reached
   */
  async #step(
    position: () => Promise<number>,
    key: Uint8Array | undefined,
    handle: StreamHandler<T>,
  ): Promise<boolean> {
    const { store, topic, maxInflated, poison } = this.#options;
    const from = await position();
    let next = from;
    let begun = from;
    const { batches, highWatermark, logStart } = await this.#fetch(next);
    // Moved while the brokers let us wait.
    if ((await position()) !== from) return false;
    if (next > highWatermark) throw new LogReplacedError(topic, next, `it ends at ${highWatermark}`);
    let values: T[] = [];
    let records: InRecord[] = [];
    let aside: KeyValueWrite[] = [];
    const write = async (): Promise<void> => {
      const refused: { record: InRecord; reason: string }[] = [];
      const refuse = (index: number, reason: string): void => {
        const record = records[index];
        if (record !== undefined) refused.push({ record, reason });
      };
      const effect = await handle(values, { from: begun, next, refuse });
      for (const { record, reason } of refused) aside.push(...(await poison.writes(topic, record, reason)));
      const moved: KeyValueWrite[] = key === undefined ? [] : [{ type: 'put', key, value: uint64(next) }];
      await store.batch([...effect, ...aside, ...moved]);
      if (aside.length > 0) poison.send();
      [values, records, aside, begun] = [[], [], [], next];
    };
    next = Math.max(next, logStart);
    for (const batch of readBatches(batches, maxInflated)) {
      if (batch.next <= next) continue;
      try {
        for (const record of batch.records()) {
          if (record.offset < next) continue;
          if (await this.#take(record, values, aside)) records.push(record);
          next = record.offset + 1;
          if (values.length + aside.length >= PER_STEP) await write();
        }
      } catch (error) {
        if (!(error instanceof RecordBatchError)) throw error;
        const broken = { offset: next, time: 0, key: undefined, value: undefined, headers: new Map() };
        aside.push(...(await poison.writes(topic, broken, `the record batch is broken: ${error.message}`)));
      }
      next = batch.next;
    }
    if (values.length > 0 || next !== from) await write();
    this.lag = Math.max(0, highWatermark - next);
    return this.lag === 0;
  }

  /**
   * Records from a position on, or from the first that is left: those stand by themselves.
   * @throws LogReplacedError where the topic ends before it; else as `TopicReader.fetch`
   */
  async #fetch(position: number): Promise<FetchResponse> {
    const { topic, onError } = this.#options;
    try {
      return await this.#reader.fetch(topic, position);
    } catch (error) {
      if (!(error instanceof KafkaResponseError) || error.code !== ErrorCode.offsetOutOfRange) throw error;
      const start = (await this.#reader.offset(topic, 'earliest')) ?? 0;
      const end = (await this.#reader.offset(topic, 'latest')) ?? 0;
      if (position > end) throw new LogReplacedError(topic, position, `it ends at ${end}`);
      if (position >= start) throw error;
      const rest = await this.#reader.fetch(topic, start);
      onError?.(new LogCutOffError(topic, position, start));
      return { ...rest, logStart: Math.max(start, rest.logStart) };
    }
  }

  /** @returns whether it is a value */
  async #take(record: InRecord, values: T[], aside: KeyValueWrite[]): Promise<boolean> {
    try {
      values.push(this.#options.codec.decode(record));
      return true;
    } catch (error) {
      const reason = error instanceof CrossrootError ? error.message : `it cannot be read: ${String(error)}`;
      aside.push(...(await this.#options.poison.writes(this.#options.topic, record, reason)));
      return false;
    }
  }

  async #ensure(): Promise<void> {
    const { topics, driver, topic } = this.#options;
    if (!this.#ensured) await topics.ensure(driver, topic);
    this.#ensured = true;
  }
}
