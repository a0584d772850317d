import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../../storage/memory.js';
import { eventLogConformance } from '../../../test/conformance/eventLog.js';
import {
  fakeCheckpoint,
  fakeGenesis,
  fakeHeader,
  fakeKind,
} from '../../../test/support/indexers/fakeKind.js';
import { FakeBroker, type Fate } from '../../../test/support/kafka/fakeBroker.js';
import { planned } from '../../../test/support/kafka/plan.js';
import { HeaderBook } from '../../follow/book.js';
import { ChainWriter } from '../../follow/chainWriter.js';
import { LeaseLostError } from '../errors.js';
import type { EventInput } from '../event.js';
import { decodePoison } from '../poisonRecord.js';
import { Replay } from '../replay.js';
import { AppendUnresolvedError, LogClosedError, OversizeAppendError } from './errors.js';
import { KafkaLog, type KafkaLogOptions } from './kafkaLog.js';
import { TopicReader } from './reader.js';
import { readBatches } from './recordBatch.js';

const open = (broker: FakeBroker, options: Partial<KafkaLogOptions> = {}): KafkaLog =>
  new KafkaLog({
    ...{ driver: broker.driver(), store: new MemoryStore(), prefix: 'x', maxWaitMs: 50, deliveryMs: 3000 },
    ...options,
  });

describe('the log over a broker in memory', () => {
  eventLogConformance(async () => {
    const broker = new FakeBroker();
    const store = new MemoryStore();
    let log = open(broker, { store });
    return {
      log,
      store: () => store,
      async reopen() {
        await log.close();
        log = open(broker, { store });
        return log;
      },
    };
  });
});

/** Appends the plan whatever happens, taking the lease again after each failure. */
async function writeAll(log: KafkaLog, plan: readonly EventInput[], size: () => number): Promise<void> {
  for (let tries = 0; tries < 400; tries++)
    try {
      const lease = await log.acquire('a');
      for (;;) {
        const done = (await log.last('a'))?.number ?? 0;
        if (done >= plan.length) return;
        await log.append(lease, done + 1, plan.slice(done, done + size()));
      }
    } catch (error) {
      if (!(error instanceof Error && /LeaseLost|Unresolved|Unavailable|LogConflict/.test(error.name)))
        throw error;
    }
  throw new Error('never done');
}

test('several writers over a bad line end with the events of one over a good line', async () => {
  const fates: Fate[] = ['well', 'well', 'well', 'lost', 'late', 'twice', 'unanswered'];
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat(1000)), async (stream) => {
      const random = (limit: number): number => (stream.next().value ?? 0) % limit;
      const broker = new FakeBroker(1 + random(4));
      broker.fate = () => fates[random(fates.length)]!;
      const plan = planned(60);
      const logs = [0, 1].map(() => open(broker, { deliveryMs: 150 + random(200) }));
      await Promise.all(logs.map((log) => writeAll(log, plan, () => 1 + random(9))));
      const reader = open(broker, { deliveryMs: 3000 });
      await reader.catchUp('a');
      for (const log of [...logs, reader]) {
        await log.catchUp('a');
        const events = await log.read('a', 1, 100);
        expect(events.map(({ type, hash }) => [type, hash])).toEqual(
          plan.map(({ type, hash }) => [type, hash]),
        );
        expect(log.status()[0]!.poisoned).toBe(0);
        await log.close();
      }
    }),
    { numRuns: 6 },
  );
});

test('an append whose fate is unknown is not called failed, nor done', async () => {
  const broker = new FakeBroker();
  const log = open(broker, { deliveryMs: 300 });
  const lease = await log.acquire('a');
  const plan = planned(10);
  broker.fate = () => 'lost';
  await expect(log.append(lease, 1, plan.slice(0, 3))).rejects.toThrow(AppendUnresolvedError);
  broker.fate = () => 'unanswered';
  expect(await log.append(lease, 1, plan.slice(0, 3))).toBe(3);
  broker.fate = () => 'twice';
  expect(await log.append(lease, 4, plan.slice(3))).toBe(10);
  await log.close();
});

