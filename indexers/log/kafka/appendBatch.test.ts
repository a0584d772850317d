import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryStore } from '../../../storage/memory.js';
import { fakeGenesis } from '../../../test/support/indexers/fakeKind.js';
import { eventRecords } from '../../../test/support/kafka/eventRecords.js';
import { FakeBroker, type Fate } from '../../../test/support/kafka/fakeBroker.js';
import { planned } from '../../../test/support/kafka/plan.js';
import { LeaseLostError, LogConflictError } from '../errors.js';
import { type EventInput, eventOf } from '../event.js';
import { AppendBatch, OwnRecord } from './appendBatch.js';
import { encodeRecords, sealBatch } from './batchEncoder.js';
import type { OutBatch } from './driver.js';
import { AppendUnresolvedError, EventRefusedError, KafkaUnavailableError } from './errors.js';
import { KafkaLog } from './kafkaLog.js';
import { parseRecord } from './messages.js';
import { PendingAppend } from './pending.js';
import { readBatches } from './recordBatch.js';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const event: fc.Arbitrary<EventInput> = fc.record({
  type: fc.constantFrom('connect', 'disconnect', 'finalize'),
  height: fc.integer({ min: 1, max: 2 ** 40 }),
  hash: bytes32,
  parentHash: bytes32,
  time: fc.nat(),
  raw: fc.uint8Array({ maxLength: 700 }),
});
const append = fc.record({
  chain: fc.stringMatching(/^[a-zé-]{1,20}$/),
  epoch: fc.nat(2 ** 31 - 1),
  holder: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  first: fc.integer({ min: 1, max: 2 ** 45 }),
  events: fc.array(event, { minLength: 1, maxLength: 150 }),
});
const sealed = ({ body, count }: OutBatch): Uint8Array =>
  sealBatch(body, count, { id: 1, epoch: 0, sequence: 0 }, { time: 77 });

test('an append in one buffer has the bytes of its records one by one', () => {
  fc.assert(
    fc.property(append, ({ events, ...place }) => {
      const batch = new AppendBatch(place, events);
      const { chain, epoch, first } = place;
      const each = events.map((one, i) => ({ ...one, chain, epoch, number: first + i }));
      const records = eventRecords(each, place.holder);
      expect(batch.body).toEqual(encodeRecords(records).body);
      expect([batch.count, batch.last]).toEqual([events.length, first + events.length - 1]);
      expect(each.map((_, i) => batch.value(i))).toEqual(records.map(({ value }) => value));
    }),
  );
  expect(
    () =>
      new AppendBatch(
        { chain: 'a', epoch: 1, holder: new Uint8Array(16), first: 1 },
        planned(1).map((one) => ({ ...one, raw: new Uint8Array(9000) })),
      ),
  ).toThrow(RangeError);
});

test('records that are known say what reading them says', () => {
  fc.assert(
    fc.property(append, ({ events, ...place }) => {
      const batch = new AppendBatch(place, events);
      const [whole] = readBatches(sealed(batch), 2 ** 24);
      const known = new PendingAppend(batch, []).own(whole!);
      for (const record of whole!.records()) {
        const own = known!.next().value as OwnRecord;
        expect(own).toBeInstanceOf(OwnRecord);
        const { offset, time, key, value, headers } = own;
        expect({ offset, time, key, value, headers }).toEqual({ ...record });
        expect(own.parsed()).toEqual(parseRecord(place.chain, record));
      }
      expect(known!.next().done).toBe(true);
    }),
  );
});

test('only a whole batch with the very same bytes is known', () => {
  const holder = new Uint8Array(16);
  const place = { chain: 'a', epoch: 1, holder, first: 1 };
  const batch = new AppendBatch(place, planned(5));
  const pending = new PendingAppend(batch, []);
  const known = (bytes: Uint8Array) => pending.own([...readBatches(bytes, 2 ** 24)][0]!) !== undefined;
  expect(known(sealed(batch))).toBe(true);
  const others = [
    new AppendBatch(place, planned(4)),
    new AppendBatch(place, planned(6)),
    new AppendBatch({ ...place, first: 2 }, planned(5)),
    new AppendBatch({ ...place, epoch: 2 }, planned(5)),
    new AppendBatch({ ...place, chain: 'b' }, planned(5)),
    new AppendBatch({ ...place, holder: new Uint8Array(16).fill(1) }, planned(5)),
    { body: batch.body, count: 4 },
  ];
  for (const other of others) expect(known(sealed(other))).toBe(false);
  pending.accept();
  expect(known(sealed(batch))).toBe(false);
});

/** All that a store has. */
async function contents(store: MemoryStore): Promise<string[]> {
  const rows: string[] = [];
  for await (const [key, value] of store.range({}))
    rows.push(`${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`);
  return rows;
}

test('the local store of a writer is, byte for byte, that of a mere reader', {
  timeout: 180_000,
}, async () => {
  const fates: Fate[] = ['well', 'well', 'well', 'lost', 'twice', 'unanswered'];
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat(1000)), async (stream) => {
      const random = (limit: number): number => (stream.next().value ?? 0) % limit;
      const broker = new FakeBroker(1 + random(4));
      const plan = planned(80);
      const stores = [new MemoryStore(), new MemoryStore(), new MemoryStore()] as const;
      const driver = broker.driver();
      // Copies of what was set aside stay in the stores, as their topic cannot be made.
      const createTopic: typeof driver.createTopic = (spec) =>
        spec.name === 'x.poison'
          ? Promise.reject(new KafkaUnavailableError('not now'))
          : driver.createTopic(spec);
      const open = (store: MemoryStore) =>
        new KafkaLog({
          driver: { ...driver, createTopic },
          store,
          prefix: 'x',
          maxWaitMs: 20,
          deliveryMs: 400,
        });
      const writers = [open(stores[0]), open(stores[1])] as const;
      for (let tries = 0; tries < 20; tries++) {
        const log = writers[random(2)] ?? writers[0];
        broker.fate = () => fates[random(fates.length)] ?? 'well';
        try {
          const lease = await log.acquire('a');
          for (let appends = random(4); appends >= 0; appends--) {
            const done = (await log.last('a'))?.number ?? 0;
            const some = plan.slice(done, done + 1 + random(9));
            // Now and then one that connects to nothing, at the end or in the middle.
            if (random(6) === 0)
              some.splice(random(some.length + 1), 0, eventOf('connect', { ...fakeGenesis, height: 999 }));
            await log.append(lease, done + 1, some);
          }
        } catch (error) {
          const known = [
            LeaseLostError,
            LogConflictError,
            EventRefusedError,
            AppendUnresolvedError,
            KafkaUnavailableError,
          ];
          if (!known.some((each) => error instanceof each)) throw error;
        }
      }
      broker.fate = () => 'well';
      // What was given up may still be on its way.
      for (let end = -1; end !== broker.end('x.events.a'); await sleep(100)) end = broker.end('x.events.a');
      const logs = [...writers, open(stores[2])];
      for (const log of logs) await log.catchUp('a');
      const state = logs.map((log) => log.status()[0]!);
      for (const { number, offset, stale, poisoned } of state)
        expect({ number, offset, stale, poisoned }).toEqual({
          number: state[2]!.number,
          offset: state[2]!.offset,
          stale: state[2]!.stale,
          poisoned: state[2]!.poisoned,
        });
      for (const log of logs) await log.close();
      const [one, two, reader] = await Promise.all(stores.map(contents));
      expect(reader!.length).toBeGreaterThan(0);
      expect(one).toEqual(reader);
      expect(two).toEqual(reader);
    }),
    { numRuns: 4 },
  );
});
