import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { hasChdb } from '../../test/support/clickhouse/front.js';
import { EventMaker } from '../../test/support/index/eventMaker.js';
import { IndexQueryError } from './errors.js';
import { ChdbClient } from './sql/chdbClient.js';
import { SqlIndexStore } from './sqlStore.js';

const any = z.record(z.string(), z.unknown());

describe.skipIf(!hasChdb)('the index in SQL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-sql-'));
  let client: ChdbClient;
  let prefixes = 0;
  /** A name of databases that no other test has. */
  const fresh = () => `test${++prefixes}`;

  beforeAll(async () => {
    client = await ChdbClient.open(join(folder, 'index'), { querySeconds: 1, memoryBytes: 40 * 2 ** 20 });
  });
  afterAll(async () => {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('what is written and not published yet is not seen', async () => {
    const prefix = fresh();
    const store = await SqlIndexStore.open(client, { prefix });
    const maker = new EventMaker('c');
    await store.writeEvents('c', maker.take(50));
    const before = await store.headers('c', { from: 0, limit: 100 });
    const progress = (await client.query('p', `SELECT * FROM ${prefix}_1.progress`, any)).length;
    expect(progress).toBeGreaterThan(0);
    const events = maker.take(10);
    const half = new Proxy(client, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (key === 'insert')
          return (...parameters: Parameters<typeof client.insert>) =>
            parameters[0].endsWith('.progress')
              ? Promise.reject(new Error('killed'))
              : target.insert(...parameters);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const killed = await SqlIndexStore.open(half, { prefix });
    await expect(killed.writeEvents('c', events)).rejects.toThrow('killed');
    const rows = await client.query('n', `SELECT max(number) AS last FROM ${prefix}_1.header_events`, any);
    expect(rows).toEqual([{ last: '60' }]);
    expect(await store.headers('c', { from: 0, limit: 100 })).toEqual(before);
    expect((await store.header('c', events[0]!.hash)).row).toBeUndefined();
    await store.writeEvents('c', events);
    expect((await store.view('c')).number).toBe(60);
  });

  test('a flag for the best chain, changed in place, would mix branches', async () => {
    // What the tables here are not: pages of one question before and after a reorganisation.
    const table = `${fresh()}_flagged`;
    await client.command(
      't',
      `CREATE TABLE default.${table} (height UInt64, hash String, parent String, canonical UInt8,
      number UInt64) ENGINE = ReplacingMergeTree(number) ORDER BY (height, hash)`,
    );
    const write = (rows: string) => client.command('w', `INSERT INTO default.${table} VALUES ${rows}`);
    const page = (from: number) =>
      client.query(
        'p',
        `SELECT hash, parent FROM default.${table} FINAL WHERE canonical = 1 AND height >= {from:UInt64}
        ORDER BY height LIMIT 2`,
        z.object({ hash: z.string(), parent: z.string() }),
        { from },
      );
    await write(`(1,'a','',1,1), (2,'b','a',1,2), (3,'c','b',1,3)`);
    const first = await page(1);
    await write(`(3,'c','b',0,4), (2,'b','a',0,5), (2,'B','a',1,6), (3,'C','B',1,7), (4,'D','C',1,8)`);
    const [next] = await page(3);
    expect(next?.parent).not.toBe(first.at(-1)?.hash);
  });

  test('a query that fails half way leaves nothing in the answer of the next', async () => {
    const slow = 'SELECT sum(sipHash64(number)) AS s FROM numbers(100000000000)';
    const failures = await Promise.all(
      [1, 2, 3].map((i) =>
        client.query(`slow ${i}`, slow, any).then(
          () => undefined,
          (error: unknown) => error,
        ),
      ),
    );
    for (const error of failures) {
      expect(error).toBeInstanceOf(IndexQueryError);
      expect(error).toMatchObject({ code: 159, retryable: true });
    }
    for (let i = 0; i < 6; i++)
      expect(await client.query('next', 'SELECT {i:UInt8} AS i', any, { i })).toEqual([{ i }]);
  });

  test('memory and answers are bounded; failures say whether trying again may help', async () => {
    const failing = async (sql: string) =>
      client.query('q', sql, any).then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(await failing('SELECT groupArray(number) AS all FROM numbers(100000000)')).toMatchObject({
      code: 241,
      retryable: true,
    });
    expect(await failing('SELECT number FROM numbers(1000000)')).toMatchObject({
      code: 396,
      retryable: false,
    });
    expect(await failing('SELEC 1')).toMatchObject({ code: 62, retryable: false });
    expect(await failing('SELECT x FROM no.such')).toMatchObject({ code: 81, retryable: true, isGone: true });
    const unread = await client
      .query('q', 'SELECT 1 AS n', z.object({ n: z.string() }))
      .catch((error: unknown) => error);
    expect(unread).toMatchObject({ name: 'IndexQueryError', retryable: false });
    expect(await client.query('q', 'SELECT 1 AS n', any)).toEqual([{ n: 1 }]);
  });
});
