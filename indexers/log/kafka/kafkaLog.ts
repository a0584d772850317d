import type { KeyValueStore, KeyValueWrite } from '../../../storage/keyValue.js';
import type { ChainEvent, EventInput } from '../event.js';
import type { Cursor, EventLog, Lease } from '../eventLog.js';
import { Listeners } from '../listeners.js';
import { type BlockRecord, blockCodec, type EvidenceRecord, evidenceCodec } from '../records.js';
import type { LogStreams, RecordCodec, RecordStream } from '../streams.js';
import { LogTables } from '../tables.js';
import type { KafkaDriver } from './driver.js';
import { LogClosedError } from './errors.js';
import { PoisonBox } from './poison.js';
import { TopicReader } from './reader.js';
import { retried } from './retry.js';
import { KafkaStream } from './stream.js';
import { ChainTail, type TailStatus } from './tail.js';
import { MAX_BATCH_BYTES, Topics } from './topics.js';
import { LogWriter } from './writer.js';

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
  readonly #writer: LogWriter;
  readonly #listeners = new Listeners();
  readonly #tails = new Map<string, ChainTail>();
  readonly #streams = new Set<{ stop(): Promise<void> }>();
  /** Chains whose topic is there. */
  readonly #ensured = new Set<string>();
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
    this.#writer = new LogWriter({
      ...{ driver, store, topics: this.#topics, maxBatchBytes, client: options.client ?? '' },
      deliveryMs: options.deliveryMs ?? DELIVERY_MS,
      tail: (chain) => this.#tails.get(chain),
      begin: (chain, deadline) => this.#begin(chain, deadline),
      retried: (task, deadline, settled) => this.#retried(task, deadline, settled),
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
    await (await this.#begin(chain, deadline)).caughtUp(deadline);
  }

  lag(chain: string): number {
    return this.#tails.get(chain)?.status().lag ?? 0;
  }

  acquire(chain: string): Promise<Lease> {
    return this.#writer.acquire(chain);
  }

  append(
    lease: Lease,
    expectedNumber: number,
    events: readonly EventInput[],
    also: readonly KeyValueWrite[] = [],
  ): Promise<number> {
    return this.#writer.append(lease, expectedNumber, events, also);
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

  /** Reads a chain from now on; its topic is made unless it is there. */
  async #begin(chain: string, deadline: number): Promise<ChainTail> {
    await this.#ensure(chain, deadline);
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
