import { createRequire } from 'node:module';
import type { ITopicConfig, Kafka, KafkaConfig, SASLOptions } from 'kafkajs';
import { ended, type Tell } from '../closing.js';
import {
  type BrokerConnection,
  CONNECT_TIMEOUT_MS,
  type GroupMember,
  type GroupOptions,
  type KafkaDriver,
  type KafkaSettings,
  type OutBatch,
  REQUEST_TIMEOUT_MS,
  type TopicSpec,
} from '../driver.js';
import { DriverMissingError } from '../errors.js';
import { BatchProducer } from '../producer.js';
import { fromKafkajs, isOfType } from './errors.js';
import { joinByKafkajs } from './group.js';
import { KafkajsConnection } from './wire.js';

/** `ConfigResourceTypes.TOPIC` of the protocol. */
const TOPIC_RESOURCE = 2;

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
  readonly #producer: BatchProducer;
  readonly #tell: Tell;

  constructor(kafka: Kafka, config: KafkaConfig, settings: KafkaSettings) {
    this.#kafka = kafka;
    this.#config = config;
    this.#producer = new BatchProducer(this, settings);
    const { onTrouble } = settings;
    this.#tell = (message) => onTrouble?.(`kafkajs: ${message}`);
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

  topicConfig(topic: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#admin(`read the settings of ${topic}`, async (admin) => {
      const resources = [{ type: TOPIC_RESOURCE, name: topic, configNames: [...names] }];
      try {
        const { resources: found } = await admin.describeConfigs({ includeSynonyms: false, resources });
        return new Map(
          found[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
        );
      } catch (error) {
        if (isOfType(error, 'TOPIC_AUTHORIZATION_FAILED')) return new Map();
        throw error;
      }
    });
  }

  produce(topic: string, batch: OutBatch): Promise<number> {
    return this.#producer.produce(topic, batch);
  }

  connect(): Promise<BrokerConnection> {
    return KafkajsConnection.open(createRequire(import.meta.url), this.#config, this.#tell);
  }

  join(options: GroupOptions): Promise<GroupMember> {
    return joinByKafkajs(this.#kafka, options, this.#tell);
  }

  close(): Promise<void> {
    return this.#producer.close();
  }

  async #admin<T>(what: string, task: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      return await task(admin);
    } catch (error) {
      throw fromKafkajs(what, error);
    } finally {
      await ended(`the connection to ${what}`, () => admin.disconnect(), this.#tell);
    }
  }
}
