import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findKafka } from '../../devnet/kafka/install.js';
import { KafkaCluster } from '../../devnet/kafka/server.js';
import { KafkaRefusedError, LogCutOffError, TopicShapeError } from '../../indexers/log/kafka/errors.js';
import { KafkaLog, type KafkaLogOptions } from '../../indexers/log/kafka/kafkaLog.js';
import { MemoryStore } from '../../storage/memory.js';
import { DRIVERS } from '../support/kafka/drivers.js';
import { planned } from '../support/kafka/plan.js';

const installation = findKafka();
if (typeof installation === 'string') console.warn(`Kafka: ${installation}: skipped`);

describe.skipIf(typeof installation === 'string')('topics on Kafka', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-kafka-'));
  const ends: (() => Promise<void>)[] = [];
  let cluster: KafkaCluster;

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

  /** Somebody else's client, to look at what there is. */
  async function asAdmin<T>(task: (admin: ReturnType<kafkajs.Kafka['admin']>) => Promise<T>): Promise<T> {
    const admin = new kafkajs.Kafka({ brokers: cluster.brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      return await task(admin);
    } finally {
      await admin.disconnect();
    }
  }

  for (const [name, make] of DRIVERS) {
    const open = async (prefix: string, options: Partial<KafkaLogOptions> = {}): Promise<KafkaLog> => {
      const driver = await make({ brokers: cluster.brokers, clientId: 'test' });
      const log = new KafkaLog({
        ...{ driver, store: new MemoryStore(), prefix, maxWaitMs: 200 },
        ...options,
      });
      ends.push(() => log.close());
      return log;
    };

    test(`${name}: are made with one partition, kept for ever, stamped by the broker`, async () => {
      const prefix = `made.${name}`;
      const log = await open(prefix, { maxBatchBytes: 2 ** 20 });
      await log.append(await log.acquire('a'), 1, planned(3));
      const evidence = log.evidence();
      await evidence.publish([{ chain: 'a', evidence: new TextEncoder().encode('{}') }]);
      await evidence.stop();
      await asAdmin(async (admin) => {
        const wanted = { 'events.a': 'delete', evidence: 'compact' };
        const { topics } = await admin.fetchTopicMetadata({
          topics: Object.keys(wanted).map((of) => `${prefix}.${of}`),
        });
        expect(topics.map(({ partitions }) => partitions.map(({ replicas }) => replicas.length))).toEqual([
          [1],
          [1],
        ]);
        for (const [of, policy] of Object.entries(wanted)) {
          const { resources } = await admin.describeConfigs({
            includeSynonyms: false,
            resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: `${prefix}.${of}` }],
          });
          const settings = new Map(
            resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
          );
          expect(Object.fromEntries(settings)).toMatchObject({
            'cleanup.policy': policy,
            ...{ 'retention.ms': '-1', 'retention.bytes': '-1', 'max.message.bytes': '1048576' },
            ...{ 'message.timestamp.type': 'LogAppendTime', 'min.insync.replicas': '1' },
            'unclean.leader.election.enable': 'false',
          });
        }
      });
    });

    test(`${name}: with another number of partitions, or more copies than brokers, are refused`, async () => {
      const prefix = `shape.${name}`;
      await asAdmin((admin) =>
        admin.createTopics({ topics: [{ topic: `${prefix}.events.a`, numPartitions: 2 }] }),
      );
      const log = await open(prefix);
      await expect(log.acquire('a')).rejects.toThrow(TopicShapeError);
      // As brokers make them by themselves: cut off after a week, or with the newest record of each key alone.
      const losing = [
        ['retention.ms', '604800000', /retention\.ms=604800000/],
        ['retention.bytes', '1000000', /retention\.bytes=1000000/],
        ['cleanup.policy', 'compact', /compacted/],
      ] as const;
      for (const [setting, value, told] of losing) {
        const topic = `losing.${name}.${setting}.events.a`;
        const kept = { 'retention.ms': '-1', [setting]: value };
        const configEntries = Object.entries(kept).map(([name, value]) => ({ name, value }));
        await asAdmin((admin) => admin.createTopics({ topics: [{ topic, configEntries }] }));
        const losingLog = await open(`losing.${name}.${setting}`);
        await expect(losingLog.acquire('a')).rejects.toThrow(told);
      }
      const copies = await open(`copies.${name}`, { replication: 3 });
      await expect(copies.acquire('a')).rejects.toThrow(KafkaRefusedError);
    });

    test(`${name}: what is left is read where the beginning was deleted`, async () => {
      const prefix = `cut.${name}`;
      const topic = `${prefix}.evidence`;
      const configEntries = [{ name: 'retention.ms', value: '-1' }];
      await asAdmin((admin) => admin.createTopics({ topics: [{ topic, configEntries }] }));
      const writer = (await open(prefix)).evidence();
      for (let n = 0; n < 5; n++)
        await writer.publish([{ chain: 'a', evidence: new TextEncoder().encode(`{"n":${n}}`) }]);
      await writer.stop();
      await asAdmin(async (admin) => {
        // Which this client needs to have asked for before.
        await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '3' }] });
      });
      const told: unknown[] = [];
      const seen: string[] = [];
      const reader = (await open(prefix, { onError: (error) => told.push(error) })).evidence();
      reader.follow('reader', async (values) => {
        seen.push(...values.map(({ evidence }) => new TextDecoder().decode(evidence)));
        return [];
      });
      await reader.caughtUp();
      await reader.stop();
      expect(seen).toEqual(['{"n":3}', '{"n":4}']);
      expect(told.filter((error) => error instanceof LogCutOffError)).toHaveLength(1);
    });

    test(`${name}: more than the topic takes is refused by the broker, and the log goes on`, async () => {
      const prefix = `large.${name}`;
      // Somebody made it smaller than this program believes.
      await asAdmin((admin) =>
        admin.createTopics({
          topics: [
            {
              topic: `${prefix}.events.a`,
              configEntries: [
                { name: 'max.message.bytes', value: '20000' },
                { name: 'retention.ms', value: '-1' },
              ],
            },
          ],
        }),
      );
      const log = await open(prefix);
      const lease = await log.acquire('a');
      const plan = planned(300);
      await expect(log.append(lease, 1, plan)).rejects.toThrow(KafkaRefusedError);
      for (let at = 0; at < plan.length; at += 20) await log.append(lease, at + 1, plan.slice(at, at + 20));
      expect((await log.read('a', 1, 1000)).map(({ hash }) => hash)).toEqual(plan.map(({ hash }) => hash));
    });
  }
});
