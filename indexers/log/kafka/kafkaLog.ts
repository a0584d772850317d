import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyValueStore, KeyValueWrite } from '../../../storage/keyValue.js';
import { Serials } from '../../serial.js';
import { LeaseLostError, LogConflictError } from '../errors.js';
import type { ChainEvent, EventInput } from '../event.js';
import type { Cursor, EventLog, Lease } from '../eventLog.js';
import { Listeners } from '../listeners.js';
import { type BlockRecord, blockCodec, type EvidenceRecord, evidenceCodec } from '../records.js';
import type { LogStreams, RecordCodec, RecordStream } from '../streams.js';
import { LogTables } from '../tables.js';
import { AppendBatch } from './appendBatch.js';
import { BATCH_OVERHEAD, encodeRecords } from './batchEncoder.js';
import type { KafkaDriver, OutBatch } from './driver.js';
import {
  AppendUnresolvedError,
  KafkaUnavailableError,
  LogClosedError,
  OversizeAppendError,
} from './errors.js';
import { HOLDER_BYTES, leaseRecord } from './messages.js';
import { PendingAppend } from './pending.js';
import { PoisonBox } from './poison.js';
import { TopicReader } from './reader.js';
import { longer, MIN_RETRY_MS, retried } from './retry.js';
import { KafkaStream } from './stream.js';
import { ChainTail, type TailStatus } from './tail.js';
import { MAX_BATCH_BYTES, Topics } from './topics.js';

export interface KafkaLogOptions {
  readonly driver: KafkaDriver;
  /** Of this process alone. Has the mirror of what was read, and the cursors. */
  readonly store: KeyValueStore;
  /** First part of the topics' names. */
  readonly prefix: string;
  /** Copies of each record, for topics that are made. Default 1. */
  readonly replication?: number;
  /** Most bytes of one append. Default 8 MiB. */
  readonly maxBatchBytes?: number;
  /** For people, in the lease record. */
  readonly client?: string;
  /** A topic that grows while nothing comes for so long is read anew, milliseconds. Default 10,000. */
  readonly stallMs?: number;
  /** The broker waits so long for a first record, milliseconds. Default 500. */
  readonly maxWaitMs?: number;
  /** An answer that takes longer has stalled, milliseconds. Default 10,000. */
  readonly deadlineMs?: number;
  /** Limit of taking a lease and of one append, outages included, milliseconds. Default 60,000. */
  readonly deliveryMs?: number;
  /** Trouble that mends itself. */
  readonly onError?: (error: unknown) => void;
}

/**
 * The log on Kafka. Every process reads the topics of its chains into its local store and answers from there; an append
 * is done when the own events have come back, so that all agree on what is in the log and in which order.
 */
