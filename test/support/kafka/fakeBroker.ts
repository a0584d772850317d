import type { BrokerConnection, KafkaDriver, OutBatch } from '../../../indexers/log/kafka/driver.js';
import { KafkaUnavailableError } from '../../../indexers/log/kafka/errors.js';
import { FETCH, WireReader } from '../../../indexers/log/kafka/wire.js';
import { concatBytes, utf8 } from '../../../proofs/bytes.js';
import { type BatchOptions, type BatchRecord, encodeBatch, frameBatch } from './encodeBatch.js';
import { FakeGroups, FakeProcess } from './fakeGroups.js';

interface FakeTopic {
  readonly batches: {
    readonly first: number;
    readonly next: number;
    readonly time: number;
    bytes: Uint8Array;
  }[];
  readonly waiting: Set<() => void>;
}

/** What becomes of a request to write: `lost` never arrives, `late` arrives after the client gave up, `twice` does so again. */
export type Fate = 'well' | 'lost' | 'late' | 'twice' | 'unanswered';

/** A broker in memory that speaks the two requests of readers as a real one does, and can treat writers badly. */
export class FakeBroker {
  readonly topics = new Map<string, FakeTopic>();
  /** Decides about each request to write. */
  fate: () => Fate = () => 'well';
  /** Whether readers are answered. */
  silent = false;
  /** Newest batches that a new leader does not show yet, as it does not know that all replicas have them. */
  hidden = 0;
  /** Times that somebody asked for records. */
  fetches = 0;
  /** Settings of topics, as somebody made them. */
  readonly configs = new Map<string, ReadonlyMap<string, string>>();
  /** First offsets of topics whose beginning was deleted. */
  readonly #starts = new Map<string, number>();
  readonly maxBatches: number;
  readonly groups = new FakeGroups();

  /** @param maxBatches most of one answer */
  constructor(maxBatches = 3) {
    this.maxBatches = maxBatches;
  }

  /** @param process whose driver it is: what goes through it stands still when the process does */
  driver(process = new FakeProcess()): KafkaDriver {
    return {
      name: 'fake',
      topics: () => process.through(async () => [...this.topics.keys()]),
      createTopic: ({ name }) =>
        process.through(async () => {
          if (!this.topics.has(name)) this.topics.set(name, { batches: [], waiting: new Set() });
          return 1;
        }),
      topicConfig: (topic) => process.through(async () => this.configs.get(topic) ?? new Map()),
      produce: (topic, batch) => process.through(() => this.#produce(topic, batch)),
      connect: async () => this.#connection(process),
      join: (options) => process.through(() => this.groups.join(options, process)),
      close: async () => undefined,
    };
  }

  /** Deletes the records before an offset, as a retention does. */
  cut(topic: string, before: number): void {
    this.#starts.set(topic, before);
    const { batches } = this.#topic(topic);
    batches.splice(0, batches.findIndex(({ next }) => next > before) >>> 0);
  }

  end(topic: string): number {
    return this.topics.get(topic)?.batches.at(-1)?.next ?? this.#starts.get(topic) ?? 0;
  }

  /** Writes what it is given. */
  write(topic: string, records: readonly BatchRecord[], options: Partial<BatchOptions> = {}): number {
    const first = this.end(topic);
    const time = options.time ?? Date.now();
    this.writeBytes(
      topic,
      encodeBatch(records, { firstOffset: first, ...options, time }),
      records.length,
      time,
    );
    return first;
  }

  /** Writes any bytes as if they were a batch of so many records. */
  writeBytes(topic: string, bytes: Uint8Array, count: number, time = Date.now()): void {
    const { batches, waiting } = this.#topic(topic);
    const first = this.end(topic);
    batches.push({ first, next: first + count, time, bytes });
    for (const wake of [...waiting]) wake();
  }

  async #produce(topic: string, batch: OutBatch): Promise<number> {
    await new Promise((resolve) => setImmediate(resolve));
    const fate = this.fate();
    if (fate === 'lost') throw new KafkaUnavailableError('lost');
    if (fate === 'late') {
      setTimeout(() => this.#take(topic, batch), 30 * Math.random());
      throw new KafkaUnavailableError('late');
    }
    const first = this.#take(topic, batch);
    if (fate === 'twice') this.#take(topic, batch);
    if (fate === 'unanswered') throw new KafkaUnavailableError('unanswered');
    return first;
  }

  #take(topic: string, batch: OutBatch): number {
    const [first, time] = [this.end(topic), Date.now()];
    this.writeBytes(topic, frameBatch(batch, { firstOffset: first, time }), batch.count, time);
    return first;
  }

