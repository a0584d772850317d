import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Registry } from 'prom-client';
import type { KafkaLogConfig, LogConfig } from '../config/log.js';
import { type MakeGroup, SoleGroup } from '../indexers/group/workGroup.js';
import { EmbeddedLog } from '../indexers/log/embedded.js';
import type { EventLog } from '../indexers/log/eventLog.js';
import type { KafkaDriver, KafkaSettings, KafkaTls } from '../indexers/log/kafka/driver.js';
import { kafkaGroup } from '../indexers/log/kafka/group.js';
import { kafkajsDriver } from '../indexers/log/kafka/kafkajs/driver.js';
import { KafkaLog } from '../indexers/log/kafka/kafkaLog.js';
import { platformaticDriver } from '../indexers/log/kafka/platformatic/driver.js';
import { Topics } from '../indexers/log/kafka/topics.js';
import type { LogStreams } from '../indexers/log/streams.js';
import type { KeyValueStore } from '../storage/keyValue.js';
import { showLog } from './logMetrics.js';
import { MeasuredLog } from './measuredLog.js';

export interface OpenLog {
  readonly log: EventLog & LogStreams;
  /** Shares work among all processes that name this group; with an embedded log there is one process. */
  group(name: string): MakeGroup;
  /** Shows it at `/metrics`. */
  show(registry: Registry): void;
  /** Ends it; the store stays open. */
  close(): Promise<void>;
}

/**
 * The event log that the configuration names.
 * @param store has the embedded log, or the mirror of another
 * @param onTrouble trouble that mends itself
 * @throws DriverMissingError
 */
export async function openLog(
  config: LogConfig,
  store: KeyValueStore,
  onTrouble: (trouble: unknown) => void,
): Promise<OpenLog> {
  if (config.type === 'embedded') {
    const log = new MeasuredLog(new EmbeddedLog(store));
    const show = (registry: Registry) => log.show(registry);
    return { log, group: () => soleGroup, show, close: async () => undefined };
  }
  const driver = await openDriver(config, onTrouble);
  const { topicPrefix: prefix, replication, maxBatchBytes } = config;
  const log = new KafkaLog({
    driver,
    store,
    ...{ prefix, replication, maxBatchBytes },
    stallMs: config.stallMilliseconds,
    deadlineMs: config.requestTimeoutMilliseconds,
    client: `${hostname()} ${process.pid}`,
    onError: onTrouble,
  });
  const topics = new Topics({ prefix, replication, maxBatchBytes });
  const measured = new MeasuredLog(log);
  return {
    log: measured,
    group: (name) => kafkaGroup({ driver, topics, group: `${prefix}.${name}`, onError: onTrouble }),
    show(registry) {
      measured.show(registry);
      showLog(log, registry);
    },
    close: () => log.close(),
  };
}

const soleGroup: MakeGroup = (units, work) => new SoleGroup(units, work);

/** The Kafka client that the configuration names. @throws DriverMissingError */
export async function openDriver(
  config: KafkaLogConfig,
  onTrouble: (trouble: unknown) => void,
): Promise<KafkaDriver> {
  const { brokers, compression, requestTimeoutMilliseconds, sasl, ssl } = config;
  const settings: KafkaSettings = {
    ...{ brokers, compression, onTrouble, requestTimeoutMs: requestTimeoutMilliseconds },
    clientId: 'crossroot',
    ...(sasl === undefined ? {} : { sasl }),
    ...(ssl === undefined ? {} : { ssl: typeof ssl === 'boolean' ? ssl : await readTls(ssl) }),
  };
  return config.driver === 'kafkajs' ? kafkajsDriver(settings) : platformaticDriver(settings);
}

async function readTls(ssl: Exclude<KafkaLogConfig['ssl'], boolean | undefined>): Promise<KafkaTls> {
  const { caFile, certFile, keyFile, passphrase, servername, rejectUnauthorized } = ssl;
  const read = async <Name extends string>(name: Name, path: string | undefined) =>
    path === undefined ? {} : ({ [name]: await readFile(path, 'utf8') } as Record<Name, string>);
  return {
    ...(await read('ca', caFile)),
    ...(await read('cert', certFile)),
    ...(await read('key', keyFile)),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}
