import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findKafka } from '../../devnet/kafka/install.js';
import { KafkaCluster } from '../../devnet/kafka/server.js';
import { type EventInput, encodeEvent } from '../../indexers/log/event.js';
import { KafkaLog, type KafkaLogOptions } from '../../indexers/log/kafka/kafkaLog.js';
import { LevelStore } from '../../storage/level.js';
import { MemoryStore } from '../../storage/memory.js';
import { Random } from '../fuzz/harness.js';
import { DRIVERS } from '../support/kafka/drivers.js';
import { planned } from '../support/kafka/plan.js';
import { ProducerProcess } from '../support/kafka/processes.js';
import { SilentProxy } from '../support/kafka/proxy.js';

const installation = findKafka();
if (typeof installation === 'string') console.warn(`Kafka: ${installation}: skipped`);
/** `SEED=n` chooses the same kills again. */
const SEED = Number(process.env.SEED ?? Math.floor(Date.now() / 1000));
/** Rounds of kills; more with KAFKA_ROUNDS=n. */
const ROUNDS = Number(process.env.KAFKA_ROUNDS ?? 12);

describe.skipIf(typeof installation === 'string')('the log on Kafka, while things break,', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-kafka-'));
  const proxy = new SilentProxy();
  const proxied = { port: 0 };
  let cluster: KafkaCluster;
  const ends: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    if (typeof installation === 'string') return;
    proxied.port = await proxy.listen();
    cluster = new KafkaCluster({ installation, folder, advertisedPort: proxied.port });
    await cluster.start();
    proxy.target = cluster.port(0);
  });
  afterAll(async () => {
    for (const end of ends) await end();
    await cluster?.stop();
    proxy.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [name, make] of DRIVERS) {
    const open = async (prefix: string, options: Partial<KafkaLogOptions> = {}): Promise<KafkaLog> => {
      const settings = { clientId: 'test', requestTimeoutMs: 3000, connectTimeoutMs: 1000 };
      const driver = await make({ ...settings, brokers: [`127.0.0.1:${proxied.port}`] });
      const log = new KafkaLog({
        ...{ driver, store: new MemoryStore(), prefix, maxWaitMs: 200, deadlineMs: 2000, stallMs: 2000 },
        ...options,
      });
      ends.push(() => log.close());
      return log;
    };
    const same = async (log: KafkaLog, plan: readonly EventInput[]): Promise<void> => {
      const events = await log.read('a', 1, plan.length + 10);
      expect(events).toHaveLength(plan.length);
      events.forEach((event, i) => {
        const wanted = { ...plan[i]!, chain: 'a', number: i + 1, epoch: event.epoch };
        expect(Buffer.from(encodeEvent(event))).toEqual(Buffer.from(encodeEvent(wanted)));
      });
    };

    test(`${name}: events count once, whatever is killed, seed ${SEED}`, { timeout: 600_000 }, async () => {
      const random = new Random(SEED);
      const prefix = `once.${name}`;
      const total = 40 * ROUNDS + 1000;
      const plan = planned(total);
      const brokers = [`127.0.0.1:${proxied.port}`];
      const start = (i: number) =>
        ProducerProcess.start({
          ...{ driver: name, brokers, chain: 'a', prefix, total },
          folder: join(folder, `${name}-${i}`),
          seed: random.next(),
        });
      const producers = [await start(0), await start(1)];
      const all = new Set(producers);
      for (let round = 0; round < ROUNDS; round++) {
        await sleep(500 + random.below(2500));
        const i = random.below(2);
        const act = round % 4;
        if (act === 0) {
          await cluster.kill();
          await sleep(random.below(2000));
          await cluster.up();
        } else if (act === 3) {
          // A writer that stalls, holds the lease for all it knows, and wakes up when another one has it.
          producers[i]!.signal('SIGSTOP');
          await sleep(3000);
          producers[i]!.signal('SIGCONT');
        } else {
          await producers[i]!.kill();
          producers[i] = await start(i);
          all.add(producers[i]!);
        }
      }
      const finished = { timeout: 120_000, interval: 200 };
      await expect.poll(() => Math.max(...producers.map(({ done }) => done)), finished).toBe(total);
      const failures: Record<string, number> = {};
      for (const each of all)
        for (const [error, times] of Object.entries(each.failures))
          failures[error] = (failures[error] ?? 0) + times;
      console.log(`${name}: ${total} events, failures ${JSON.stringify(failures)}`);
      await expect.poll(() => Math.min(...producers.map(({ done }) => done)), finished).toBe(total);
      for (const producer of producers) await producer.kill();
      const log = await open(prefix);
      await log.catchUp('a');
      await same(log, plan);
      console.log(`${name}: ${JSON.stringify(log.status())}`);
      expect(log.status()[0]!.poisoned).toBe(0);
      // The killed processes' own copies, as they lie on disk.
      for (const i of [0, 1]) {
        const store = await LevelStore.open(join(folder, `${name}-${i}`));
        const mirror = await open(prefix, { store });
        await mirror.catchUp('a');
        await same(mirror, plan);
        await mirror.close();
        await store.close();
      }
    });

    test(`${name}: connections that fall silent are made anew`, async () => {
      const prefix = `silent.${name}`;
      const plan = planned(30);
      const [writer, reader] = [await open(prefix), await open(prefix)];
      const lease = await writer.acquire('a');
      await writer.append(lease, 1, plan.slice(0, 10));
      reader.follow('a');
      await expect.poll(async () => (await reader.last('a'))?.number).toBe(10);
      expect(proxy.silence()).toBeGreaterThan(0);
      const silenced = Date.now();
      const next = await writer.append(lease, 11, plan.slice(10, 20)).catch((error: Error) => error);
      // What the append says is true, whichever it is.
      const last = (await writer.last('a'))?.number;
      expect(last).toBe(next === 20 ? 20 : 10);
      await expect.poll(async () => (await reader.last('a'))?.number, { timeout: 90_000 }).toBe(20);
      console.log(`${name}: read on after ${Date.now() - silenced} ms of silence`);
      expect(reader.status()[0]!.stalls + writer.status()[0]!.stalls).toBeGreaterThan(0);
      await same(reader, plan.slice(0, 20));
    });

    test(`${name}: an outage longer than the append's limit leaves nothing guessed`, async () => {
      const prefix = `outage.${name}`;
      const plan = planned(20);
      const log = await open(prefix, { deliveryMs: 2500 });
      const lease = await log.acquire('a');
      await log.append(lease, 1, plan.slice(0, 10));
      await cluster.kill();
      const append = log.append(lease, 11, plan.slice(10, 20));
      await expect(append).rejects.toMatchObject({ retryable: true });
      await cluster.up();
      const last = async () => (await log.last('a'))?.number ?? 0;
      await expect
        .poll(
          async () => {
            try {
              const done = await last();
              if (done < 20) await log.append(lease, done + 1, plan.slice(done, 20));
              return await last();
            } catch {
              return 0;
            }
          },
          { timeout: 90_000, interval: 300 },
        )
        .toBe(20);
      await same(log, plan);
    });

    test(`${name}: a topic that is made anew is told from the old one`, async () => {
      const store = new MemoryStore();
      const first = await open(`anew.${name}`, { store });
      const lease = await first.acquire('a');
      await first.append(lease, 1, planned(10));
      await first.close();
      // The same local store before another topic, which is shorter, then one as long with other records.
      const other = await open(`other.${name}`, { store });
      await expect(other.acquire('a')).rejects.toThrow('is not the one');
      const filler = await open(`other.${name}`);
      const fill = await filler.acquire('a');
      await filler.append(fill, 1, planned(40));
      await expect
        .poll(() => other.status()[0]!.lastError, { timeout: 90_000 })
        .toMatch(/has another record/);
      await expect(other.acquire('a')).rejects.toThrow('has another record');
      expect((await other.read('a', 1, 100)).length).toBe(10);
    });
  }
});
