import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { KafkaLog } from '../indexers/log/kafka/kafkaLog.js';
import { MemoryStore } from '../storage/memory.js';
import { FakeBroker } from '../test/support/kafka/fakeBroker.js';
import { planned } from '../test/support/kafka/plan.js';
import { showLog } from './logMetrics.js';

test('the log on Kafka shows how far it is', async () => {
  const broker = new FakeBroker();
  const log = new KafkaLog({ driver: broker.driver(), store: new MemoryStore(), prefix: 'x', maxWaitMs: 30 });
  const registry = new Registry();
  showLog(log, registry);
  const lease = await log.acquire('a');
  await log.append(lease, 1, planned(7));
  broker.write('x.events.a', [{ value: Uint8Array.of(9) }]);
  await log.catchUp('a');
  const shown = await registry.metrics();
  expect(shown).toContain('crossroot_log_event_number{chain="a"} 7');
  expect(shown).toContain('crossroot_log_lag_records{chain="a"} 0');
  expect(shown).toContain('crossroot_log_poison_records{chain="a"} 1');
  await log.close();
});
