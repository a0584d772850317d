import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { HttpSqlClient } from '../../indexers/store/sql/http/client.js';
import { RowWriter } from '../../indexers/store/sql/rowBinary.js';
import { hasChdb, startFront, type TestFront } from '../../test/support/clickhouse/front.js';
import { compileEntry } from '../../test/support/compile.js';

const PASSWORD = 'correct horse';
const LIMITS = ['--max-seconds', '20', '--max-body-mebibytes', '32', '--max-result-mebibytes', '4'];

// chDB is an optional package.
describe.skipIf(!hasChdb)('the stand-in for a ClickHouse server', { timeout: 180_000 }, () => {
  let front: TestFront;
  const clients: HttpSqlClient[] = [];
  beforeAll(async () => {
    front = await startFront({ password: PASSWORD, args: [...LIMITS, '--max-running', '2'] });
  }, 180_000);
  afterAll(async () => {
    await Promise.all(clients.map((one) => one.close()));
    await front.close();
  });

  const authorization = `Basic ${Buffer.from(`default:${PASSWORD}`).toString('base64')}`;
  const say = (body: string | Buffer, search = '', headers: Record<string, string> = {}) =>
    fetch(`${front.url}/${search}`, {
      method: 'POST',
      body: new Uint8Array(Buffer.from(body)),
      headers: { authorization, ...headers },
    });
  const text = async (answer: Promise<Response>) => (await answer).text();
  const open = async (compression: 'none' | 'gzip' = 'none', password = PASSWORD, url = front.url) => {
    const client = await HttpSqlClient.open({
      ...{ url, username: 'default', password, requestTimeoutMs: 20_000, compression, maxConnections: 4 },
    });
    clients.push(client);
    return client;
  };

  test('is up without a password, and does nothing else without one', async () => {
    expect(await text(fetch(`${front.url}/ping`))).toBe('Ok.\n');
    expect(await text(fetch(`${front.url}/replicas_status`))).toBe('Ok.\n');
    const nobody = await fetch(`${front.url}/?query=SELECT%201`);
    expect([nobody.status, nobody.headers.get('x-clickhouse-exception-code')]).toEqual([401, '194']);
    expect(nobody.headers.get('www-authenticate')).toMatch(/^Basic/);
    const wrong = await say('SELECT 1', '', { authorization: `Basic ${btoa('default:no')}` });
    expect([wrong.status, wrong.headers.get('x-clickhouse-exception-code')]).toEqual([403, '516']);
    expect(await wrong.text()).toMatch(
      /^Code: 516\. DB::Exception: default: Authentication failed.*\(AUTHENTICATION_FAILED\) \(version /,
    );
    const asked = (await open('none', 'wrong')).ping();
    await expect(asked).rejects.toMatchObject({ retryable: false, message: expect.stringContaining('516') });
  });

  test('answers in the format that is asked for, and says which', async () => {
    const answer = await say('SELECT 1 AS a, 2 AS b', '?default_format=JSONEachRow&query_id=mine');
    expect(await answer.text()).toBe('{"a":1,"b":2}\n');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/x-ndjson; charset=UTF-8',
      'x-clickhouse-format': 'JSONEachRow',
      'x-clickhouse-query-id': 'mine',
      'x-clickhouse-summary': expect.stringMatching(/"result_rows":"1"/),
    });
    expect(await text(say('SELECT 1, 2 FORMAT CSV'))).toBe('1,2\n');
    expect(await text(say('SELECT 1, 2'))).toBe('1\t2\n');
    const packed = await say("SELECT repeat('a', 1000)", '?enable_http_compression=1', {
      'accept-encoding': 'gzip',
    });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect((await packed.text()).length).toBe(1001);
    expect(await text(say(gzipSync('SELECT 7'), '', { 'content-encoding': 'gzip' }))).toBe('7\n');
  });

  test('binds parameters, and settings last for one statement', async () => {
    const hostile = "'); DROP TABLE t; --\\\n\t\u0000é";
    const client = await open();
    const row = z.object({ x: z.string(), n: z.coerce.bigint() });
    const sql = 'SELECT {x:String} AS x, toString({n:UInt64}) AS n';
    expect(await client.query('bound', sql, row, { x: hostile, n: 2n ** 64n - 1n })).toEqual([
      { x: hostile, n: 2n ** 64n - 1n },
    ]);
    expect(await text(say("SELECT getSetting('max_threads')", '?max_threads=7'))).toBe('7\n');
    expect(await text(say("SELECT getSetting('max_threads')"))).not.toBe('7\n');
    expect(await text(say('SELECT {x:String}'))).toMatch(/Substitution `x` is not set/);
    const form = new FormData();
    form.set('query', 'SELECT {x:String}');
    form.set('param_x', 'of a form');
    const answer = await fetch(`${front.url}/`, { method: 'POST', body: form, headers: { authorization } });
    expect(await answer.text()).toBe('of a form\n');
  });

  test('takes rows in any format, of any bytes, from the body', async () => {
    await say('CREATE DATABASE a');
    await say('CREATE TABLE a.t (n UInt64, b String) ENGINE = MergeTree ORDER BY n');
    await say('INSERT INTO a.t FORMAT JSONEachRow\n{"n":1,"b":"x;\\n"}\n');
    await say('2,"y ""z"""\n', '?query=INSERT%20INTO%20a.t%20FORMAT%20CSV');
    await say("INSERT INTO a.t VALUES (3, 'FORMAT CSV'), (4, unhex('ff00'))");
    await say('5\tt\n', '?query=INSERT%20INTO%20t%20FORMAT%20TSV&database=a');
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    for (const packing of ['none', 'gzip'] as const) {
      const writer = new RowWriter();
      writer
        .uint64(packing === 'none' ? 6 : 7)
        .bytes(bytes)
        .endRow();
      await (await open(packing)).insert('a.t', ['n', 'b'], writer.take());
    }
    const row = z.object({ n: z.coerce.number(), b: z.string() });
    const rows = await (await open('gzip')).query(
      'rows',
      'SELECT n, lower(hex(b)) AS b FROM a.t ORDER BY n',
      row,
    );
    const all = Buffer.from(bytes).toString('hex');
    expect(rows.map(({ b }) => b)).toEqual([
      ...['x;\n', 'y "z"', 'FORMAT CSV'].map((one) => Buffer.from(one).toString('hex')),
      ...['ff00', '74', all, all],
    ]);
    const summary = await say('{"n":9}\n', '?query=INSERT%20INTO%20a.t%20FORMAT%20JSONEachRow');
    expect(JSON.parse(summary.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({
      written_rows: '1',
    });
    expect(await readdir(join(front.folder, 'data', 'bodies'))).toEqual([]);
  });

  test.each([
    ['SELECT 1 +', '', 400, 62],
    ['SELECT * FROM nowhere', '', 404, 60],
    ['SELECT 1', '?database=nowhere', 404, 81],
    ['SELECT 1', '?no_such_setting=1', 404, 115],
    ['SELECT 1', '?x%60y=1', 404, 115],
    ['SELECT 1 FORMAT Nothing', '', 404, 73],
    ['SELECT 1; SELECT 2', '', 400, 62],
    ['', '', 400, 62],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", '', 500, 358],
    ['SELECT 1', '?session_id=a', 501, 48],
    ['SELECT throwIf(1)', '', 500, 395],
    [
      'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1',
      '?max_execution_time=1',
      408,
      159,
    ],
    ['SELECT number FROM numbers(10000000)', '', 500, 396],
    [`SELECT '${'a'.repeat(300_000)}'`, '', 413, 229],
    ['INSERT INTO nowhere FORMAT CSV\n1\n', '', 404, 60],
    ["INSERT INTO FUNCTION null('a UInt8') FORMAT CSV\nnot a number\n", '', 400, 117],
    ["INSERT INTO FUNCTION null('a UInt64') FORMAT RowBinary\n123", '', 500, 33],
  ])('%j is refused as ClickHouse does', async (statement, search, status, code) => {
    const answer = await say(statement, search);
    const said = await answer.text();
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')], said).toEqual([
      status,
      `${code}`,
    ]);
    expect(said).toMatch(
      new RegExp(
        `^Code: ${code}\\. DB::Exception: [\\s\\S]*\\([A-Z_]+\\) \\(version [0-9.]+ \\(chDB\\)\\)\\n$`,
      ),
    );
  });

  test('lets a GET read only', async () => {
    const get = (query: string) =>
      fetch(`${front.url}/?${new URLSearchParams({ query })}`, { headers: { authorization } });
    expect(await text(get('SELECT 1 SETTINGS max_threads = 1'))).toBe('1\n');
    expect(await text(get('CREATE DATABASE b'))).toMatch(/READONLY/);
    expect(await text(get('SET readonly = 0'))).toMatch(/READONLY/);
    expect(await text(get('INSERT INTO a.t VALUES (1)'))).toMatch(/body of a POST/);
    expect((await fetch(front.url, { method: 'DELETE', headers: { authorization } })).status).toBe(405);
    expect((await fetch(`${front.url}/play`)).status).toBe(404);
  });

  test('refuses too large bodies, packed or not, and says so', async () => {
    const large = Buffer.alloc(40 * 2 ** 20, '1');
    const search = "?query=INSERT%20INTO%20FUNCTION%20null('a%20String')%20FORMAT%20TSV";
    for (const [body, headers] of [
      [large, {}],
      [gzipSync(large), { 'content-encoding': 'gzip' }],
    ] as const) {
      const answer = await say(body, search, headers);
      expect([answer.status, await answer.text()]).toEqual([413, expect.stringMatching(/^Code: 229/)]);
    }
    expect((await say('x', search, { 'content-encoding': 'lz4' })).status).toBe(501);
    expect((await say('x', search, { 'content-encoding': 'gzip' })).status).toBe(500);
    expect(await readdir(join(front.folder, 'data', 'bodies'))).toEqual([]);
  });

  const LONG = 'SELECT count() FROM numbers(100000000000000) WHERE sipHash64(number) = 1';
  const running = async () =>
    Number(
      await text(say(`SELECT count() FROM system.processes WHERE query LIKE 'SELECT count() FROM numbers%'`)),
    );

  test('cancels what nobody waits for', async () => {
    const gone = httpRequest(front.url, { method: 'POST', headers: { authorization } });
    gone.on('error', () => undefined);
    gone.end(LONG);
    while ((await running()) === 0) await sleep(50);
    gone.destroy();
    const began = Date.now();
    while ((await running()) > 0) {
      expect(Date.now() - began).toBeLessThan(10_000);
      await sleep(50);
    }
  });

  test('lets statements wait for their turn', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, async (_, i) =>
        Number(await text(say(`SELECT {n:UInt32} + sleep(0.01)`, `?param_n=${i}`))),
      ),
    );
    expect(answers).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  test('takes a body in pieces, however slowly, and gives up one that does not end', async () => {
    const socket = connect(Number(new URL(front.url).port), '127.0.0.1');
    const said: string[] = [];
    socket.on('data', (part) => said.push(part.toString())).on('error', () => undefined);
    socket.write(
      `POST / HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nContent-Length: 11\r\n\r\n`,
    );
    for (const byte of 'SELECT 1+41') {
      socket.write(byte);
      await sleep(10);
    }
    const began = Date.now();
    while (!said.join('').includes('42\n') && Date.now() - began < 10_000) await sleep(20);
    expect(said.join('')).toMatch(/200 OK[\s\S]*42\n/);
    socket.write(
      `POST / HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nContent-Length: 1000\r\n\r\nSELECT`,
    );
    socket.destroy();
    expect(await text(say('SELECT 1'))).toBe('1\n');
  });

  test('keeps through kill -9 what it has said is written, and goes on with the clients it had', async () => {
    const client = await open();
    await client.command('table', 'CREATE TABLE a.k (n UInt64) ENGINE = MergeTree ORDER BY n');
    let written = 0;
    for (let round = 0; round < 3; round++) {
      let killed: Promise<void> | undefined;
      for (let i = 0; i < 30; i++) {
        const rows = new RowWriter();
        for (let n = 0; n < 1000; n++) rows.uint64(written + n).endRow();
        if (i === 20 + round) killed = front.kill();
        const done = await client.insert('a.k', ['n'], rows.take()).then(
          () => true,
          (error: { retryable: boolean }) => {
            expect(error.retryable).toBe(true);
            return false;
          },
        );
        if (!done) break;
        written += 1000;
      }
      await killed;
      await front.start();
      const counts = z.object({ distinct: z.coerce.number() });
      const sql = 'SELECT countIf(n < {most:UInt64}) AS distinct FROM (SELECT DISTINCT n FROM a.k)';
      expect(await client.query('kept', sql, counts, { most: written })).toEqual([{ distinct: written }]);
    }
    expect(written).toBeGreaterThan(30_000);
  });

  test('has one owner, and says who stands in for whom', async () => {
    const program = await compileEntry('devnet/clickhouse/main.ts');
    const run = (args: string[]) =>
      new Promise<{ code: number | null; said: string }>((resolve) => {
        const child = execFile(process.execPath, [program, ...args], (_, stdout, stderr) =>
          resolve({ code: child.exitCode, said: stdout + stderr }),
        );
      });
    const second = await run(['--data', join(front.folder, 'data'), '--port', '0']);
    expect(second).toMatchObject({ code: 1, said: expect.stringMatching(/another process/i) });
    const help = await run(['--help']);
    expect(help).toMatchObject({ code: 0, said: expect.stringMatching(/Stands in for a ClickHouse server/) });
    const busy = await run(['--data', join(front.folder, 'other'), '--port', new URL(front.url).port]);
    expect(busy).toMatchObject({ code: 1, said: expect.stringMatching(/port \d+ is in use/) });
    expect((await run(['--data', 'x', '--port', '99999'])).code).toBe(1);
  });
});
