import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findKafka } from '../devnet/kafka/install.js';
import { KafkaCluster } from '../devnet/kafka/server.js';
import { EmbeddedLog } from '../indexers/log/embedded.js';
import type { EventInput } from '../indexers/log/event.js';
import type { EventLog } from '../indexers/log/eventLog.js';
import { KafkaLog } from '../indexers/log/kafka/kafkaLog.js';
import { headerSink } from '../indexers/sinks/headerSink.js';
import { bitcoinContents } from '../indexers/store/contents/bitcoin.js';
import type { BlockContents } from '../indexers/store/contents/blockContents.js';
import { thisMachine } from '../indexers/store/mend/machine.js';
import { ChdbClient } from '../indexers/store/sql/chdbClient.js';
import { SqlIndexStore } from '../indexers/store/sqlStore.js';
import { useFastHasher } from '../proofs/hash/fast.js';
import { LevelStore } from '../storage/level.js';
import { DRIVERS } from '../test/support/kafka/drivers.js';
import { CostingClient } from './index/costs.js';
import { bitcoinBlocks, ethereumBlocks, headerEvents, numbered, Synthetic } from './index/data.js';
import { etlInsert, openEtl } from './index/etl.js';
import { questions, timed } from './index/reads.js';
import { median, type Rate, report } from './measure.js';

/**
 * The index over chDB in this process: headers from a source through the log into the index, blocks' contents, and each of its
 * queries at a million headers and a million transactions. Rows are made up, well-formed and always the same.
 */
useFastHasher();
const folder = await mkdtemp(join(tmpdir(), 'crossroot-bench-'));
const HEADERS = Number(process.env.BENCH_HEADERS ?? 1_000_000);
const TRANSACTIONS = Number(process.env.BENCH_TRANSACTIONS ?? 1_000_000);
const ROUNDS = 3;
const ROUND = Math.min(200_000, HEADERS);
const ETL_ROWS = 500;
const CHUNK = 4096;
const READS = Number(process.env.BENCH_READS ?? 100);
/** Blocks of 2,000 transactions; of Ethereum 200 with two logs each, a quarter as many transactions in all. */
const PER_BITCOIN = 2000;
const PER_ETHEREUM = 200;

const rss = () => `${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`;
const say = (text: string) => console.log(text);
/** Processor time of this process, the index's threads included, by what was done: a busy machine changes it least. */
const processor = new Map<string, number[]>();
/** Seconds that a task takes. @param what names `count` operations whose processor time is noted */
const seconds = async (task: () => Promise<unknown>, what: string, count: number): Promise<number> => {
  const before = process.cpuUsage();
  const start = performance.now();
  await task();
  const took = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const notes = processor.get(what) ?? [];
  notes.push((user + system) / count);
  processor.set(what, notes);
  return took;
};
const sayProcessor = () => {
  for (const [what, notes] of processor) say(`  processor time: ${what} ${median(notes).toFixed(1)} µs`);
  processor.clear();
};
say(`load of the machine at the start: ${loadavg()[0]?.toFixed(1)}`);

const events = headerEvents(HEADERS);
const client = new CostingClient(await ChdbClient.open(join(folder, 'index')));
const store = await SqlIndexStore.open(client, { machineStart: thisMachine });
const etl = await openEtl(join(folder, 'index'));
say(`resident memory with ${HEADERS.toLocaleString('en')} headers made and the index open: ${rss()}`);

let stores = 0;
const freshStore = () => LevelStore.open(join(folder, `store-${stores++}`));

const fail = (error: unknown): never => {
  console.error(error);
  process.exit(1);
};

/** Appends in batches while a sink takes them into the index, until all are there. */
async function through(log: EventLog, chain: string, some: readonly EventInput[]): Promise<void> {
  const sink = headerSink({ log, chain, index: store, gatherMs: 50, onError: fail });
  sink.start();
  const lease = await log.acquire(chain);
  for (let at = 0; at < some.length; at += CHUNK) await log.append(lease, at + 1, some.slice(at, at + CHUNK));
  while (sink.status().done < some.length) await sleep(5);
  await sink.stop();
}

const rate = (name: string, count: number, took: readonly number[]): Rate => ({
  name,
  perSecond: count / median(took),
});

// Headers, embedded, beside a row at a time, in turns.
const taken = { etl: [] as number[], whole: [] as number[], drain: [] as number[] };
for (let round = 0; round < ROUNDS; round++) {
  const from = (round * ETL_ROWS) % HEADERS;
  taken.etl.push(
    await seconds(() => etlInsert(etl, events.slice(from, from + ETL_ROWS)), 'a row at a time', ETL_ROWS),
  );
  const chain = `round-${round}`;
  const local = await freshStore();
  const log = new EmbeddedLog(local);
  taken.whole.push(await seconds(() => through(log, chain, events.slice(0, ROUND)), 'log and index', ROUND));
  // The same log once more into the index, as another chain would be: only the way out of the log.
  const again = `again-${round}`;
  const lease = await log.acquire(again);
  for (let at = 0; at < ROUND; at += CHUNK)
    await log.append(lease, at + 1, events.slice(at, Math.min(ROUND, at + CHUNK)));
  const sink = headerSink({ log, chain: again, index: store, gatherMs: 0, onError: fail });
  taken.drain.push(await seconds(() => sink.drain(), 'log to index', ROUND));
  await local.close();
}
report(`Headers, ${ROUND.toLocaleString('en')} a round, embedded`, [
  rate('a row at a time, as extract-and-load scripts insert', ETL_ROWS, taken.etl),
  rate('appended to the log and indexed at once', ROUND, taken.whole),
  rate('from the log to the index', ROUND, taken.drain),
]);

