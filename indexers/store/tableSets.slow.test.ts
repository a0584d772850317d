import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { toBareHex } from '../../proofs/bytes.js';
import { hasChdb } from '../../test/support/clickhouse/front.js';
import { EventMaker } from '../../test/support/index/eventMaker.js';
import { IndexUnavailableError } from './errors.js';
import { MIGRATIONS, SET_TABLES } from './migrations.js';
import { ChdbClient } from './sql/chdbClient.js';
import { SqlIndexStore } from './sqlStore.js';

const any = z.record(z.string(), z.unknown());

describe.skipIf(!hasChdb)('sets of tables', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-sets-'));
  let client: ChdbClient;
  let prefixes = 0;
  /** A name of databases that no other test has. */
  const fresh = () => `test${++prefixes}`;
  const names = async (prefix: string) =>
    (
      await client.query(
        'names',
        `SELECT name FROM system.tables WHERE database = {prefix:String} ORDER BY name`,
        any,
        { prefix },
      )
    ).map(({ name }) => name);

  const commitments = (prefix: string) =>
    client.query('commitments', `SELECT * FROM ${prefix}.commitments ORDER BY main_height DESC`, any);

  beforeAll(async () => {
    client = await ChdbClient.open(join(folder, 'index'), { querySeconds: 1, memoryBytes: 200 * 2 ** 20 });
  });
  afterAll(async () => {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the tables of the first release are carried over', async () => {
    const prefix = fresh();
    for (const statement of released(prefix)) await client.command('released', statement);
    const store = await SqlIndexStore.open(client, { prefix });
    expect(await commitments(prefix)).toMatchObject([
      { main_height: '8', size: '11', tip_height: '110', status: 1 },
      { main_height: '7', size: '10', tip_height: '109', status: 1 },
    ]);
    // They are shown once the index has come to their main-chain blocks, which it reads from the log.
    expect((await store.commitments('bitcoin-main', { limit: 5 })).rows).toEqual([]);
    const filled = new Uint8Array(32);
    const block = {
      height: 8,
      root: filled,
      parentRoot: filled,
      slot: 8,
      term: 0,
      producer: 0,
      header: filled,
    };
    await store.writeMainBlocks([{ block, commitments: [] }]);
    expect((await store.commitments('bitcoin-main', { limit: 5 })).rows).toHaveLength(2);
    expect((await store.evidence('bitcoin-main', { limit: 5 })).rows).toMatchObject([
      { kind: 'source-fault', source: 'b', message: 'second', seen: 6 },
      { kind: 'invalid-header', source: 'a', message: 'first', seen: 5, raw: '00ff' },
    ]);
    // Headers come anew from the log.
    expect(await store.lastNumber('bitcoin-main')).toBe(0);
    expect(await names(prefix)).toEqual(
      expect.arrayContaining(['headers', 'commitments', 'meta_migrations', 'meta_sets']),
    );
    const engines = await client.query(
      'engines',
      `SELECT DISTINCT engine FROM system.tables WHERE database = {prefix:String} AND name NOT LIKE 'meta_%'`,
      any,
      { prefix },
    );
    expect(engines).toEqual([{ engine: 'View' }]);
    // Opening it again does nothing more.
    const again = await SqlIndexStore.open(client, { prefix });
    expect((await again.commitments('bitcoin-main', { limit: 5 })).rows).toHaveLength(2);
    expect(await again.sets.current()).toBe(1);
  });

  test('a migration that was cut off anywhere is completed', async () => {
    // After how many statements it is cut off.
    for (const after of [3, 9, 30, 60, 75]) {
      const prefix = fresh();
      for (const statement of released(prefix)) await client.command('released', statement);
      let left = after;
      const cut = new Proxy(client, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key, target);
          if (key === 'command' && left-- <= 0) throw new Error('cut off');
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      await SqlIndexStore.open(cut, { prefix }).catch(() => undefined);
      const store = await SqlIndexStore.open(client, { prefix });
      expect(await commitments(prefix)).toHaveLength(2);
      expect((await store.evidence('bitcoin-main', { limit: 5 })).rows).toHaveLength(2);
      expect(await store.sets.current()).toBe(1);
    }
  });

  test('later steps change the set in use, once, and may ask for a rebuild', async () => {
    const prefix = fresh();
    const store = await SqlIndexStore.open(client, { prefix });
    await store.writeProofs([
      {
        chain: 'x',
        kind: 'k',
        subject: 's',
        height: 1,
        mainHeight: 1,
        bytes: 1,
        milliseconds: 1,
        time: Date.now(),
      },
    ]);
    let ran = 0;
    const later = [
      ...MIGRATIONS,
      {
        version: MIGRATIONS.length + 1,
        name: 'a new column',
        inPlace: (database: string) => {
          ran++;
          return [`ALTER TABLE ${database}.proofs_served ADD COLUMN IF NOT EXISTS relay String`];
        },
      },
      { version: MIGRATIONS.length + 2, name: 'another order', rebuild: true },
    ];
    for (let i = 0; i < 2; i++) {
      const migrated = await SqlIndexStore.open(client, { prefix, migrations: later });
      expect(await migrated.sets.rebuildNeeded()).toBe(true);
      expect((await migrated.proofsServed({ limit: 1 })).rows).toHaveLength(1);
    }
    expect(ran).toBe(1);
    expect(await client.query('q', `SELECT relay FROM ${prefix}.proofs_served`, any)).toEqual([
      { relay: '' },
    ]);
    const newest = await SqlIndexStore.open(client, { prefix, migrations: later });
    await newest.sets.swap(await newest.sets.newSet());
    expect(await newest.sets.rebuildNeeded()).toBe(false);
    // An older program does not touch what a newer one made.
    await expect(SqlIndexStore.open(client, { prefix })).rejects.toThrow(IndexUnavailableError);
  });

  test('people find every table by a stable name, before and after a swap', async () => {
    const prefix = fresh();
    const store = await SqlIndexStore.open(client, { prefix });
    const maker = new EventMaker('c');
    const events = maker.take(30);
    await store.writeEvents('c', events);
    for (const { name, called = name, stable } of SET_TABLES)
      if (stable !== 'none') await client.query(name, `SELECT * FROM ${prefix}.${called} LIMIT 1`, any);
    const count = async () =>
      (
        await client.query(
          'n',
          `SELECT count() AS n, countIf(canonical) AS best FROM ${prefix}.headers WHERE hash = {hash:String}
        OR number < 5`,
          any,
          { hash: toBareHex(events[9]!.hash) },
        )
      )[0];
    const before = await count();
    expect(before).toEqual({ n: '4', best: '4' });
    const set = await store.sets.newSet();
    await set.writeEvents('c', events);
    await store.sets.swap(set);
    expect(await count()).toEqual(before);
  });

  test('readers wait for whoever makes the tables; a set out of use goes after its grace, and questions move on', async () => {
    const prefix = fresh();
    const reader = await SqlIndexStore.open(client, { prefix, readOnly: true, pointerMs: 60_000 });
    await expect(reader.view('c')).rejects.toMatchObject({ name: 'IndexUnavailableError', retryable: true });
    expect(await names(prefix)).toEqual([]);
    const store = await SqlIndexStore.open(client, { prefix, graceMs: 0 });
    await store.writeEvents('c', new EventMaker('c').take(3));
    expect((await reader.view('c')).number).toBe(3);
    const set = await store.sets.newSet();
    await set.writeEvents('c', new EventMaker('c').take(5));
    await store.sets.swap(set);
    expect(await store.sets.dropOld()).toBe(1);
    // Its pointer is old; its set is gone.
    expect((await reader.view('c')).number).toBe(5);
    expect(await store.sets.dropOld()).toBe(0);
  });
});

