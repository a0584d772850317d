import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findKafka } from '../../devnet/kafka/install.js';
import { KafkaCluster } from '../../devnet/kafka/server.js';
import { KafkaLog } from '../../indexers/log/kafka/kafkaLog.js';
import { MemoryStore } from '../../storage/memory.js';
import { DRIVERS } from '../support/kafka/drivers.js';
import { planned } from '../support/kafka/plan.js';

const installation = findKafka();
if (typeof installation === 'string') console.warn(`Kafka: ${installation}: skipped`);

describe.skipIf(typeof installation === 'string')('the log on three brokers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-kafka-'));
  let cluster: KafkaCluster;

  beforeAll(async () => {
    if (typeof installation === 'string') return;
    cluster = new KafkaCluster({ installation, folder, nodes: 3 });
    await cluster.start();
  });
  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [name, make] of DRIVERS)
    test(`${name}: any broker may be lost while another leads on`, { timeout: 480_000 }, async () => {
      const settings = { clientId: 'test', requestTimeoutMs: 3000, connectTimeoutMs: 1000 };
      const open = async () =>
        new KafkaLog({
          driver: await make({ ...settings, brokers: cluster.brokers }),
          ...{ store: new MemoryStore(), prefix: name, replication: 3 },
          ...{ maxWaitMs: 200, deadlineMs: 2000, stallMs: 2000, deliveryMs: 120_000 },
        });
      const [writer, reader] = [await open(), await open()];
      const plan = planned(80);
      const lease = await writer.acquire('a');
      reader.follow('a');
      let done = 0;
      const go = async (): Promise<void> => {
        done = await writer.append(lease, done + 1, plan.slice(done, done + 10));
      };
      await go();
      for (let node = 0; node < cluster.nodes; node++) {
        await cluster.kill(node);
        const lost = Date.now();
        await go();
        console.log(`${name}: wrote on ${Date.now() - lost} ms after the loss of broker ${node + 1}`);
        await cluster.up(node);
        await go();
      }
      await expect.poll(async () => (await reader.last('a'))?.number, { timeout: 90_000 }).toBe(done);
      expect((await reader.read('a', 1, 100)).map(({ hash }) => hash)).toEqual(
        plan.slice(0, done).map(({ hash }) => hash),
      );
      console.log(`${name}: ${JSON.stringify(reader.status())}`);
      await Promise.all([writer.close(), reader.close()]);
    });
});