test('an append that waits for its brokers is let go when the log is closed', async () => {
  const broker = new FakeBroker();
  const log = open(broker, { deliveryMs: 60_000 });
  const lease = await log.acquire('a');
  broker.fate = () => 'lost';
  const append = expect(log.append(lease, 1, planned(3))).rejects.toThrow(LogClosedError);
  await log.close();
  await log.close();
  await append;
  await expect(log.acquire('a')).rejects.toThrow(LogClosedError);
});

test('more than one batch may hold is refused before it is sent', async () => {
  const broker = new FakeBroker();
  const log = open(broker, { maxBatchBytes: 10_000 });
  const lease = await log.acquire('a');
  const end = broker.end('x.events.a');
  const big = planned(1).map((event) => ({ ...event, raw: new Uint8Array(8000) }));
  await expect(log.append(lease, 1, [...big, ...big])).rejects.toThrow(OversizeAppendError);
  expect(broker.end('x.events.a')).toBe(end);
  expect(await log.append(lease, 1, big)).toBe(1);
  await log.close();
});

test('a reader whose answers stop coming reads anew', async () => {
  const broker = new FakeBroker();
  const [writer, reader] = [open(broker), open(broker, { deadlineMs: 100, stallMs: 200 })];
  const lease = await writer.acquire('a');
  await reader.catchUp('a');
  broker.silent = true;
  const append = writer.append(lease, 1, planned(5));
  await expect.poll(() => reader.status()[0]!.stalls, { timeout: 90_000 }).toBeGreaterThan(1);
  broker.silent = false;
  await expect.poll(async () => (await reader.last('a'))?.number, { timeout: 90_000 }).toBe(5);
  await reader.close();
  await writer.close();
  // It came about or was let go, as the records reached the writer before it was closed or not.
  await Promise.allSettled([append]);
});

test('hostile records stop nobody, and are set aside with their reasons', async () => {
  const broker = new FakeBroker();
  const log = open(broker);
  const lease = await log.acquire('a');
  const plan = planned(40);
  const topic = 'x.events.a';
  const bytes = fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined });
  const headers = fc.dictionary(fc.constantFrom('kind', 'lease', 'parent'), fc.uint8Array());
  const samples = fc.sample(fc.record({ key: bytes, value: bytes, headers }), { numRuns: 300, seed: 5 });
  let hostile = 0;
  for (let done = 0; done < plan.length; done += 4) {
    const some = samples.slice(hostile, hostile + 7);
    broker.write(topic, some, { gzip: done % 8 === 0 });
    hostile += some.length;
    // A batch that is all zeroes within its frame, and one that grows a thousandfold.
    const at = broker.end(topic);
    const frame = new Uint8Array(80);
    new DataView(frame.buffer).setBigInt64(0, BigInt(at));
    new DataView(frame.buffer).setInt32(8, 68);
    broker.writeBytes(topic, frame, 1);
    hostile++;
    if (done === 0) {
      broker.write(topic, [{ value: new Uint8Array(2 ** 26) }], { gzip: true });
      hostile++;
    }
    await log.append(lease, done + 1, plan.slice(done, done + 4));
  }
  expect((await log.read('a', 1, 100)).map(({ hash }) => hash)).toEqual(plan.map(({ hash }) => hash));
  expect(log.status()[0]!.poisoned).toBe(hostile);
  await expect.poll(() => broker.end('x.poison'), { timeout: 90_000 }).toBe(hostile);
  const poison = new TopicReader({ driver: broker.driver() });
  const { batches } = await poison.fetch('x.poison', 0);
  const [first] = [...readBatches(batches, 2 ** 26)].flatMap((batch) => [...batch.records()]);
  const kept = decodePoison(first!.value!);
  expect(new TextDecoder().decode(first!.key)).toBe(`${topic}/${kept.offset}`);
  expect([kept.topic, kept.reason.length > 5]).toEqual([topic, true]);
  await poison.reconnect();
  await log.close();
});

