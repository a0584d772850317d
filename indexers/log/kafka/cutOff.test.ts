import { expect, test } from 'vitest';
import type { KeyValueStore } from '../../../storage/keyValue.js';
import { MemoryStore } from '../../../storage/memory.js';
import { FakeBroker } from '../../../test/support/kafka/fakeBroker.js';
import { planned } from '../../../test/support/kafka/plan.js';
import type { EvidenceRecord } from '../records.js';
import { LogCutOffError, LogReplacedError } from './errors.js';
import { KafkaLog } from './kafkaLog.js';

const text = (n: number): EvidenceRecord => ({
  chain: 'a',
  evidence: new TextEncoder().encode(`{"n":${n}}`),
});

async function filled(broker: FakeBroker, count: number): Promise<void> {
  const log = new KafkaLog({ driver: broker.driver(), store: new MemoryStore(), prefix: 'x', maxWaitMs: 20 });
  const stream = log.evidence();
  for (let n = 0; n < count; n++) await stream.publish([text(n)]);
  await stream.stop();
  await log.close();
}

/** Reads to the end by one name. @returns what came, and what was told */
async function read(broker: FakeBroker, store: KeyValueStore) {
  const seen: string[] = [];
  const told: unknown[] = [];
  let replaced: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    replaced = resolve;
  });
  const log = new KafkaLog({
    ...{ driver: broker.driver(), store, prefix: 'x', maxWaitMs: 20 },
    onError(error) {
      told.push(error);
      if (error instanceof LogReplacedError) replaced();
    },
  });
  const stream = log.evidence();
  stream.follow('reader', async (values) => {
    seen.push(...values.map(({ evidence }) => new TextDecoder().decode(evidence)));
    return [];
  });
  // Who waits for a topic that is another one waits until the end.
  const caughtUp = stream.caughtUp().catch(() => undefined);
  await Promise.race([caughtUp, over]);
  const { lag } = stream;
  await stream.stop();
  await log.close();
  return { seen, told, lag };
}

test('a reader of a topic whose beginning is gone is told so once, and reads what is left', async () => {
  const broker = new FakeBroker();
  await filled(broker, 10);
  broker.cut('x.evidence', 4);
  const store = new MemoryStore();
  const { seen, told, lag } = await read(broker, store);
  expect(seen).toEqual([4, 5, 6, 7, 8, 9].map((n) => `{"n":${n}}`));
  expect(told).toHaveLength(1);
  expect(told[0]).toBeInstanceOf(LogCutOffError);
  expect(told[0]).toMatchObject({
    message: expect.stringMatching(/records 0 to 3 of the topic x\.evidence/),
  });
  expect(lag).toBe(0);
  // Where it was goes on from there, cut off or not.
  broker.cut('x.evidence', 10);
  expect(await read(broker, store)).toEqual({ seen: [], told: [], lag: 0 });
});

test('a reader of a topic that was made anew is told so', async () => {
  const broker = new FakeBroker();
  await filled(broker, 10);
  const store = new MemoryStore();
  await read(broker, store);
  const other = new FakeBroker();
  await filled(other, 3);
  const { seen, told } = await read(other, store);
  expect(seen).toEqual([]);
  expect(told[0]).toBeInstanceOf(LogReplacedError);
});

test('events without their beginning are no log, and it is told what to do', async () => {
  const broker = new FakeBroker();
  const options = { driver: broker.driver(), prefix: 'x', maxWaitMs: 20 };
  const log = new KafkaLog({ ...options, store: new MemoryStore() });
  await log.append(await log.acquire('a'), 1, planned(5));
  await log.close();
  broker.cut('x.events.a', 1);
  const late = new KafkaLog({ ...options, store: new MemoryStore() });
  const refused = late.acquire('a');
  await expect(refused).rejects.toThrow(LogReplacedError);
  await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining('retention.ms') });
  await late.close();
});