export class KafkaLog implements EventLog, LogStreams {
  readonly #options: KafkaLogOptions;
  readonly #topics: Topics;
  readonly #tables: LogTables;
  readonly #control: TopicReader;
  readonly #poison: PoisonBox;
  readonly #serials = new Serials();
  readonly #listeners = new Listeners();
  readonly #tails = new Map<string, ChainTail>();
  readonly #streams = new Set<{ stop(): Promise<void> }>();
  /** Chains whose topic is there. */
  readonly #ensured = new Set<string>();
  /** Leases that this process took. */
  readonly #held = new Map<string, number>();
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(options: KafkaLogOptions) {
    this.#options = options;
    const { driver, store, prefix, replication = 1, maxBatchBytes = MAX_BATCH_BYTES, deadlineMs } = options;
    this.#topics = new Topics({ prefix, replication, maxBatchBytes });
    this.#tables = new LogTables(store);
    this.#control = new TopicReader({ driver, ...(deadlineMs === undefined ? {} : { deadlineMs }) });
    this.#poison = new PoisonBox({
      store,
      driver,
      topics: this.#topics,
      onError: (error) => this.#trouble(error),
    });
  }

  get topics(): Topics {
    return this.#topics;
  }

  /** The main chain's blocks. */
  blocks(): RecordStream<BlockRecord> {
    return this.#stream(this.#topics.blocks, blockCodec);
  }

  /** What sources did wrong. */
  evidence(): RecordStream<EvidenceRecord> {
    return this.#stream(this.#topics.evidence, evidenceCodec);
  }

  /** How each chain is being read. */
  status(): TailStatus[] {
    return [...this.#tails.values()].map((tail) => tail.status());
  }

  /** Begins to read a chain, now and for ever, unless it is being read. Its topic may come later. */
  follow(chain: string): void {
    this.#tail(chain).start();
  }

  /** Makes a chain's topic unless it is there, and reads all that it has now. @throws KafkaUnavailableError */
  async catchUp(chain: string): Promise<void> {
    const deadline = this.#deadline();
    await this.#ensure(chain, deadline);
    await this.#followed(chain).caughtUp(deadline);
  }

  lag(chain: string): number {
    return this.#tails.get(chain)?.status().lag ?? 0;
  }

  acquire(chain: string): Promise<Lease> {
    return this.#serials.of(chain).run(async () => {
      const deadline = this.#deadline();
      await this.#ensure(chain, deadline);
      const tail = this.#followed(chain);
      for (let wait = MIN_RETRY_MS; ; wait = longer(wait)) {
        await tail.caughtUp(deadline);
        const epoch = tail.mirror.state.fold.epoch + 1;
        const holder = new Uint8Array(randomBytes(HOLDER_BYTES));
        const record = leaseRecord({ chain, epoch, holder, client: this.#options.client ?? '' });
        const settled = () => tail.mirror.state.fold.epoch >= epoch;
        await this.#deliver(this.#topics.events(chain), encodeRecords([record]), settled, deadline);
        await tail.until(settled, deadline);
        const { fold } = tail.mirror.state;
        if (fold.epoch === epoch && fold.holder !== undefined && Buffer.from(fold.holder).equals(holder)) {
          this.#held.set(chain, epoch);
          return { chain, epoch };
        }
        await sleep(wait * (0.5 + Math.random()));
      }
    });
  }

  append(
    lease: Lease,
    expectedNumber: number,
    events: readonly EventInput[],
    also: readonly KeyValueWrite[] = [],
  ): Promise<number> {
    const { chain, epoch } = lease;
    return this.#serials.of(chain).run(async () => {
      const tail = this.#tails.get(chain);
      const fold = tail?.mirror.state.fold;
      const { holder } = fold ?? {};
      if (tail === undefined || fold === undefined || holder === undefined || this.#held.get(chain) !== epoch)
        throw new LeaseLostError(chain, epoch, fold?.epoch ?? 0);
      if (fold.epoch !== epoch) throw new LeaseLostError(chain, epoch, fold.epoch);
      const next = fold.number + 1;
      if (next !== expectedNumber) throw new LogConflictError(chain, expectedNumber, next);
      if (events.length === 0) {
        if (also.length > 0) await this.#options.store.batch(also);
        return next - 1;
      }
      const batch = new AppendBatch({ chain, epoch, holder, first: next }, events);
      const { maxBatchBytes = MAX_BATCH_BYTES } = this.#options;
      const bytes = batch.body.length + BATCH_OVERHEAD;
      if (bytes > maxBatchBytes)
        throw new OversizeAppendError(this.#topics.events(chain), bytes, maxBatchBytes);
      const pending = new PendingAppend(batch, also);
      tail.mirror.pending = pending;
      try {
        await this.#resolve(tail, pending);
      } finally {
        tail.mirror.pending = undefined;
      }
      return batch.last;
    });
  }

  async read(chain: string, fromNumber: number, limit: number): Promise<ChainEvent[]> {
    return this.#tables.read(chain, fromNumber, limit);
  }

  numberAt(chain: string, time: number): Promise<number> {
    return this.#tables.numberAt(chain, time);
  }

  async last(chain: string): Promise<ChainEvent | undefined> {
    const number = this.#tables.head(chain);
    return number === 0 ? undefined : this.#tables.event(chain, number);
  }

  chains(): Promise<string[]> {
    return this.#tables.chains();
  }

  /** Begins to read the chain, too. */
  subscribe(chain: string, listener: (number: number) => void): () => void {
    this.follow(chain);
    return this.#listeners.add(chain, listener);
  }

  cursor(name: string, chain: string): Cursor {
    return this.#tables.cursor(name, chain);
  }

  /** Ends all reading and the driver. What is awaited fails with `LogClosedError`. The store stays open. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#tails.values(), ...this.#streams].map((reader) => reader.stop()));
    await this.#poison.close();
    await this.#control.reconnect();
    await this.#options.driver.close();
  }

  /** Sends until the tail shows what became of it. */
  async #resolve(tail: ChainTail, pending: PendingAppend): Promise<void> {
    const { deliveryMs = DELIVERY_MS } = this.#options;
    const { append } = pending;
    const { chain, first } = append.place;
    const deadline = this.#deadline();
    const settled = () => pending.outcome !== undefined;
    try {
      const offset = await this.#deliver(this.#topics.events(chain), append, settled, deadline);
      const end = offset === undefined || offset < 0 ? Number.POSITIVE_INFINITY : offset + append.count;
      await tail.until(() => settled() || tail.mirror.state.next >= end, deadline);
    } catch (error) {
      if (!(error instanceof KafkaUnavailableError)) throw error;
      if (!settled()) throw new AppendUnresolvedError(chain, first, deliveryMs, error);
    }
    pending.passed(tail.mirror.state.fold);
    if (pending.outcome !== 'accepted') throw pending.outcome;
  }

  /**
   * Sends again while the brokers do not answer: records that arrive twice count once.
   * @returns the offset of the first record; `undefined` if the outcome showed before
   */
  #deliver(
    topic: string,
    batch: OutBatch,
    settled: () => boolean,
    deadline: number,
  ): Promise<number | undefined> {
    return this.#retried(() => this.#options.driver.produce(topic, batch), deadline, settled);
  }

  async #ensure(chain: string, deadline: number): Promise<void> {
    if (this.#ensured.has(chain)) return;
    const topic = this.#topics.events(chain);
    await this.#retried(() => this.#topics.ensure(this.#options.driver, topic), deadline);
    this.#ensured.add(chain);
    // It may have been looked for in vain.
    this.#tails.get(chain)?.hurry();
  }

  #retried<T>(
    task: () => Promise<T>,
    deadline: number,
    settled: () => boolean = () => false,
  ): Promise<T | undefined> {
    const closed = () => this.#closed;
    return retried(task, { deadline, closed, settled, onTrouble: (error) => this.#trouble(error) });
  }

  #stream<T>(topic: string, codec: RecordCodec<T>): RecordStream<T> {
    if (this.#closed) throw new LogClosedError();
    const { driver, store, maxWaitMs } = this.#options;
    const stream = new KafkaStream({
      ...{ driver, store, topic, codec, topics: this.#topics, poison: this.#poison },
      maxInflated: this.#maxInflated,
      ...(maxWaitMs === undefined ? {} : { maxWaitMs }),
      onError: (error) => this.#trouble(error),
    });
    this.#streams.add(stream);
    return stream;
  }

  get #maxInflated(): number {
    return 4 * (this.#options.maxBatchBytes ?? MAX_BATCH_BYTES);
  }

  #followed(chain: string): ChainTail {
    const tail = this.#tail(chain);
    tail.start();
    return tail;
  }

  #tail(chain: string): ChainTail {
    if (this.#closed) throw new LogClosedError();
    const known = this.#tails.get(chain);
    if (known !== undefined) return known;
    const { driver, store, stallMs = 10_000, maxWaitMs = 500, deadlineMs = 10_000 } = this.#options;
    const tail = new ChainTail({
      ...{ chain, driver, store, stallMs, maxWaitMs, deadlineMs },
      topic: this.#topics.events(chain),
      tables: this.#tables,
      poison: this.#poison,
      control: this.#control,
      maxInflated: this.#maxInflated,
      onAdvance: (number) => this.#listeners.tell(chain, number),
      onError: (error) => this.#trouble(error),
    });
    this.#tails.set(chain, tail);
    return tail;
  }

  #deadline(): number {
    return Date.now() + (this.#options.deliveryMs ?? DELIVERY_MS);
  }

  #trouble(error: unknown): void {
    this.#options.onError?.(error);
  }
}

const DELIVERY_MS = 60_000;