  #connection(process: FakeProcess): BrokerConnection {
    let closed: () => void = () => undefined;
    const end = new Promise<never>((_, reject) => {
      closed = () => reject(new KafkaUnavailableError('closed'));
    });
    end.catch(() => undefined);
    return {
      request: (topic, apiKey, _version, body) =>
        Promise.race([
          process.through(() =>
            apiKey === FETCH.key ? this.#fetch(topic, body) : this.#offsets(topic, body),
          ),
          end,
        ]),
      close: async () => closed(),
    };
  }

  async #fetch(name: string, body: Uint8Array): Promise<Uint8Array> {
    this.fetches++;
    const request = new WireReader(body);
    request.int32();
    const wait = request.int32();
    request.bytes(17);
    request.int32();
    request.string();
    request.bytes(12);
    const offset = request.int64();
    const topic = this.#topic(name);
    if (this.silent) await new Promise(() => undefined);
    if (this.hidden > 0) {
      const shown = topic.batches.slice(0, -this.hidden);
      const found = shown.filter(({ next }) => next > offset);
      return fetched(name, 0, shown.at(-1)?.next ?? 0, concatBytes(...found.map(({ bytes }) => bytes)));
    }
    if (offset > this.end(name) || offset < (this.#starts.get(name) ?? 0))
      return fetched(name, 1, this.end(name), new Uint8Array());
    if (offset === this.end(name))
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          topic.waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, wait);
        topic.waiting.add(done);
      });
    const found = topic.batches.filter(({ next }) => next > offset).slice(0, this.maxBatches);
    return fetched(name, 0, this.end(name), concatBytes(...found.map(({ bytes }) => bytes)));
  }

  async #offsets(name: string, body: Uint8Array): Promise<Uint8Array> {
    const request = new WireReader(body);
    request.bytes(9);
    request.string();
    request.bytes(8);
    const time = request.int64();
    const { batches } = this.#topic(name);
    const at =
      time === -1
        ? this.end(name)
        : time === -2
          ? (this.#starts.get(name) ?? 0)
          : (batches.find((batch) => batch.time >= time)?.first ?? -1);
    return concatBytes(int32(0), int32(1), text(name), int32(1), int32(0), int16(0), int64(0), int64(at));
  }

  #topic(name: string): FakeTopic {
    const topic = this.topics.get(name);
    if (topic === undefined) throw new KafkaUnavailableError(`no topic ${name}`);
    return topic;
  }
}

function fetched(topic: string, code: number, highWatermark: number, batches: Uint8Array): Uint8Array {
  return concatBytes(
    ...[int32(0), int16(0), int32(0), int32(1), text(topic), int32(1), int32(0), int16(code)],
    ...[int64(highWatermark), int64(highWatermark), int64(0), int32(-1), int32(batches.length), batches],
  );
}

const fixed = (length: number, write: (view: DataView) => void): Uint8Array => {
  const bytes = new Uint8Array(length);
  write(new DataView(bytes.buffer));
  return bytes;
};
const int16 = (value: number) => fixed(2, (view) => view.setInt16(0, value));
const int32 = (value: number) => fixed(4, (view) => view.setInt32(0, value));
const int64 = (value: number) => fixed(8, (view) => view.setBigInt64(0, BigInt(value)));
const text = (value: string) => concatBytes(int16(utf8(value).length), utf8(value));
