import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { asException, Exceptions, ServerException, statusOf } from './exception.js';
import { Gate } from './gate.js';
import { parseMultipart } from './multipart.js';
import { authenticate, readRequest } from './request.js';

const at = (search: string) => new URL(`http://localhost/${search}`);

describe('what a URL asks for', () => {
  test('statement, settings, parameters, database and format', () => {
    const asked = readRequest(
      at(
        '?query=SELECT+1&query_id=abc&max_threads=2&param_x=a%5Ctb&database=d&default_format=CSV&wait_end_of_query=1',
      ),
      {},
    );
    expect(asked).toMatchObject({
      query: 'SELECT 1',
      queryId: 'abc',
      database: 'd',
      format: 'CSV',
      gzip: false,
    });
    expect([...asked.settings]).toEqual([['max_threads', '2']]);
    expect([...asked.parameters]).toEqual([['x', 'a\\tb']]);
  });

  test('headers say the same; an identifier that no header may hold is replaced', () => {
    const headers = {
      'x-clickhouse-database': 'd',
      'x-clickhouse-format': 'JSON',
      'accept-encoding': 'br, gzip',
    };
    const asked = readRequest(at('?query_id=a%0Ab&enable_http_compression=1'), headers);
    expect(asked).toMatchObject({ database: 'd', format: 'JSON', gzip: true });
    expect(asked.queryId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each(['session_id=a', 'compress=1', 'decompress=1', 'role=admin'])('%s is refused', (search) => {
    expect(() => readRequest(at(`?${search}`), {})).toThrow(/not supported/);
  });
});

describe('who asks', () => {
  const wanted = { user: 'default', password: 'secret' };
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

  test.each([
    ['its own headers', '', { 'x-clickhouse-user': 'default', 'x-clickhouse-key': 'secret' }],
    ['a key alone', '', { 'x-clickhouse-key': 'secret' }],
    ['Basic', '', basic('default:secret')],
    ['the URL', '?user=default&password=secret', {}],
  ])('is known by %s', (_, search, headers) => {
    expect(() => authenticate(at(search), headers, wanted)).not.toThrow();
  });

  test.each([
    ['a wrong password', basic('default:secre'), Exceptions.AUTHENTICATION_FAILED],
    ['another user', basic('root:secret'), Exceptions.AUTHENTICATION_FAILED],
    ['no password', basic('default'), Exceptions.AUTHENTICATION_FAILED],
    ['another scheme', { authorization: 'Bearer secret' }, Exceptions.AUTHENTICATION_FAILED],
    ['nothing', {}, Exceptions.REQUIRED_PASSWORD],
  ])('with %s is refused', (_, headers, code) => {
    const refused = expect.objectContaining({ exceptionCode: code });
    expect(() => authenticate(at(''), headers, wanted)).toThrow(refused as Error);
  });

  test('needs no password where there is none', () => {
    expect(() => authenticate(at(''), {}, { user: 'default', password: '' })).not.toThrow();
  });
});

describe('forms', () => {
  const type = 'multipart/form-data; boundary=xyz';
  const part = (name: string, value: string) =>
    `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

  test('have fields', () => {
    const body = Buffer.from(`${part('query', 'SELECT {a:String}')}${part('param_a', 'é\r\n--')}--xyz--\r\n`);
    expect([...parseMultipart(type, body)]).toEqual([
      ['query', 'SELECT {a:String}'],
      ['param_a', 'é\r\n--'],
    ]);
  });

  test.each([
    ['without a boundary', 'multipart/form-data', part('a', '1')],
    ['that do not begin', type, 'x'],
    ['that do not end', type, part('a', '1')],
    ['with a nameless part', type, '--xyz\r\nA: b\r\n\r\n1\r\n--xyz--'],
    ['with a file', type, '--xyz\r\nA: b; name="a"; filename="b"\r\n\r\n1\r\n--xyz--'],
    ['with too many parts', type, `${part('a', '1').repeat(1001)}--xyz--`],
  ])('%s are refused', (_, contentType, body) => {
    // A thousand parts of one name are one field: names differ here.
    let n = 0;
    const numbered = body.replace(/name="a"/g, () => `name="a${n++}"`);
    expect(() => parseMultipart(contentType, Buffer.from(numbered))).toThrow(ServerException);
  });
});

describe('exceptions', () => {
  test('of the engine keep their number, name and sentence', () => {
    const nested =
      'Code: 33. DB::Exception: Code: 33. DB::Exception: Cannot read all data (at row 4). (CANNOT_READ_ALL_DATA) (version 26.7.2.1). (CANNOT_READ_ALL_DATA)';
    expect(asException(new Error(nested))).toMatchObject({
      exceptionCode: 33,
      exceptionName: 'CANNOT_READ_ALL_DATA',
      sentence: 'Cannot read all data (at row 4).',
    });
    const evil = `Code: 1. DB::Exception: ${'Code: 2. DB::Exception: (A_B) ('.repeat(5000)}`;
    expect(asException(new Error(evil)).exceptionCode).toBe(1002);
    const plain = 'Code: 60. DB::Exception: Table d.t does not exist. (UNKNOWN_TABLE)';
    expect(asException(new Error(plain)).message).toBe(plain);
    expect(asException(new Error('something else')).exceptionCode).toBe(1002);
  });

  test.each([
    [62, 400],
    [516, 403],
    [194, 401],
    [60, 404],
    [159, 408],
    [229, 413],
    [48, 501],
    [241, 500],
    [164, 500],
  ])('%i has status %i', (code, status) => {
    expect(statusOf(code)).toBe(status);
  });
});

describe('the gate', () => {
  test('lets so many in at once, and the others in turn', async () => {
    const gate = new Gate(2, 10);
    let most = 0;
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        gate.run(async () => {
          most = Math.max(most, gate.inside);
          await sleep(5);
          order.push(i);
        }, 5000),
      ),
    );
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(gate.inside).toBe(0);
  });

  test('refuses more than may wait, and lets go whose time is over', async () => {
    const gate = new Gate(1, 1);
    let end: () => void = () => undefined;
    const first = gate.run(
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
      5000,
    );
    const second = gate.run(async () => 2, 20);
    await expect(gate.run(async () => 3, 20)).rejects.toMatchObject({ exceptionCode: 202 });
    await expect(second).rejects.toMatchObject({ exceptionCode: 159 });
    end();
    await first;
    await expect(gate.run(async () => 4, 20)).resolves.toBe(4);
  });

  test('is free again after work that failed', async () => {
    const gate = new Gate(1, 0);
    await expect(gate.run(() => Promise.reject(new Error('no')), 20)).rejects.toThrow('no');
    expect(gate.inside).toBe(0);
  });
});