test('a follower goes on from the topic when it has lost its local store', async () => {
  const broker = new FakeBroker();
  const openWriter = async () => {
    const store = new MemoryStore();
    const log = open(broker, { store });
    const book = new HeaderBook(store, 'fake-work', fakeKind, fakeCheckpoint);
    const writer = await ChainWriter.open({
      ...{ chain: 'fake-work', kind: fakeKind, checkpoint: fakeCheckpoint, byWork: true },
      ...{ log, book },
    });
    return { log, book, writer };
  };
  const branch = (parent: typeof fakeGenesis, salt: number, length: number) => {
    const headers = [fakeHeader(parent, salt)];
    while (headers.length < length) headers.push(fakeHeader(headers.at(-1), salt));
    return headers;
  };
  const first = await openWriter();
  await first.writer.begin(fakeGenesis, 'source');
  const [weak, strong] = [branch(fakeGenesis, 1, 4), branch(fakeGenesis, 2, 6)];
  await first.writer.add(weak, 10_000);
  await first.writer.add(strong, 10_000);
  expect(first.book.tip()?.hash).toEqual(strong.at(-1)!.hash);
  const second = await openWriter();
  expect(second.book.tip()).toEqual(first.book.tip());
  await expect(first.writer.add(branch(strong.at(-1)!, 3, 1), 10_000)).rejects.toThrow(LeaseLostError);
  await second.writer.add(branch(strong.at(-1)!, 4, 2), 10_000);
  const events = await second.log.read('fake-work', 1, 100);
  const replay = new Replay();
  for (const event of events) replay.apply(event);
  expect(replay.tip).toEqual(second.book.tip());
  expect(events.map(({ epoch }) => epoch).filter((epoch) => epoch === 2)).toHaveLength(2);
  await first.log.close();
  await second.log.close();
});

test('a new leader that does not show its newest records yet is not taken for another topic', async () => {
  const broker = new FakeBroker();
  const store = new MemoryStore();
  const first = open(broker, { store });
  const lease = await first.acquire('a');
  for (const from of [0, 5]) await first.append(lease, from + 1, planned(10).slice(from, from + 5));
  await first.close();
  broker.hidden = 2;
  const again = open(broker, { store });
  again.follow('a');
  await expect.poll(() => again.status()[0]!.lastError).toMatch(/no record .* yet/);
  broker.hidden = 0;
  await again.catchUp('a');
  expect(again.status()[0]).toMatchObject({ number: 10, lastError: undefined });
  const next = await again.acquire('a');
  expect(await again.append(next, 11, planned(20).slice(10))).toBe(20);
  await again.close();
});

test('a slow local store slows the reading: one answer is held, and no more is asked for', async () => {
  const broker = new FakeBroker(1);
  const writer = open(broker);
  const lease = await writer.acquire('a');
  const plan = planned(200);
  for (let at = 0; at < 200; at += 5) await writer.append(lease, at + 1, plan.slice(at, at + 5));
  await writer.close();
  let pass: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    pass = resolve;
  });
  class SlowStore extends MemoryStore {
    override async batch(...of: Parameters<MemoryStore['batch']>): Promise<void> {
      await gate;
      return super.batch(...of);
    }
  }
  const before = broker.fetches;
  const reader = open(broker, { store: new SlowStore() });
  reader.follow('a');
  await expect.poll(() => broker.fetches - before).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(broker.fetches - before).toBe(1);
  expect(reader.lag('a')).toBeGreaterThan(0);
  pass();
  await reader.catchUp('a');
  expect(await reader.read('a', 1, 1000)).toHaveLength(200);
  expect(reader.lag('a')).toBe(0);
  await reader.close();
});
