import { isIP } from 'node:net';
import type { Admin, BaseOptions, Producer, SASLOptions } from '@platformatic/kafka';
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
import { apiId, fromPlatformatic, within } from './errors.js';
import { joinByPlatformatic } from './group.js';
import { PlatformaticConnection } from './wire.js';

export type Platformatic = typeof import('@platformatic/kafka');
type BytesProducer = Producer<Buffer, Buffer, string, Buffer>;

const MECHANISMS = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const satisfies Record<string, SASLOptions['mechanism']>;

/** The driver on @platformatic/kafka. @throws DriverMissingError */
export async function platformaticDriver(settings: KafkaSettings): Promise<KafkaDriver> {
  let library: Platformatic;
  try {
    library = await import('@platformatic/kafka');
  } catch (error) {
    throw new DriverMissingError('@platformatic/kafka', error);
  }
  const { ssl, sasl } = settings;
  const requestTimeout = settings.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const options: BaseOptions = {
    clientId: settings.clientId,
    bootstrapBrokers: [...settings.brokers],
    connectTimeout: settings.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    requestTimeout,
    timeout: requestTimeout,
    retries: 3,
    retryDelay: 250,
    autocreateTopics: false,
    ...(ssl === undefined || ssl === false ? {} : tls(ssl, settings.brokers)),
    ...(sasl === undefined
      ? {}
      : {
          sasl: {
            mechanism: MECHANISMS[sasl.mechanism],
            username: sasl.username,
            password: sasl.password,
          },
        }),
  };
  return new PlatformaticDriver(library, options, settings);
}

/** Names the broker to itself (SNI) by its host, unless the hosts are addresses. */
function tls(
  ssl: Exclude<KafkaSettings['ssl'], false | undefined>,
  brokers: readonly string[],
): Partial<BaseOptions> {
  const byName = brokers.some((broker) => isIP(broker.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')) === 0);
  const tlsServerName = typeof ssl === 'object' && ssl.servername !== undefined ? ssl.servername : byName;
  if (ssl === true) return { tls: {}, tlsServerName };
  const { servername: _, ...rest } = ssl;
  return { tls: rest, tlsServerName };
}

class PlatformaticDriver implements KafkaDriver {
  readonly name = 'platformatic';
  readonly #library: Platformatic;
  readonly #options: BaseOptions;
  readonly #settings: KafkaSettings;
  #producer: BytesProducer | undefined;

  constructor(library: Platformatic, options: BaseOptions, settings: KafkaSettings) {
    this.#library = library;
    this.#options = options;
    this.#settings = settings;
  }

  topics(): Promise<string[]> {
    return this.#admin('list topics', (admin) => admin.listTopics());
  }

  createTopic({ name, partitions, replication, config }: TopicSpec): Promise<number> {
    return this.#admin(`create topic ${name}`, async (admin) => {
      const configs = Object.entries(config).map(([key, value]) => ({ name: key, value }));
      try {
        await admin.createTopics({ topics: [name], partitions, replicas: replication, configs });
      } catch (error) {
        const there = [...within(error)].some((each) => apiId(each) === 'TOPIC_ALREADY_EXISTS');
        if (!there) throw error;
      }
      const { topics } = await admin.metadata({ topics: [name], forceUpdate: true });
      return topics.get(name)?.partitionsCount ?? 0;
    });
  }

  async produce(topic: string, records: readonly OutRecord[]): Promise<number> {
    this.#producer ??= this.#startProducer();
    const producer = this.#producer;
    try {
      const { offsets } = await producer.send({
        messages: records.map(({ key, value, headers }) => ({
          topic,
          partition: 0,
          key: buffer(key),
          value: buffer(value),
          headers: buffers(headers),
        })),
      });
      return Number(offsets?.[0]?.offset ?? -1n);
    } catch (error) {
      // What became of the sequence numbers is unknown: the next one begins with new ones.
      if (this.#producer === producer) this.#producer = undefined;
      await producer.close().catch(() => undefined);
      throw fromPlatformatic(`produce to ${topic}`, error);
    }
  }

  async connect(): Promise<BrokerConnection> {
    return new PlatformaticConnection(this.#library, this.#options);
  }

  join(options: GroupOptions): Promise<GroupMember> {
    return joinByPlatformatic(this.#library, this.#options, options);
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.close().catch(() => undefined);
  }

  #startProducer(): BytesProducer {
    const { compression = 'none' } = this.#settings;
    return new this.#library.Producer<Buffer, Buffer, string, Buffer>({
      ...this.#options,
      idempotent: true,
      acks: -1,
      compression,
      repeatOnStaleMetadata: true,
      serializers: { headerKey: (name) => Buffer.from(name ?? '') },
    });
  }

  async #admin<T>(what: string, task: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = new this.#library.Admin(this.#options);
    try {
      return await task(admin);
    } catch (error) {
      throw fromPlatformatic(what, error);
    } finally {
      await admin.close().catch(() => undefined);
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
