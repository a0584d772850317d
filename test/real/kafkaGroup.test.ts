import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findKafka } from '../../devnet/kafka/install.js';
import { KafkaCluster } from '../../devnet/kafka/server.js';
import type { KafkaDriver } from '../../indexers/log/kafka/driver.js';
import { ChainGroup } from '../../indexers/log/kafka/group.js';
import { Topics } from '../../indexers/log/kafka/topics.js';
import { MemoryStore } from '../../storage/memory.js';
import { DRIVERS } from '../support/kafka/drivers.js';
import { GroupProcess } from '../support/kafka/processes.js';

const installation = findKafka();
if (typeof installation === 'string') console.warn(`Kafka: ${installation}: skipped`);

describe.skipIf(typeof installation === 'string')('a group of processes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-kafka-'));
  let cluster: KafkaCluster;

  beforeAll(async () => {
    if (typeof installation === 'string') return;
    cluster = new KafkaCluster({ installation, folder });
    await cluster.start();
  });
  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [name, make] of DRIVERS)
    describe(`with ${name}`, () => {
      const chains = ['a', 'b', 'c', 'd', 'e'];
      const drivers: KafkaDriver[] = [];
      const groups: ChainGroup[] = [];
      const began: string[] = [];
      const add = async (group: string): Promise<ChainGroup> => {
        const driver = await make({ brokers: cluster.brokers, clientId: 'test' });
        drivers.push(driver);
        const topics = new Topics({ prefix: `g.${name}`, replication: 1, maxBatchBytes: 2 ** 20 });
        const created = new ChainGroup({
          ...{ driver, topics, group, units: chains, sessionTimeoutMs: 3000 },
          work: async (chain) => {
            began.push(chain);
            return async () => undefined;
          },
        });
        groups.push(created);
        created.start();
        return created;
      };
      afterAll(async () => {
        await Promise.all(groups.map((group) => group.stop()));
        await Promise.all(drivers.map((driver) => driver.close()));
      });
      const shared = (of: readonly ChainGroup[]) => of.flatMap((each) => each.units).sort();
      const settled = { timeout: 90_000, interval: 100 };

      test('shares the chains, each to one, none idle, as long as anyone is there', async () => {
        const [first, second] = [await add(`${name}-one`), await add(`${name}-one`)];
        await expect.poll(() => shared([first, second]), settled).toEqual(chains);
        await expect.poll(() => Math.min(first.units.length, second.units.length), settled).toBe(2);
        const third = await add(`${name}-one`);
        await expect.poll(() => third.units.length, settled).toBeGreaterThan(0);
        await expect.poll(() => shared([first, second, third]), settled).toEqual(chains);
        await second.stop();
        await expect.poll(() => shared([first, third]), settled).toEqual(chains);
        await third.stop();
        await expect.poll(() => first.units, settled).toEqual(chains);
      });

      test('a killed process is replaced within seconds', async () => {
        const group = `${name}-killed`;
        const other = await GroupProcess.start({
          ...{
            driver: name,
            brokers: cluster.brokers,
            group,
            chains,
            prefix: `g.${name}`,
            sessionTimeoutMs: 3000,
          },
        });
        await expect.poll(() => other.chains, settled).toEqual(chains);
        const here = await add(group);
        await expect.poll(() => here.units.length, settled).toBeGreaterThan(0);
        await expect.poll(() => shared([here]).length + other.chains.length, settled).toBe(chains.length);
        const killed = Date.now();
        await other.kill();
        await expect.poll(() => here.units, settled).toEqual(chains);
        console.log(`${name}: took over after ${Date.now() - killed} ms`);
        expect(Date.now() - killed).toBeLessThan(18_000);
      });

      test('keeps positions for whoever comes next', async () => {
        const group = `${name}-positions`;
        const store = new MemoryStore();
        const first = await add(group);
        await expect.poll(() => first.units, settled).toEqual(chains);
        const cursor = first.cursor('a', store);
        expect(await cursor.get()).toBe(0);
        await cursor.commit(7, [{ type: 'put', key: Uint8Array.of(1), value: Uint8Array.of(2) }]);
        await cursor.commit(5);
        expect(await cursor.get()).toBe(7);
        expect(store.get(Uint8Array.of(1))).toEqual(Uint8Array.of(2));
        await first.stop();
        const second = await add(group);
        await expect.poll(() => second.units, settled).toEqual(chains);
        expect(await second.cursor('a', store).get()).toBe(7);
        expect(await second.cursor('b', store).get()).toBe(0);
      });

      test('outlives its broker', async () => {
        const member = await add(`${name}-broker`);
        await expect.poll(() => member.units, settled).toEqual(chains);
        await cluster.kill();
        await expect.poll(() => member.units, settled).toEqual([]);
        await cluster.up();
        await expect.poll(() => member.units, settled).toEqual(chains);
        expect(member.losses).toBeGreaterThan(0);
      });
    });
});
