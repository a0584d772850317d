import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { HttpSqlClient } from '../../indexers/store/sql/http/client.js';
import { RowWriter } from '../../indexers/store/sql/rowBinary.js';
import { clickhouseHttpConformance } from '../../test/conformance/clickhouseHttp.js';
import { Random } from '../../test/fuzz/harness.js';
import { hasChdb, startFront, type TestFront } from '../../test/support/clickhouse/front.js';
import { answerTo, basic, clientOf, say } from '../../test/support/clickhouse/say.js';
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

  const target = () => ({ url: front.url, username: 'default', password: PASSWORD });
  const authorization = basic({ url: '', username: 'default', password: PASSWORD });
  const ask = (body: string | Buffer, search?: string) => answerTo(target(), body, search);
  const open = async () => {
    const client = await clientOf(target());
    clients.push(client);
    return client;
  };

  clickhouseHttpConformance(target);

  test('asks for a password where none is given', async () => {
    const nobody = await fetch(`${front.url}/?query=SELECT%201`);
    expect([nobody.status, nobody.headers.get('x-clickhouse-exception-code')]).toEqual([401, '194']);
    expect(nobody.headers.get('www-authenticate')).toMatch(/^Basic/);
    expect(await (await fetch(`${front.url}/replicas_status`)).text()).toBe('Ok.\n');
  });

  test.each([
    ['SELECT 1', '?x%60y=1', 404, 115],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", '', 500, 358],
    ["INSERT INTO FUNCTION null('a String') FROM INFILE '/etc/passwd' FORMAT CSV", '', 500, 358],
    ['SELECT 1', '?session_id=a', 501, 48],
    ['SELECT number FROM numbers(10000000)', '', 500, 396],
    [`SELECT '${'a'.repeat(300_000)}'`, '', 413, 229],
  ])('%s is refused here', async (statement, search, status, code) => {
    const answer = await say(target(), statement, search);
    const named = answer.headers.get('x-clickhouse-exception-code');
    expect([answer.status, named], await answer.text()).toEqual([status, `${code}`]);
  });

  test('takes rows from a POST alone, and nothing but statements', async () => {
    const query = new URLSearchParams({ query: 'INSERT INTO a.t VALUES (1)' });
    const headers = { authorization };
    const got = await fetch(`${front.url}/?${query}`, { headers });
    expect(await got.text()).toMatch(/body of a POST/);
    expect((await fetch(front.url, { method: 'DELETE', headers })).status).toBe(405);
    expect((await fetch(`${front.url}/play`)).status).toBe(404);
  });

  test('refuses too large bodies, packed or not, and says so', async () => {
    const large = Buffer.alloc(40 * 2 ** 20, '1');
    const search = "?query=INSERT%20INTO%20FUNCTION%20null('a%20String')%20FORMAT%20TSV";
    for (const [body, headers] of [
      [large, {}],
      [gzipSync(large), { 'content-encoding': 'gzip' }],
    ] as const) {
      const answer = await say(target(), body, search, headers);
      expect([answer.status, await answer.text()]).toEqual([413, expect.stringMatching(/^Code: 229/)]);
    }
    expect((await say(target(), 'x', search, { 'content-encoding': 'lz4' })).status).toBe(501);
    expect((await say(target(), 'x', search, { 'content-encoding': 'gzip' })).status).toBe(500);
    expect(await readdir(join(front.folder, 'data', 'bodies'))).toEqual([]);
  });

  const LONG = 'SELECT count() FROM numbers(100000000000000) WHERE sipHash64(number) = 1';
  const running = async () =>
    Number(await ask(`SELECT count() FROM system.processes WHERE query LIKE 'SELECT count() FROM numbers%'`));

  test('cancels what nobody waits for', async () => {
    const gone = httpRequest(front.url, { method: 'POST', headers: { authorization } });
    gone.on('error', () => undefined);
    gone.end(LONG);
    while ((await running()) === 0) await sleep(50);
    gone.destroy();
    await expect.poll(running).toBe(0);
  });

  test('lets statements wait for their turn', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, async (_, i) =>
        Number(await ask('SELECT {n:UInt32} + sleep(0.01)', `?param_n=${i}`)),
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
    await expect.poll(() => said.join('')).toMatch(/200 OK[\s\S]*42\n/);
    socket.write(
      `POST / HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nContent-Length: 1000\r\n\r\nSELECT`,
    );
    socket.destroy();
    expect(await ask('SELECT 1')).toBe('1\n');
  });

  test('goes on whatever comes over its port', async () => {
    const random = new Random(7);
    const head = `POST /?query=INSERT+INTO+FUNCTION+null('a+String')+FORMAT+TSV HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\n`;
    const seeds = [
      `${head}Content-Length: 4\r\n\r\nabc\n`,
      `${head}Transfer-Encoding: chunked\r\n\r\n4\r\nabc\n\r\n0\r\n\r\n`,
      `${head}Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\n\x1f\x8b\b\0\0\0\0\0\0`,
      `${head}Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5\r\n\r\n--b--`,
      'GET /ping HTTP/1.1\r\nHost: a\r\n\r\n',
    ];
    const one = (bytes: Buffer) =>
      new Promise<void>((resolve) => {
        const socket = connect(Number(new URL(front.url).port), '127.0.0.1', () => socket.end(bytes));
        socket.setTimeout(3000, () => socket.destroy());
        socket.on('error', () => undefined).on('close', () => resolve());
        socket.resume();
      });
    for (let round = 0; round < 20; round++)
      await Promise.all(
        seeds.map((seed) => {
          const bytes = Buffer.from(seed, 'latin1');
          for (let n = random.below(6); n > 0; n--) bytes[random.below(bytes.length)] = random.below(256);
          return one(bytes.subarray(0, random.below(4) === 0 ? random.below(bytes.length) : undefined));
        }),
      );
    expect(front.process.child.exitCode).toBeNull();
    expect(await ask('SELECT 1')).toBe('1\n');
    // Requests whose senders have gone may still be under way.
    await expect.poll(() => readdir(join(front.folder, 'data', 'bodies'))).toEqual([]);
  });

  test('keeps through kill -9 what it has said is written, and goes on with the clients it had', async () => {
    const client = await open();
    await client.command('database', 'CREATE DATABASE a');
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
