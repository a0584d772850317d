import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { findNetwork } from '../../adapters/registry.js';
import { findKafka } from '../../devnet/kafka/install.js';
import { Topics } from '../../indexers/log/kafka/topics.js';
import { Random } from '../fuzz/harness.js';
import { hasChdb } from '../support/clickhouse/front.js';
import { DRIVERS } from '../support/kafka/drivers.js';
import { ask, compareSets, currentSet, notFoundByHash } from './clickhouse.js';
import { type Unsteady, unsteadyBitcoin, unsteadyEthereum } from './foreign.js';
import { type OwnCopy, ownCopy } from './program.js';
import { residentBytes, type Supervised } from './supervised.js';
import { bestOf, checkBlocks, checkEvents, recordsOf } from './topicCheck.js';
import { CHAINS, DATABASE, PREFIX, STRAIGHT, startTopology, type Topology } from './topology.js';

/**
 * A cluster of processes on a real Kafka, of which any is killed at any time, the broker too, while both foreign chains
 * reorganise. In the end its index is that of one indexer which read the log in one go. `SEED=n` chooses the same kills again.
 */
const SECONDS = Number(process.env.CROSSROOT_FAULT_SECONDS ?? 600);
const SEED = Number(process.env.SEED ?? Math.floor(Date.now() / 1000));
/** Time for everything to come to rest, on a busy machine. */
const SETTLE_MS = 600_000;
/** So long a broker that is back is left alone: between two of its ends there is to be work. */
const BROKER_REST_MS = 20_000;
const installation = findKafka();
const missing =
  typeof installation === 'string' ? `Kafka: ${installation}` : hasChdb ? '' : 'chDB is not installed';
if (missing !== '') console.warn(`fault run: ${missing}: skipped`);

