import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findKafka } from '../../devnet/kafka/install.js';
import { KafkaCluster } from '../../devnet/kafka/server.js';
import { KafkaLog } from '../../indexers/log/kafka/kafkaLog.js';
import { Replay } from '../../indexers/log/replay.js';
import { toBareHex } from '../../proofs/bytes.js';
import { MemoryStore } from '../../storage/memory.js';
import { DRIVERS } from '../support/kafka/drivers.js';
import { Plan } from '../support/kafka/plannedSource.js';
import { IndexerProcess } from '../support/kafka/processes.js';

const installation = findKafka();
if (typeof installation === 'string') console.warn(`Kafka: ${installation}: skipped`);

const CHAINS = ['a', 'b', 'c', 'd'];
const TOTAL = 3000;
const SESSION_MS = 3000;

describe.skipIf(typeof installation === 'string')('three indexers on one Kafka', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-kafka-'));
  const running = new Set<IndexerProcess>();
  let cluster: KafkaCluster;

  beforeAll(async () => {
    if (typeof installation === 'string') return;
    cluster = new KafkaCluster({ installation, folder: join(folder, 'kafka') });
    await cluster.start();
  });
  afterAll(async () => {
    await Promise.all([...running].map((each) => each.kill()));
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [name, make] of DRIVERS)
    test(`a killed one's chains move within seconds, nothing is lost or doubled, with ${name}`, {
      timeout: 240_000,
    }, async () => {
      const prefix = `shared.${name}`;
      const began = Date.now() + 3000;
      const start = async (of: number): Promise<IndexerProcess> => {
        const created = await IndexerProcess.start({
          ...{ driver: name, brokers: cluster.brokers, group: `${name}-indexers`, chains: CHAINS, prefix },
          ...{ sessionTimeoutMs: SESSION_MS, began, total: TOTAL, everyMs: 12 },
          folder: join(folder, `${name}-${of}`),
        });
        running.add(created);
        return created;
      };
      const kill = async (one: IndexerProcess): Promise<void> => {
        running.delete(one);
        await one.kill();
      };
      const held = (of: Iterable<IndexerProcess>) =>
        [...of].flatMap(({ state }) => [
          ...Object.keys(state.heights),
          ...(state.publishing ? ['main'] : []),
        ]);
      const all = [...CHAINS, 'main'];
      const shared = () => held(running).sort();
      const settled = { timeout: 60_000, interval: 50 };

      const [first, second, third] = [await start(1), await start(2), await start(3)];
      await expect.poll(shared, settled).toEqual(all);
      await expect
        .poll(() => [first, second, third].every((one) => held([one]).length > 0), settled)
        .toBe(true);

      for (const [which, victim] of [first, second].entries()) {
        const lost = held([victim]);
        const before = Date.now();
        await kill(victim);
        await expect.poll(() => lost.every((unit) => shared().includes(unit)), settled).toBe(true);
        const took = Date.now() - before;
        console.log(`${name}: ${lost.join(', ')} taken over ${took} ms after the kill`);
        // The session's time, and what a busy machine needs.
        expect(took).toBeLessThan(SESSION_MS + 12_000);
        if (which === 0) await start(1);
        await expect.poll(shared, settled).toEqual(all);
      }

      const leaving = held([third]);
      running.delete(third);
      const left = Date.now();
      await third.leave();
      await expect.poll(() => leaving.every((unit) => shared().includes(unit)), settled).toBe(true);
      console.log(`${name}: ${leaving.join(', ')} taken over ${Date.now() - left} ms after a farewell`);

      const plan = new Plan(TOTAL);
      plan.advance(TOTAL);
      const final = plan.best;
      const tip = final.at(-1)?.height ?? 0;
      const heights = () =>
        CHAINS.map((chain) =>
          [...running].map(({ state }) => state.heights[chain]).find((height) => height !== undefined),
        );
      await expect.poll(heights, { timeout: 120_000, interval: 200 }).toEqual(CHAINS.map(() => tip));
      await Promise.all([...running].map(kill));

      const driver = await make({ brokers: cluster.brokers, clientId: 'test' });
      const log = new KafkaLog({ driver, store: new MemoryStore(), prefix });
      for (const chain of CHAINS) {
        await log.catchUp(chain);
        const replay = new Replay();
        for (const event of await log.read(chain, 1, 1e6)) replay.apply(event);
        expect(replay.blocks.map(({ hash }) => toBareHex(hash))).toEqual(
          final.map(({ hash }) => toBareHex(hash)),
        );
      }
      expect(log.status().map(({ poisoned }) => poisoned)).toEqual(CHAINS.map(() => 0));
      await log.close();
    });
});
