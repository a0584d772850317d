import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaLog } from '../../../indexers/log/kafka/kafkaLog.js';
import { LevelStore } from '../../../storage/level.js';
import { Random } from '../../fuzz/harness.js';
import { DRIVERS } from './drivers.js';
import { planned } from './plan.js';
import type { ProducerInit } from './processes.js';

/** A writer of the planned events that never gives up: it takes the lease again whenever it fails. */
process.once('message', async (init: ProducerInit) => {
  const make = DRIVERS.find(([name]) => name === init.driver)?.[1];
  if (make === undefined) throw new Error(`no driver ${init.driver}`);
  const { brokers, chain, prefix, total, folder } = init;
  const random = new Random(init.seed);
  const events = planned(total);
  const store = await LevelStore.open(folder);
  const settings = { brokers, clientId: 'producer', requestTimeoutMs: 3000, connectTimeoutMs: 1000 };
  const log = new KafkaLog({
    ...{ driver: await make(settings), store, prefix, maxWaitMs: 200, deadlineMs: 3000, stallMs: 3000 },
    deliveryMs: 8000,
  });
  const failures: Record<string, number> = {};
  for (;;) {
    try {
      const lease = await log.acquire(chain);
      for (;;) {
        const done = (await log.last(chain))?.number ?? 0;
        process.send?.({ done, failures });
        if (done >= total) await sleep(200);
        const size = 1 + random.below(40);
        const key = Uint8Array.of(0xee);
        const next = events.slice(done, done + size);
        await log.append(lease, done + 1, next, [
          { type: 'put', key, value: new TextEncoder().encode(String(done + next.length)) },
        ]);
        await sleep(random.below(20));
      }
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown';
      failures[name] = (failures[name] ?? 0) + 1;
      process.send?.({ failures });
      await sleep(100 + random.below(1500));
    }
  }
});
process.once('disconnect', () => process.exit());
