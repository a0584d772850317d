import { isIP } from 'node:net';
import type { Admin, BaseOptions, SASLOptions } from '@platformatic/kafka';
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
import { apiId, fromPlatformatic, within } from './errors.js';
import { joinByPlatformatic } from './group.js';
import { PlatformaticConnection } from './wire.js';

export type Platformatic = typeof import('@platformatic/kafka');

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
  readonly #producer: BatchProducer;
  readonly #tell: Tell;

  constructor(library: Platformatic, options: BaseOptions, settings: KafkaSettings) {
    this.#library = library;
    this.#options = options;
    this.#producer = new BatchProducer(this, settings);
    const { onTrouble } = settings;
    this.#tell = (message) => onTrouble?.(`platformatic: ${message}`);
  }

  topics(): Promise<string[]> {
    return this.#admin('list topics', (admin) => admin.listTopics());
  }

  createTopic({ name, partitions, replication, config }: TopicSpec): Promise<number> {
    return this.#admin(`create topic ${name}`, async (admin) => {
      const configs = Object.entries(config).map(([key, value]) => ({ name: key, value }));
      // Who may not make topics is refused, whether or not it is there.
      if (!(await admin.listTopics()).includes(name)) {
        try {
          await admin.createTopics({ topics: [name], partitions, replicas: replication, configs });
        } catch (error) {
          const there = [...within(error)].some((each) => apiId(each) === 'TOPIC_ALREADY_EXISTS');
          if (!there) throw error;
        }
      }
      const { topics } = await admin.metadata({ topics: [name], forceUpdate: true });
      return topics.get(name)?.partitionsCount ?? 0;
    });
  }

  topicConfig(topic: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#admin(`read the settings of ${topic}`, async (admin) => {
      const resourceType = this.#library.ConfigResourceTypes.TOPIC;
      const resources = [{ resourceType, resourceName: topic, configurationKeys: [...names] }];
      try {
        const [found] = await admin.describeConfigs({ resources });
        return new Map(found?.configs.flatMap(({ name, value }) => (value === null ? [] : [[name, value]])));
      } catch (error) {
        if ([...within(error)].some((each) => apiId(each) === 'TOPIC_AUTHORIZATION_FAILED')) return new Map();
        throw error;
      }
    });
  }

  produce(topic: string, batch: OutBatch): Promise<number> {
    return this.#producer.produce(topic, batch);
  }

  async connect(): Promise<BrokerConnection> {
    return new PlatformaticConnection(this.#library, this.#options, this.#tell);
  }

  join(options: GroupOptions): Promise<GroupMember> {
    return joinByPlatformatic(this.#library, this.#options, options, this.#tell);
  }

  close(): Promise<void> {
    return this.#producer.close();
  }

  async #admin<T>(what: string, task: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = new this.#library.Admin(this.#options);
    try {
      return await task(admin);
    } catch (error) {
      throw fromPlatformatic(what, error);
    } finally {
      await ended(`the connection to ${what}`, () => admin.close(), this.#tell);
    }
  }
}
