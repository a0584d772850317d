import { createRequire } from 'node:module';
import type { CompressionTypes, ITopicConfig, Kafka, KafkaConfig, Producer, SASLOptions } from 'kafkajs';
import {
  type BrokerConnection,
  CONNECT_TIMEOUT_MS,
  type GroupMember,
  type GroupOptions,
  type KafkaDriver,
  type KafkaSettings,
  type OutRecord,
  REQUEST_TIMEOUT_MS,
  type TopicSpec,
} from '../driver.js';
import { DriverMissingError } from '../errors.js';
import { fromKafkajs } from './errors.js';
import { joinByKafkajs } from './group.js';
import { KafkajsConnection } from './wire.js';

const RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1000 };

/** The driver on kafkajs. @throws DriverMissingError */
export async function kafkajsDriver(settings: KafkaSettings): Promise<KafkaDriver> {
  let library: typeof import('kafkajs');
  try {
    library = (await import('kafkajs')).default as unknown as typeof import('kafkajs');
  } catch (error) {
    throw new DriverMissingError('kafkajs', error);
  }
  const { onTrouble = () => undefined } = settings;
  const config: KafkaConfig = {
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    connectionTimeout: settings.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    requestTimeout: settings.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: RETRY,
    logLevel: library.logLevel.ERROR,
    logCreator:
      () =>
      ({ namespace, log }) =>
        onTrouble(`kafkajs ${namespace}: ${log.message}${log.error === undefined ? '' : `: ${log.error}`}`),
    ...(settings.sasl === undefined ? {} : { sasl: settings.sasl as SASLOptions }),
    ...tls(settings.ssl),
  };
  return new KafkajsDriver(new library.Kafka(config), config, settings);
}

function tls(ssl: KafkaSettings['ssl']): { ssl?: NonNullable<KafkaConfig['ssl']> } {
  if (ssl === undefined || ssl === false) return {};
  if (ssl === true) return { ssl: true };
  const { ca, ...rest } = ssl;
  return { ssl: { ...rest, ...(ca === undefined ? {} : { ca: [ca] }) } };
}

class KafkajsDriver implements KafkaDriver {
  readonly name = 'kafkajs';
  readonly #kafka: Kafka;
  readonly #config: KafkaConfig;
  readonly #gzip: CompressionTypes | undefined;
  #producer: Promise<Producer> | undefined;

  constructor(kafka: Kafka, config: KafkaConfig, settings: KafkaSettings) {
    this.#kafka = kafka;
    this.#config = config;
    this.#gzip = settings.compression === 'gzip' ? (1 satisfies CompressionTypes.GZIP) : undefined;
  }

  topics(): Promise<string[]> {
    return this.#admin('list topics', (admin) => admin.listTopics());
  }

  createTopic({ name, partitions, replication, config }: TopicSpec): Promise<number> {
    const topic: ITopicConfig = {
      topic: name,
      numPartitions: partitions,
      replicationFactor: replication,
      configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
    };
    return this.#admin(`create topic ${name}`, async (admin) => {
      const present = (await admin.listTopics()).includes(name);
      if (!present) await admin.createTopics({ topics: [topic], waitForLeaders: true });
      const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
      return topics[0]?.partitions.length ?? 0;
    });
  }

  async produce(topic: string, records: readonly OutRecord[]): Promise<number> {
    this.#producer ??= this.#startProducer();
    const producer = this.#producer;
    try {
      const [result] = await (await producer).send({
        topic,
        acks: -1,
        ...(this.#gzip === undefined ? {} : { compression: this.#gzip }),
        messages: records.map(({ key, value, headers }) => ({
          partition: 0,
          key: buffer(key),
          value: buffer(value),
          headers: buffers(headers),
        })),
      });
      return Number(result?.baseOffset ?? -1);
    } catch (error) {
      // What became of the sequence numbers is unknown: the next one begins with new ones.
      if (this.#producer === producer) this.#producer = undefined;
      await this.#end(producer);
      throw fromKafkajs(`produce to ${topic}`, error);
    }
  }

  connect(): Promise<BrokerConnection> {
    return KafkajsConnection.open(createRequire(import.meta.url), this.#config);
  }

  join(options: GroupOptions): Promise<GroupMember> {
    return joinByKafkajs(this.#kafka, options);
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer !== undefined) await this.#end(producer);
  }

  async #startProducer(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      // Whoever calls tries again, with a new producer.
      retry: { ...RETRY, retries: 1 },
      createPartitioner: () => () => 0,
    });
    await producer.connect();
    return producer;
  }

  async #end(producer: Promise<Producer>): Promise<void> {
    // One that never connected has nothing to end.
    const connected = await producer.catch(() => undefined);
    await connected?.disconnect().catch(() => undefined);
  }

  async #admin<T>(what: string, task: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      return await task(admin);
    } catch (error) {
      throw fromKafkajs(what, error);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
}

function buffers(headers: OutRecord['headers']): Record<string, Buffer> {
  const out: Record<string, Buffer> = {};
  for (const name in headers) out[name] = buffer(headers[name] ?? EMPTY);
  return out;
}

const EMPTY = new Uint8Array();

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
