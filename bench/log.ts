import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findKafka } from '../devnet/kafka/install.js';
import { KafkaCluster } from '../devnet/kafka/server.js';
import { uint64 } from '../indexers/keys.js';
import { EmbeddedLog } from '../indexers/log/embedded.js';
import { type EventInput, encodeEvent, eventOf } from '../indexers/log/event.js';
import type { EventLog } from '../indexers/log/eventLog.js';
import { encodeRecords } from '../indexers/log/kafka/batchEncoder.js';
import type { KafkaSettings } from '../indexers/log/kafka/driver.js';
import { KafkaLog } from '../indexers/log/kafka/kafkaLog.js';
import { TopicReader } from '../indexers/log/kafka/reader.js';
import { readBatches } from '../indexers/log/kafka/recordBatch.js';
import { useFastHasher } from '../proofs/hash/fast.js';
import { LevelStore } from '../storage/level.js';
import { fakeGenesis, fakeHeader } from '../test/support/indexers/fakeKind.js';
import { DRIVERS } from '../test/support/kafka/drivers.js';
import { eventRecords } from '../test/support/kafka/eventRecords.js';
import { type BareProducer, bareKafkajs, barePlatformatic } from './log/bareProducers.js';
import { median, race, report, type Subject } from './measure.js';

/** The event log beside the bare key-value store, and over a real Kafka with each driver. 100,000 headers of 80 bytes and more. */
useFastHasher();
const folder = await mkdtemp(join(tmpdir(), 'crossroot-bench-'));
const COUNT = 100_000;
const CHUNK = 4096;
const ROUNDS = 3;

const inputs: EventInput[] = [];
for (let i = 0, header = fakeGenesis; i < COUNT; i++) {
  const raw = new Uint8Array(80);
  raw.set(header.raw.subarray(0, 80));
  inputs.push({ ...eventOf('connect', header), raw });
  header = fakeHeader(header, i + 1);
}
const encoded = inputs.map((event, i) => encodeEvent({ ...event, chain: 'bench', epoch: 1, number: i + 1 }));

/** Processor time of this process, which a busy machine changes least; a broker's own is not in it. */
async function measured(title: string, subjects: readonly Subject[]): Promise<void> {
  const used = subjects.map(() => [] as number[]);
  const timed = subjects.map((subject, i) => ({
    ...subject,
    run: async () => {
      const before = process.cpuUsage();
      await subject.run();
      const { user, system } = process.cpuUsage(before);
      used[i]?.push((user + system) / subject.count);
    },
  }));
  report(title, await race(timed, ROUNDS));
  // The first round warms up.
  const medians = used.map((each) => median(each.slice(1)));
  for (const [i, { name }] of subjects.entries()) {
    const ratio = (medians[i] ?? 0) / (medians[0] ?? 1);
    console.log(
      `  ${name.padEnd(58)} ${(medians[i] ?? 0).toFixed(1).padStart(11)} µs   x${ratio.toFixed(2)}`,
    );
  }
}

let stores = 0;
const freshStore = () => LevelStore.open(join(folder, `store-${stores++}`));

async function appendAll(log: EventLog, chunk = CHUNK): Promise<void> {
  const lease = await log.acquire('bench');
  for (let at = 0; at < COUNT; at += chunk) await log.append(lease, at + 1, inputs.slice(at, at + chunk));
}

async function readAll(log: EventLog): Promise<void> {
  for (let at = 1, found = 0; at <= COUNT; at += found) {
    found = (await log.read('bench', at, 1000)).length;
    if (found === 0) throw new Error('lost');
  }
}

async function onFresh(task: (store: LevelStore) => Promise<void>): Promise<void> {
  const store = await freshStore();
  await task(store);
  await store.close();
}

await measured('Append 100,000 events, a synced batch of 4,096 each', [
  {
    name: 'bare key-value store',
    count: COUNT,
    run: () =>
      onFresh(async (store) => {
        for (let at = 0; at < COUNT; at += CHUNK)
          await store.batch(
            encoded.slice(at, at + CHUNK).map((value, i) => ({ type: 'put', key: uint64(at + i), value })),
          );
      }),
  },
  {
    name: 'embedded log',
    count: COUNT,
    run: () => onFresh((store) => appendAll(new EmbeddedLog(store))),
  },
  {
    name: 'embedded log, 100 an append',
    count: COUNT,
    run: () => onFresh((store) => appendAll(new EmbeddedLog(store), 100)),
  },
]);