/** The first release's tables, with rows. */
function released(prefix: string): string[] {
  const hash = (n: number) => `unhex('${String(n).padStart(2, '0').repeat(32)}')`;
  return [
    `CREATE DATABASE ${prefix}`,
    `CREATE TABLE ${prefix}.headers (chain LowCardinality(String), height UInt64, time UInt64, canonical UInt8, number UInt64,
      hash FixedString(32), parent FixedString(32), raw String) ENGINE = ReplacingMergeTree(number) ORDER BY (chain, height, hash)`,
    ...['undone', 'finality'].map(
      (name) => `CREATE TABLE ${prefix}.${name} (chain LowCardinality(String), number UInt64, height UInt64,
        hash FixedString(32)) ENGINE = ReplacingMergeTree ORDER BY (chain, number)`,
    ),
    `CREATE TABLE ${prefix}.commitments (chain LowCardinality(String), main_height UInt64, status UInt8, epoch UInt64,
      start UInt64, size UInt64, tip_height UInt64, reorg_count UInt64, policy_version UInt32,
      main_root_hex String EPHEMERAL, main_root FixedString(32) DEFAULT unhex(main_root_hex), history_root FixedString(32),
      tip_hash FixedString(32)) ENGINE = ReplacingMergeTree ORDER BY (chain, main_height)`,
    `CREATE TABLE ${prefix}.evidence (chain LowCardinality(String), number UInt64, kind LowCardinality(String), source String,
      height UInt64, hash String, message String, raw String, seen UInt64) ENGINE = ReplacingMergeTree ORDER BY (chain, number)`,
    `INSERT INTO ${prefix}.headers VALUES ('bitcoin-main', 1, 2, 1, 1, ${hash(1)}, ${hash(0)}, 'raw')`,
    `INSERT INTO ${prefix}.commitments (chain, main_height, status, epoch, start, size, tip_height, reorg_count, policy_version,
      main_root, history_root, tip_hash) VALUES
      ('bitcoin-main', 7, 1, 0, 100, 10, 109, 0, 1, ${hash(7)}, ${hash(2)}, ${hash(3)}),
      ('bitcoin-main', 8, 1, 0, 100, 11, 110, 0, 1, ${hash(8)}, ${hash(2)}, ${hash(4)})`,
    `INSERT INTO ${prefix}.evidence VALUES ('bitcoin-main', 1, 'invalid-header', 'a', 5, 'ab', 'first', '00ff', 5),
      ('bitcoin-main', 2, 'source-fault', 'b', 6, '', 'second', '', 6)`,
  ];
}
