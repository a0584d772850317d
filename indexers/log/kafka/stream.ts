import { setTimeout as sleep } from 'node:timers/promises';
import { CrossrootError } from '../../../proofs/errors/base.js';
import type { KeyValueStore, KeyValueWrite } from '../../../storage/keyValue.js';
import { readUint64, Table, tableKey, uint64 } from '../../keys.js';
import type { KafkaDriver, OutRecord } from './driver.js';
import { LogReplacedError, RecordBatchError } from './errors.js';
import type { PoisonBox } from './poison.js';
import { TopicReader } from './reader.js';
import { type InRecord, readBatches } from './recordBatch.js';
import type { Topics } from './topics.js';

/** How one kind of thing is written as records. */
export interface RecordCodec<T> {
  encode(value: T): OutRecord;
  /** @throws CrossrootError for what is not such a thing */
  decode(record: InRecord): T;
}

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

/**
 * A topic of things that stand by themselves, such as blocks of the main chain and evidence: written at least once, read
 * in order from a position that moves with the effect. What cannot be read is set aside.
 */
export class RecordStream<T> {
  readonly #options: StreamOptions<T>;
  readonly #reader: TopicReader;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;
  #ensured = false;
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
    await driver.produce(
      topic,
      values.map((value) => codec.encode(value)),
    );
  }

  /**
   * Begins to read, from where this name was.
   * @param handle makes the effect durable; must not mind seeing things again. What it returns is written together with
   * the position
   */
  follow(name: string, handle: (values: readonly T[]) => Promise<readonly KeyValueWrite[]>): void {
    this.#loop ??= this.#run(name, handle);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#reader.reconnect();
    await this.#loop;
  }

  async #run(
    name: string,
    handle: (values: readonly T[]) => Promise<readonly KeyValueWrite[]>,
  ): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#ensure();
        await this.#step(tableKey(Table.mirrorStream, this.#options.topic, name), handle);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#options.onError?.(error);
        const wait = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** Math.min(10, failures++));
        // Ends early when the stream is stopped.
        await sleep(wait, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #step(
    key: Uint8Array,
    handle: (values: readonly T[]) => Promise<readonly KeyValueWrite[]>,
  ): Promise<void> {
    const { store, topic, maxInflated } = this.#options;
    const stored = store.get(key);
    let next = stored === undefined ? 0 : readUint64(stored);
    const { batches, highWatermark, logStart } = await this.#reader.fetch(topic, next);
    if (next > highWatermark) throw new LogReplacedError(topic, next, `it ends at ${highWatermark}`);
    let values: T[] = [];
    let aside: KeyValueWrite[] = [];
    const write = async (): Promise<void> => {
      const effect = values.length === 0 ? [] : await handle(values);
      await store.batch([...effect, ...aside, { type: 'put', key, value: uint64(next) }]);
      if (aside.length > 0) this.#options.poison.send();
      [values, aside] = [[], []];
    };
    next = Math.max(next, logStart);
    for (const batch of readBatches(batches, maxInflated)) {
      if (batch.next <= next) continue;
      try {
        for (const record of batch.records()) {
          if (record.offset < next) continue;
          await this.#take(record, values, aside);
          next = record.offset + 1;
          if (values.length + aside.length >= PER_STEP) await write();
        }
      } catch (error) {
        if (!(error instanceof RecordBatchError)) throw error;
        const broken = { offset: next, time: 0, key: undefined, value: undefined, headers: new Map() };
        aside.push(
          ...(await this.#options.poison.writes(
            topic,
            broken,
            `the record batch is broken: ${error.message}`,
          )),
        );
      }
      next = batch.next;
    }
    if (values.length > 0 || next !== (stored === undefined ? 0 : readUint64(stored))) await write();
    this.lag = Math.max(0, highWatermark - next);
  }

  async #take(record: InRecord, values: T[], aside: KeyValueWrite[]): Promise<void> {
    try {
      values.push(this.#options.codec.decode(record));
    } catch (error) {
      const reason = error instanceof CrossrootError ? error.message : `it cannot be read: ${String(error)}`;
      aside.push(...(await this.#options.poison.writes(this.#options.topic, record, reason)));
    }
  }

  async #ensure(): Promise<void> {
    const { topics, driver, topic } = this.#options;
    if (!this.#ensured) await topics.ensure(driver, topic);
    this.#ensured = true;
  }
}
