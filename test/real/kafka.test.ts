import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { findKafka } from '../../devnet/kafka/install.js';
import { KafkaCluster } from '../../devnet/kafka/server.js';
import { encodeRecords } from '../../indexers/log/kafka/batchEncoder.js';
import { KafkaLog } from '../../indexers/log/kafka/kafkaLog.js';
import { TopicReader } from '../../indexers/log/kafka/reader.js';
import { LevelStore } from '../../storage/level.js';
import { eventLogConformance } from '../conformance/eventLog.js';
import { logStreamsConformance } from '../conformance/logStreams.js';
import { DRIVERS } from '../support/kafka/drivers.js';

const installation = findKafka();
if (typeof installation === 'string') console.warn(`Kafka: ${installation}: skipped`);

describe.skipIf(typeof installation === 'string')('the log on Kafka', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-kafka-'));
  let cluster: KafkaCluster;
  const ends: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    if (typeof installation === 'string') return;
    cluster = new KafkaCluster({ installation, folder });
    await cluster.start();
  });
  afterAll(async () => {
    for (const end of ends) await end();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  let count = 0;
  for (const [name, make] of DRIVERS)
    describe(`with ${name}`, () => {
      eventLogConformance(async () => {
        const id = count++;
        const path = join(folder, `store-${id}`);
        let store = await LevelStore.open(path);
        const open = async (): Promise<KafkaLog> => {
          const driver = await make({ brokers: cluster.brokers, clientId: 'test' });
          return new KafkaLog({ driver, store, prefix: `t${id}`, maxWaitMs: 200, deliveryMs: 20_000 });
        };
        let log = await open();
        ends.push(async () => {
          await log.close();
          await store.close();
        });
        return {
          log,
          store: () => store,
          async reopen() {
            await log.close();
            await store.close();
            store = await LevelStore.open(path);
            log = await open();
            return log;
          },
        };
      });

      logStreamsConformance(async () => {
        const prefix = `t${count++}`;
        const path = join(folder, `streams-${prefix}`);
        const store = await LevelStore.open(path);
        const raw = await make({ brokers: cluster.brokers, clientId: 'hostile' });
        const open = async (): Promise<KafkaLog> => {
          const driver = await make({ brokers: cluster.brokers, clientId: 'test' });
          const log = new KafkaLog({ driver, store, prefix, maxWaitMs: 200, deliveryMs: 20_000 });
          ends.unshift(() => log.close());
          return log;
        };
        ends.push(async () => {
          await raw.close();
          await store.close();
        });
        const streams = await open();
        const poison = new TopicReader({ driver: raw });
        return {
          streams,
          async reopen() {
            await streams.close();
            return open();
          },
          async hostile(stream, key, value) {
            await raw.produce(`${prefix}.${stream}`, encodeRecords([{ key, value, headers: {} }]));
          },
          setAside: async () => (await poison.offset(`${prefix}.poison`, 'latest')) ?? 0,
        };
      });
    });
});