const store = await freshStore();
const embedded = new EmbeddedLog(store);
await appendAll(embedded);
await store.batch(encoded.map((value, i) => ({ type: 'put', key: uint64(i), value })));
await measured('Read 100,000 events in order', [
  {
    name: 'bare key-value store, undecoded',
    count: COUNT,
    run: () => {
      for (let i = 0; i < COUNT; i++) if (store.get(uint64(i)) === undefined) throw new Error('lost');
    },
  },
  { name: 'embedded log', count: COUNT, run: () => readAll(embedded) },
]);
await store.close();

const installation = findKafka();
if (typeof installation === 'string') console.log(`\nKafka: ${installation}: not measured`);
else {
  const cluster = new KafkaCluster({ installation, folder: join(folder, 'kafka') });
  await cluster.start();
  let prefixes = 0;
  const kafka = async (
    make: (typeof DRIVERS)[number][1],
    prefix: string,
    more: Partial<KafkaSettings> = {},
  ) => {
    const local = await freshStore();
    const driver = await make({ brokers: cluster.brokers, clientId: 'bench', ...more });
    const log = new KafkaLog({ driver, store: local, prefix, maxWaitMs: 100 });
    return {
      log,
      driver,
      async close(): Promise<void> {
        await log.close();
        await local.close();
      },
    };
  };
  const records = eventRecords(
    inputs.map((event, i) => ({ ...event, chain: 'bench', epoch: 1, number: i + 1 })),
    new Uint8Array(16),
  );
  /** Writes the same bytes and no more: nothing is read back, nothing is stored here. */
  const produceAll = async (send: BareProducer['send'], topic: string): Promise<void> => {
    for (let at = 0; at < COUNT; at += CHUNK) await send(topic, records.slice(at, at + CHUNK));
  };
  const bare = (name: string, make: (brokers: readonly string[]) => Promise<BareProducer>): Subject => ({
    name: `${name}: the client's own producer alone`,
    count: COUNT,
    run: async () => {
      const producer = await make(cluster.brokers);
      const [, first] = DRIVERS[0]!;
      const { log, close } = await kafka(first, `p${prefixes}`);
      await log.catchUp('bench');
      await close();
      await produceAll((topic, some) => producer.send(topic, some), `p${prefixes++}.events.bench`);
      await producer.close();
    },
  });
  const ours = (compression: 'none' | 'gzip'): Subject[] =>
    DRIVERS.flatMap(([name, make]) => [
      {
        name: `${name}: our record batches alone, ${compression}`,
        count: COUNT,
        run: async () => {
          const { log, driver, close } = await kafka(make, `p${prefixes}`, { compression });
          await log.topics.ensure(driver, log.topics.events('bench'));
          await produceAll(
            (topic, some) => driver.produce(topic, encodeRecords(some)),
            `p${prefixes++}.events.bench`,
          );
          await close();
        },
      },
      {
        name: `${name}: log, appended, read back and stored, ${compression}`,
        count: COUNT,
        run: async () => {
          const { log, close } = await kafka(make, `p${prefixes++}`, { compression });
          await appendAll(log);
          await close();
        },
      },
    ]);
  await measured('Write 100,000 events through one broker, 4,096 at a time', [
    bare('kafkajs', bareKafkajs),
    bare('platformatic', barePlatformatic),
    ...ours('none'),
    ...ours('gzip'),
  ]);
  const full = `p${prefixes++}`;
  const [, first] = DRIVERS[0]!;
  const writer = await kafka(first, full);
  await appendAll(writer.log);
  await writer.close();
  await measured(
    'Fill a local store from a topic of 100,000 events',
    DRIVERS.map(([name, make]) => ({
      name,
      count: COUNT,
      run: async () => {
        const { log, close } = await kafka(make, full);
        await log.catchUp('bench');
        if ((await log.last('bench'))?.number !== COUNT) throw new Error('lost');
        await close();
      },
    })),
  );
  await measured(
    'Fetch 100,000 records without storing them',
    DRIVERS.map(([name, make]) => ({
      name,
      count: COUNT,
      run: async () => {
        const { driver, close } = await kafka(make, full);
        const reader = new TopicReader({ driver });
        for (let next = 0; next < COUNT; ) {
          const { batches } = await reader.fetch(`${full}.events.bench`, next);
          for (const batch of readBatches(batches, 2 ** 26)) {
            for (const _ of batch.records()) next++;
            next = batch.next;
          }
        }
        await reader.reconnect();
        await close();
      },
    })),
  );
  await cluster.stop();
}
console.log(`\n  resident memory ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`);
await rm(folder, { recursive: true });
