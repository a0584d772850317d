import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import * as z from 'zod';
import type { HttpSqlClient, HttpSqlOptions } from '../../indexers/store/sql/http/client.js';
import { RowWriter } from '../../indexers/store/sql/rowBinary.js';
import { answerTo, basic, type ClickHouseTarget, clientOf, say } from '../support/clickhouse/say.js';

/** A database that these tests make and drop. */
const DB = 'crossroot_http_test';

/** What of ClickHouse's HTTP interface the index and people with curl rely on. */
export function clickhouseHttpConformance(target: () => ClickHouseTarget): void {
  const clients: HttpSqlClient[] = [];
  const open = async (options: Partial<HttpSqlOptions> = {}, as: Partial<ClickHouseTarget> = {}) => {
    const client = await clientOf({ ...target(), ...as }, options);
    clients.push(client);
    return client;
  };
  const ask = (body: string | Buffer, search?: string, headers?: Record<string, string>) =>
    answerTo(target(), body, search, headers);
  afterAll(async () => {
    await ask(`DROP DATABASE IF EXISTS ${DB} SYNC`);
    await Promise.all(clients.map((one) => one.close()));
  });

  test('is up without a password, and does nothing else without one', async () => {
    expect(await (await fetch(`${target().url}/ping`)).text()).toBe('Ok.\n');
    const wrong = await say({ ...target(), password: 'no such password' }, 'SELECT 1');
    expect([wrong.status, wrong.headers.get('x-clickhouse-exception-code')]).toEqual([403, '516']);
    expect(await wrong.text()).toMatch(
      /^Code: 516\. DB::Exception: .*Authentication failed[\s\S]*\(AUTHENTICATION_FAILED\)/,
    );
    const asked = (await open({}, { password: 'no such password' })).ping();
    await expect(asked).rejects.toMatchObject({ retryable: false, code: 516 });
  });

  test('answers in the format that is asked for, and says which', async () => {
    const answer = await say(
      target(),
      'SELECT 1 AS a, 2 AS b',
      '?default_format=JSONEachRow&query_id=mine&wait_end_of_query=1',
    );
    expect(await answer.text()).toBe('{"a":1,"b":2}\n');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': expect.stringMatching(/json/),
      'x-clickhouse-format': 'JSONEachRow',
      'x-clickhouse-query-id': 'mine',
      'x-clickhouse-summary': expect.stringMatching(/"result_rows":"1"/),
    });
    expect(await ask('SELECT 1, 2 FORMAT CSV')).toBe('1,2\n');
    expect(await ask('SELECT 1, 2')).toBe('1\t2\n');
    const gzip = { 'accept-encoding': 'gzip' };
    const packed = await say(target(), "SELECT repeat('a', 1000)", '?enable_http_compression=1', gzip);
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect((await packed.text()).length).toBe(1001);
    expect(await ask(gzipSync('SELECT 7'), '', { 'content-encoding': 'gzip' })).toBe('7\n');
  });

  test('binds parameters, and settings last for one statement', async () => {
    const hostile = "'); DROP TABLE t; --\\\n\t\u0000é";
    const client = await open();
    const row = z.object({ x: z.string(), n: z.coerce.bigint() });
    const sql = 'SELECT {x:String} AS x, {n:UInt64} AS n';
    const values = { x: hostile, n: 2n ** 64n - 1n };
    expect(await client.query('bound', sql, row, values)).toEqual([values]);
    expect(await ask("SELECT getSetting('max_block_size')", '?max_block_size=777')).toBe('777\n');
    expect(await ask("SELECT getSetting('max_block_size')")).not.toBe('777\n');
    expect(await ask('SELECT {x:String}')).toMatch(/Substitution `x` is not set/);
    const form = new FormData();
    form.set('query', 'SELECT {x:String}');
    form.set('param_x', 'of a form');
    const headers = { authorization: basic(target()) };
    const answer = await fetch(`${target().url}/`, { method: 'POST', body: form, headers });
    expect(await answer.text()).toBe('of a form\n');
  });

  test('takes rows in any format, of any bytes, from the body', async () => {
    const into = (format: string, table = `${DB}.t`) =>
      `?${new URLSearchParams({ query: `INSERT INTO ${table} FORMAT ${format}` })}`;
    await ask(`DROP DATABASE IF EXISTS ${DB} SYNC`);
    await ask(`CREATE DATABASE ${DB}`);
    await ask(`CREATE TABLE ${DB}.t (n UInt64, b String) ENGINE = MergeTree ORDER BY n`);
    await ask(`INSERT INTO ${DB}.t FORMAT JSONEachRow\n{"n":1,"b":"x;\\n"}\n`);
    await ask('2,"y ""z"""\n', into('CSV'));
    await ask(`INSERT INTO ${DB}.t VALUES (3, 'FORMAT CSV'), (4, unhex('ff00'))`);
    await ask('5\tt\n', `${into('TSV', 't')}&database=${DB}`);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    for (const [n, compression] of [
      [6, 'none'],
      [7, 'gzip'],
    ] as const) {
      const rows = new RowWriter().uint64(n).bytes(bytes).endRow().take();
      await (await open({ compression })).insert(`${DB}.t`, ['n', 'b'], rows);
    }
    const client = await open({ compression: 'gzip' });
    const row = z.object({ n: z.coerce.number(), b: z.string() });
    const rows = await client.query('rows', `SELECT n, lower(hex(b)) AS b FROM ${DB}.t ORDER BY n`, row);
    const all = Buffer.from(bytes).toString('hex');
    expect(rows.map(({ b }) => b)).toEqual([
      ...['x;\n', 'y "z"', 'FORMAT CSV'].map((one) => Buffer.from(one).toString('hex')),
      ...['ff00', '74', all, all],
    ]);
    expect(client.cost('rows')).toMatchObject({ rows: 7 });
    const written = await say(target(), '{"n":9}\n', `${into('JSONEachRow')}&wait_end_of_query=1`);
    const summary = JSON.parse(written.headers.get('x-clickhouse-summary') ?? '');
    expect(summary).toMatchObject({ written_rows: '1' });
  });

  test.each([
    ['SELECT 1 +', '', 400, 62],
    ['SELECT * FROM nowhere', '', 404, 60],
    ['SELECT 1', '?database=nowhere', 404, 81],
    ['SELECT 1', '?no_such_setting=1', 404, 115],
    ['SELECT 1 FORMAT Nothing', '', 404, 73],
    ['SELECT 1; SELECT 2', '', 400, 62],
    ['', '', 400, 62],
    ['SELECT throwIf(1)', '', 500, 395],
    [
      'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1',
      '?max_execution_time=1',
      408,
      159,
    ],
    ['SELECT number FROM numbers(1000)', '?max_result_rows=10&result_overflow_mode=throw', 500, 396],
    ['INSERT INTO nowhere FORMAT CSV\n1\n', '', 404, 60],
    ["INSERT INTO FUNCTION null('a UInt8') FORMAT CSV\nnot a number\n", '', 400, 117],
    ["INSERT INTO FUNCTION null('a UInt64') FORMAT RowBinary\n123", '', 500, 33],
  ])('%j is refused', async (statement, search, status, code) => {
    const answer = await say(target(), statement, search);
    const said = await answer.text();
    const named = answer.headers.get('x-clickhouse-exception-code');
    expect([answer.status, named], said).toEqual([status, `${code}`]);
    expect(said).toMatch(
      new RegExp(`^Code: ${code}\\. DB::Exception: [\\s\\S]*\\([A-Z_]+\\) \\(version [^\\n]+\\)\\n$`),
    );
  });

  test('lets a GET read only', async () => {
    const get = async (query: string) => {
      const search = new URLSearchParams({ query });
      const headers = { authorization: basic(target()) };
      return (await fetch(`${target().url}/?${search}`, { headers })).text();
    };
    expect(await get('SELECT 1 SETTINGS max_threads = 1')).toBe('1\n');
    expect(await get(`CREATE DATABASE ${DB}_2`)).toMatch(/READONLY/);
    expect(await get('SET readonly = 0')).toMatch(/READONLY/);
  });
}