// Over a real broker.
const installation = findKafka();
if (typeof installation === 'string') say(`\nKafka: ${installation}: not measured`);
else {
  const cluster = new KafkaCluster({ installation, folder: join(folder, 'kafka') });
  await cluster.start();
  const rates: Rate[] = [rate('a row at a time', ETL_ROWS, taken.etl)];
  for (const [name, make] of DRIVERS) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const local = await freshStore();
      const driver = await make({ brokers: cluster.brokers, clientId: 'bench' });
      const log = new KafkaLog({ driver, store: local, prefix: `${name}${round}`, maxWaitMs: 100 });
      times.push(
        await seconds(() => through(log, `kafka-${name}-${round}`, events.slice(0, ROUND)), name, ROUND),
      );
      await log.close();
      await local.close();
    }
    rates.push(rate(`appended, read back and indexed at once, ${name}`, ROUND, times));
  }
  report(`Headers, ${ROUND.toLocaleString('en')} a round, over one broker`, rates);
  await cluster.stop();
}
sayProcessor();
say(`  resident memory: ${rss()}`);

// A million headers, then contents.
const whole = 'bench-headers';
const all = numbered(whole, events);
for (let at = 0; at < all.length; at += 10_000) await store.writeEvents(whole, all.slice(at, at + 10_000));

const random = new Synthetic(3);
const btc = numbered('bench-bitcoin', events.slice(0, Math.ceil(TRANSACTIONS / PER_BITCOIN)));
const eth = numbered('bench-ethereum', events.slice(0, Math.ceil(TRANSACTIONS / 4 / PER_ETHEREUM)));
for (const some of [btc, eth]) await store.writeEvents(some[0]!.chain, some);
const rates: Rate[] = [];
const samples: { bitcoin: BlockContents[]; ethereum: BlockContents[] } = { bitcoin: [], ethereum: [] };
let outputs = 0;
/** Kept for questions: one block in ten. */
const keep = (list: BlockContents[], blocks: readonly BlockContents[]) =>
  list.push(...blocks.filter(({ height }) => height % 10 === 5));

const batch = 25 * PER_BITCOIN;
const parts = { read: [] as number[], write: [] as number[] };
for (let at = 0; at < btc.length; at += 25) {
  const some = btc.slice(at, at + 25);
  const made = await bitcoinBlocks(some, PER_BITCOIN, random);
  parts.read.push(
    await seconds(
      async () => {
        for (const [i, block] of made.blocks.entries()) await bitcoinContents(some[i]!, block);
      },
      'Bitcoin transaction read',
      batch,
    ),
  );
  parts.write.push(
    await seconds(
      () => store.writeContents('bench-bitcoin', made.contents),
      'Bitcoin transaction written',
      batch,
    ),
  );
  for (const { transactions } of made.contents)
    for (const transaction of transactions) outputs += transaction.outputs.length;
  keep(samples.bitcoin, made.contents);
}
await store.publishContents('bench-bitcoin', { from: 1, to: btc.length });
rates.push(rate('Bitcoin transactions read out of raw blocks', batch, parts.read));
rates.push(rate('Bitcoin transactions written, with outputs and spends', batch, parts.write));

const written: number[] = [];
for (let at = 0; at < eth.length; at += 100) {
  const blocks = ethereumBlocks(eth.slice(at, at + 100), PER_ETHEREUM, 2, random);
  written.push(
    (await seconds(
      () => store.writeContents('bench-ethereum', blocks),
      'Ethereum transaction written, with two logs',
      blocks.length * PER_ETHEREUM,
    )) *
      (100 / blocks.length),
  );
  keep(samples.ethereum, blocks);
}
await store.publishContents('bench-ethereum', { from: 1, to: eth.length });
rates.push(rate('Ethereum transactions written, with two logs each', 100 * PER_ETHEREUM, written));
rates.push(rate('… logs', 200 * PER_ETHEREUM, written));
report(
  `Contents: ${(btc.length * PER_BITCOIN).toLocaleString('en')} Bitcoin transactions, ${outputs.toLocaleString('en')} outputs; ${(eth.length * PER_ETHEREUM).toLocaleString('en')} Ethereum transactions, twice as many logs`,
  rates,
);
sayProcessor();
say(`  resident memory: ${rss()}`);

// Each query.
const list = questions({
  store,
  headers: { chain: whole, events: all },
  bitcoin: samples.bitcoin.flatMap((one) => (one.kind === 'bitcoin' ? [one] : [])),
  ethereum: samples.ethereum.flatMap((one) => (one.kind === 'ethereum' ? [one] : [])),
});
const timings = await timed(list, READS, new Synthetic(5), client);
say(`\nQueries, ${READS} of each in turns (load of the machine ${loadavg()[0]?.toFixed(1)})`);
for (const { name, medianMs, p99Ms, rows, bytes, answers } of timings)
  say(
    `  ${name.padEnd(46)} median ${medianMs.toFixed(1).padStart(7)} ms   p99 ${p99Ms.toFixed(1).padStart(7)} ms   read ${Math.round(rows).toLocaleString('en').padStart(10)} rows ${(bytes / 1024).toFixed(0).padStart(7)} KiB   answers ${answers.toFixed(1)}`,
  );
say(`\nresident memory at the end: ${rss()}`);
await etl.close();
await store.close();
await rm(folder, { recursive: true });