describe.skipIf(missing !== '')('a cluster in trouble', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-faults-'));
  let copy: OwnCopy | undefined;
  let topology: Topology | undefined;
  let failed = true;

  afterAll(async () => {
    await topology?.stop();
    copy?.remove();
    if (failed) console.log(`what the processes said is kept in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  });

  test(`${SECONDS} s, seed ${SEED}: effects once`, { timeout: (SECONDS + 1800) * 1000 }, async () => {
    if (typeof installation === 'string') return;
    const random = new Random(SEED);
    const [driver, makeDriver] = DRIVERS[random.below(DRIVERS.length)]!;
    copy = ownCopy();
    topology = await startTopology({
      ...{ folder, copy, installation },
      driver: driver === 'kafkajs' ? 'kafkajs' : 'platformatic',
    });
    const { kafka, clickhouse, bitcoin, anvil, delegates, indexers, relays, straight } = topology;
    const roles = [...delegates, ...indexers, ...relays];
    for (const one of delegates) one.start();
    await Promise.all(delegates.map((one) => one.up()));
    const chains = [
      await unsteadyBitcoin({ url: bitcoin.url, auth: bitcoin.auth }, new Random(random.next())),
      await unsteadyEthereum({ url: anvil.url }, new Random(random.next())),
    ];
    for (const one of [...indexers, ...relays]) one.start();
    await Promise.all([...indexers, ...relays].map((one) => one.up()));

    const end = Date.now() + 1000 * SECONDS;
    /** Most memory of what is not ours, bytes. */
    const servers = { kafka: 0, clickhouse: 0 };
    let broker = 0;
    let back = Date.now();
    let restarting: Promise<void> = Promise.resolve();
    const unsteady = chains.map(async (chain, i) => {
      const own = new Random(SEED + i + 1);
      for (; Date.now() < end; await sleep(100 + own.below(900))) await chain.act();
    });
    while (Date.now() < end) {
      for (const one of roles) one.measure();
      for (const [name, pid] of [
        ['kafka', kafka.pid()],
        ['clickhouse', clickhouse.child.pid],
      ] as const)
        servers[name] = Math.max(servers[name], pid === undefined ? 0 : residentBytes(pid));
      await sleep(1000 + random.below(6000));
      const dice = random.below(10);
      if (dice < 2 && Date.now() - back > BROKER_REST_MS) {
        // Beside everything else: others are killed while it is down, too.
        back = Number.POSITIVE_INFINITY;
        const away = random.below(6000);
        restarting = (async () => {
          await kafka.kill();
          broker++;
          await sleep(away);
          await kafka.up();
          back = Date.now();
        })();
      } else {
        const kind = dice < 6 ? indexers : dice < 8 ? relays : delegates;
        const victim = kind[random.below(kind.length)]!;
        await victim.kill();
        await sleep(random.below(5000));
        victim.start();
      }
    }
    await Promise.all([...unsteady, restarting]);
    for (const one of roles) one.start();
    await Promise.all(roles.map((one) => one.up()));
    for (const chain of chains) await chain.bury();

    // To rest: everything that the nodes have is in the index, and on the main chain.
    const tips = new Map<string, string>();
    for (const chain of chains) tips.set(chain.chain, internal(chain, (await chain.best()).at(-1)!));
    await settled(clickhouse.url, DATABASE, tips);
    await Promise.all([...relays, ...delegates].map((one) => one.stop()));
    await quiet(clickhouse.url, DATABASE);
    await Promise.all(indexers.map((one) => one.stop()));

    // The topics themselves, by a reader of their own.
    const reading = await makeDriver({ brokers: kafka.brokers, clientId: 'check' });
    const facts: Record<string, unknown> = {};
    for (const chain of chains) {
      const topic = checkEvents(chain.chain, await recordsOf(reading, `${PREFIX}.events.${chain.chain}`));
      const best = bestOf(topic.events).map((hash) => Buffer.from(hash).toString('hex'));
      expect(best).toEqual((await chain.best()).map((hash) => internal(chain, hash)));
      const set = await currentSet(clickhouse.url, DATABASE);
      const rows = await ask<{ number: number }>(
        clickhouse.url,
        `SELECT number FROM ${set}.header_events FINAL WHERE chain = '${chain.chain}' ORDER BY number`,
      );
      expect(rows.map(({ number }) => number)).toEqual(topic.events.map(({ number }) => number));
      const { late, leases, disconnects } = topic;
      facts[chain.chain] = { ...chain.counts, events: topic.events.length, disconnects, leases, late };
    }
    // It is made when something is first set aside.
    const topics = new Topics({ prefix: PREFIX, replication: 1, maxBatchBytes: 2 ** 23 });
    await topics.ensure(reading, topics.poison);
    facts.poison = (await recordsOf(reading, topics.poison)).length;
    facts.main = checkBlocks(await recordsOf(reading, topics.blocks));
    await reading.close();

    // One indexer, in one go, into a database of its own.
    straight.start();
    await straight.up();
    await settled(clickhouse.url, STRAIGHT, tips);
    await quiet(clickhouse.url, STRAIGHT);
    await straight.stop();
    const [ours, theirs] = [
      await currentSet(clickhouse.url, DATABASE),
      await currentSet(clickhouse.url, STRAIGHT),
    ];
    const differences = await compareSets(clickhouse.url, ours, theirs);
    console.log(
      JSON.stringify({
        ...{ seed: SEED, seconds: SECONDS, driver, facts, broker },
        megabytes: Object.fromEntries(
          [...roles.map((one) => [one.name, one.memory] as const), ...Object.entries(servers)].map(
            ([name, bytes]) => [name, Math.round(bytes / 2 ** 20)],
          ),
        ),
        kills: Object.fromEntries(roles.map((one) => [one.name, one.kills])),
        ends: Object.fromEntries(
          roles.filter((one) => one.ends.length > 0).map((one) => [one.name, one.ends]),
        ),
        tables: Object.fromEntries(differences.map(({ table, rows }) => [table, rows])),
      }),
    );
    expect(differences.filter(({ onlyFirst, onlySecond }) => onlyFirst + onlySecond > 0)).toEqual([]);
    expect(differences.find(({ table }) => table === 'blocks')?.rows).toBeGreaterThan(0);
    for (const set of [ours, theirs]) expect(await notFoundByHash(clickhouse.url, set)).toBe(0);
    expect(facts.poison).toBe(0);
    expect(killed(indexers) + killed(relays) + killed(delegates) + broker).toBeGreaterThan(0);
    failed = false;
  });
});

const killed = (some: readonly Supervised[]) => some.reduce((sum, { kills }) => sum + kills, 0);

/** A hash as a node writes it, in internal byte order, bare hex. */
function internal({ chain }: Unsteady, hash: string): string {
  return Buffer.from(findNetwork(chain).kind.parseHash(hash)).toString('hex');
}

interface Progress {
  readonly chain: string;
  readonly number: number;
  readonly hash: string;
}

/** Waits until headers and contents of each chain are in, up to the node's own tip. */
async function settled(url: string, database: string, tips: ReadonlyMap<string, string>): Promise<void> {
  let last = '';
  for (const end = Date.now() + SETTLE_MS; Date.now() < end; await sleep(1000)) {
    try {
      const set = await currentSet(url, database);
      const headers = await ask<Progress>(
        url,
        `SELECT chain, number, lower(hex(hash)) AS hash FROM ${set}.progress FINAL WHERE stream = 'headers'`,
      );
      const contents = await ask<{ chain: string; first: number; last: number }>(
        url,
        `SELECT chain, first, last FROM ${set}.contents_progress FINAL`,
      );
      last = JSON.stringify({ headers, contents });
      const done = CHAINS.every((chain) => {
        const head = headers.find((one) => one.chain === chain);
        const all = contents.filter((one) => one.chain === chain).sort((a, b) => a.first - b.first);
        let next = 1;
        for (const range of all) if (range.first <= next) next = Math.max(next, range.last + 1);
        return head !== undefined && head.hash === tips.get(chain) && next > head.number;
      });
      if (done) return;
    } catch (error) {
      last = String(error);
    }
  }
  throw new Error(`${database} does not come to rest: ${last}`);
}

/** Waits until nothing has been written for a while. */
async function quiet(url: string, database: string): Promise<void> {
  let before = '';
  for (let same = 0, i = 0; same < 6 && i < 240; i++, await sleep(1000)) {
    const set = await currentSet(url, database);
    const counts = await ask<object>(
      url,
      `SELECT (SELECT count() FROM ${set}.header_events) AS events, (SELECT count() FROM ${set}.main_blocks) AS blocks,
       (SELECT count() FROM ${set}.certificates) AS certificates, (SELECT count() FROM ${set}.evidence) AS evidence`,
    );
    const now = JSON.stringify(counts);
    same = now === before ? same + 1 : 0;
    before = now;
  }
}
