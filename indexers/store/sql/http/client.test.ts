import type { ServerResponse } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { isRetryable } from '../../../../proofs/errors/base.js';
import {
  type Handler,
  honest,
  json,
  type Liar,
  refuse,
  says,
  startLiar,
} from '../../../../test/support/clickhouse/liar.js';
import { IndexQueryError } from '../../errors.js';
import { HttpSqlClient, type HttpSqlOptions } from './client.js';

const row = z.object({ a: z.number() });
const installed = await import('@clickhouse/client').then(
  () => true,
  () => false,
);

// The client is an optional package.
describe.skipIf(!installed)('a ClickHouse over HTTP', () => {
  let liar: Liar;
  const opened: HttpSqlClient[] = [];
  beforeAll(async () => {
    liar = await startLiar(says(''));
  });
  afterAll(async () => {
    await Promise.all(opened.map((one) => one.close()));
    await liar.close();
  });
  beforeEach(() => {
    liar.requests = 0;
  });

  const open = async (options: Partial<HttpSqlOptions> = {}) => {
    const client = await HttpSqlClient.open({
      url: liar.url,
      username: 'default',
      password: 'hunter2',
      requestTimeoutMs: 5000,
      compression: 'none',
      maxConnections: 2,
      ...options,
    });
    opened.push(client);
    return client;
  };
  const ask = async (handler: Handler, options: Partial<HttpSqlOptions> = {}) => {
    liar.handler = handler;
    return (await open(options)).query('asking', 'SELECT a', row);
  };
  const failure = async (asked: Promise<unknown>): Promise<IndexQueryError> => {
    const error = await asked.then(
      () => new Error('it was answered'),
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(IndexQueryError);
    return error as IndexQueryError;
  };

  test('gives rows, and what they took', async () => {
    liar.handler = says(json([{ a: 1 }, { a: 2 }]));
    const client = await open();
    expect(await client.query('two rows', 'SELECT a', row)).toEqual([{ a: 1 }, { a: 2 }]);
    expect(client.cost('two rows')).toEqual({ rows: 10, bytes: 80, seconds: 0.0015 });
    expect(client.cost('other')).toBeUndefined();
  });

  test('sends statements, parameters and rows as ClickHouse reads them', async () => {
    const seen: { url: URL; body: Buffer; user: string | undefined }[] = [];
    liar.handler = (request, response, body) => {
      const { authorization } = request.headers;
      const user = authorization && Buffer.from(authorization.slice(6), 'base64').toString();
      seen.push({ url: new URL(request.url ?? '', liar.url), body, user });
      response.writeHead(200, honest).end(json([]));
    };
    const client = await open();
    await client.query('a', 'SELECT {x:String}, {l:Array(UInt64)}', row, { x: "a'\t\\b", l: [1, 2n ** 63n] });
    await client.insert('d.t', ['a', 'b'], Uint8Array.of(0, 255, 10, 13));
    await client.insert('d.t', ['a'], new Uint8Array());
    await client.command('c', 'CREATE DATABASE d');
    await expect(client.insert('d.t; DROP', ['a'], Uint8Array.of(1))).rejects.toThrow(RangeError);
    expect(seen).toHaveLength(3);
    expect(seen.map(({ user }) => user)).toEqual(Array(3).fill('default:hunter2'));
    const [asked, written, said] = seen;
    expect(asked?.body.toString()).toBe('SELECT {x:String}, {l:Array(UInt64)} FORMAT JSON');
    expect(asked?.url.searchParams.get('param_x')).toBe("a\\'\\t\\\\b");
    expect(asked?.url.searchParams.get('param_l')).toBe('[1,9223372036854775808]');
    expect(written?.url.searchParams.get('query')).toBe('INSERT INTO d.t (a, b) FORMAT RowBinary');
    expect([...(written?.body ?? [])]).toEqual([0, 255, 10, 13]);
    expect(said?.body.toString()).toBe('CREATE DATABASE d');
    // Whatever the account's own settings are: a write is in when it returns, also where it was made before.
    for (const { url } of seen) {
      expect(url.searchParams.get('async_insert')).toBe('0');
      expect(url.searchParams.get('insert_deduplicate')).toBe('0');
    }
  });

  test('packs what goes out and unpacks what comes in', async () => {
    const unpacked: Buffer[] = [];
    liar.handler = (request, response, body) => {
      if (request.headers['content-encoding'] === 'gzip') unpacked.push(gunzipSync(body));
      response.writeHead(200, { ...honest, 'Content-Encoding': 'gzip' }).end(gzipSync(json([{ a: 3 }])));
    };
    const client = await open({ compression: 'gzip' });
    expect(await client.query('packed', 'SELECT a', row)).toEqual([{ a: 3 }]);
    await client.insert('d.t', ['a'], Uint8Array.of(7, 7));
    expect(unpacked.map((one) => one.toString('latin1'))).toEqual(['SELECT a FORMAT JSON', '\x07\x07']);
  });

  /** Answers, and whether asking again may help. */
  const failures: [string, Handler, boolean, RegExp][] = [
    ['a syntax error', refuse(400, 62, 'Syntax error (SYNTAX_ERROR)'), false, /Syntax error/],
    [
      'a wrong password',
      refuse(403, 516, 'Authentication failed (AUTHENTICATION_FAILED)'),
      false,
      /Authentication/,
    ],
    [
      'an unknown table, as when tables are swapped',
      refuse(404, 60, 'Unknown table (UNKNOWN_TABLE)'),
      true,
      /Unknown/,
    ],
    ['too many statements', refuse(500, 202, 'Too many (TOO_MANY_SIMULTANEOUS_QUERIES)'), true, /Too many/],
    ['too little memory', refuse(500, 241, 'Memory limit (MEMORY_LIMIT_EXCEEDED)'), true, /Memory/],
    [
      'an exception after a good status',
      refuse(200, 159, 'Timeout exceeded (TIMEOUT_EXCEEDED)'),
      true,
      /Timeout/,
    ],
    ['a proxy without its server', (_, r) => r.writeHead(503).end('Service Unavailable'), true, /status 503/],
    ['a bad gateway', (_, r) => r.writeHead(502).end('<html>\n\n\x1b[2J</html>'), true, /502: <html> \[2J/],
    ['a proxy that wants another password', (_, r) => r.writeHead(401).end(), false, /status 401/],
    [
      'a redirect',
      (_, r) => r.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      false,
      /status 302/,
    ],
    [
      'a page of something else',
      (_, r) => r.writeHead(200).end('<html>Log in</html>'),
      false,
      /no ClickHouse/,
    ],
    ['an endless refusal', (_, r) => endless(r.writeHead(500, honest)), true, /longer than/],
    ['rows that are cut off', says(json([{ a: 1 }, { a: 2 }]).slice(0, 30)), true, /does not end/],
    ['rows that are no JSON', says('{"data":[{a:1}]}'), false, /asking failed/],
    ['rows of another shape', says(json([{ a: '1' }])), false, /asking failed/],
    ['rows without an account', says(json([{ a: 1 }], 'null')), false, /asking failed/],
    ['another answer', says('{"data":{"a":1}}'), false, /asking failed/],
    ['deep rows', says(`{"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), false, /asking failed/],
    [
      'a broken packing',
      (_, r) => r.writeHead(200, { ...honest, 'Content-Encoding': 'gzip' }).end('nope'),
      true,
      /cut off/,
    ],
    [
      'headers without end',
      (_, r) => r.writeHead(200, { ...honest, x: 'a'.repeat(70_000) }).end(),
      false,
      /[Hh]eader/,
    ],
    ['no HTTP', (request) => request.socket.end('SSH-2.0-OpenSSH\r\n'), false, /Parse Error/],
    [
      'a body that is shorter than it says',
      (_, r) => {
        r.writeHead(200, { ...honest, 'Content-Length': '100' }).write('{"a":1}\n');
        setTimeout(() => r.destroy(), 20);
      },
      true,
      /cut off/,
    ],
    ['a closed connection', (request) => request.socket.destroy(), true, /socket hang up|ECONNRESET/],
  ];
  test.each(failures)('%s', async (_, handler, retryable, message) => {
    const error = await failure(ask(handler));
    expect(error.message).toMatch(message);
    expect(isRetryable(error), error.message).toBe(retryable);
    expect(error.message).not.toContain('hunter2');
    expect(error.message.length).toBeLessThan(500);
  });

  const slow: [string, Handler, RegExp][] = [
    ['no answer', () => undefined, /no answer within/],
    ['an answer that trickles', (_, r) => trickle(r.writeHead(200, honest)), /in time/],
    ['a refusal that trickles', (_, r) => trickle(r.writeHead(503, honest)), /in time/],
    [
      'headers that trickle',
      (request) => {
        const timer = setInterval(() => request.socket.write('HTTP/1.1 200 OK\r\n'.slice(0, 1)), 50);
        request.socket.once('close', () => clearInterval(timer));
        request.socket.on('error', () => undefined);
      },
      /no answer within|Parse Error/,
    ],
  ];
  test.each(slow)('%s is waited for so long and no longer', async (_, handler, message) => {
    const began = performance.now();
    const error = await failure(ask(handler, { requestTimeoutMs: 1000 }));
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(error.message).toMatch(message);
  });

  test('a statement on whole tables may take ten times as long', async () => {
    liar.handler = (_, response) => void setTimeout(() => response.writeHead(200, honest).end(), 2500);
    const client = await open({ requestTimeoutMs: 1000 });
    await client.command('copying', 'INSERT INTO a SELECT * FROM b');
    await failure(client.ping());
    liar.handler = () => undefined;
    expect(
      (await failure(open({ requestTimeoutMs: 200 }).then((one) => one.command('c', 'x')))).message,
    ).toMatch(/no answer within 2000 ms/);
  });

  test('an endless answer is not kept', async () => {
    const handler: Handler = (_, response) => endless(response.writeHead(200, honest));
    const error = await failure(ask(handler, { maxAnswerBytes: 1_000_000 }));
    expect(error.message).toMatch(/longer than 1000000 bytes/);
    expect(isRetryable(error)).toBe(false);
  });

  test('a bomb in a small packing is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const handler = (_: unknown, response: ServerResponse) =>
      response.writeHead(200, { ...honest, 'Content-Encoding': 'gzip' }).end(bomb);
    const error = await failure(ask(handler, { compression: 'gzip', maxAnswerBytes: 1_000_000 }));
    expect(error.message).toMatch(/longer than/);
  });

  test('a kept connection that the server has closed is no failure', async () => {
    let n = 0;
    const error: Handler = (request, response) => {
      if (++n === 2) request.socket.destroy();
      else response.writeHead(200, honest).end(json([{ a: 1 }]));
    };
    liar.handler = error;
    const client = await open();
    for (let i = 0; i < 3; i++) expect(await client.query('again', 'SELECT a', row)).toEqual([{ a: 1 }]);
    expect(n).toBe(4);
  });

  test('no server at all is worth another try', async () => {
    const gone = await startLiar(says(''));
    await gone.close();
    const error = await failure((await open({ url: gone.url })).ping());
    expect(isRetryable(error)).toBe(true);
    expect(error.message).toMatch(/ECONNREFUSED/);
  });

  test('plain HTTP where TLS is asked for is not', async () => {
    liar.handler = says('');
    const error = await failure((await open({ url: liar.url.replace('http:', 'https:') })).ping());
    expect(error.message).toMatch(/EPROTO|wrong version|packet length/i);
  });

  test('says nothing on the console, whatever fails', async () => {
    const { error, warn, log } = console;
    const said: unknown[] = [];
    Object.assign(console, {
      error: said.push.bind(said),
      warn: said.push.bind(said),
      log: said.push.bind(said),
    });
    try {
      await failure(ask(refuse(403, 516, 'no (AUTHENTICATION_FAILED)')));
      await failure(ask((request) => request.socket.destroy()));
    } finally {
      Object.assign(console, { error, warn, log });
    }
    expect(said).toEqual([]);
  });
});

function endless(response: ServerResponse): void {
  const part = Buffer.alloc(65_536, '1');
  const more = () => {
    while (!response.destroyed && response.write(part));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

function trickle(response: ServerResponse): void {
  const timer = setInterval(() => response.write('1'), 20);
  response.once('close', () => clearInterval(timer));
}
