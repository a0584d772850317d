import * as z from 'zod';
import { asException, ServerException } from '../../devnet/clickhouse/exception.js';
import { parseMultipart } from '../../devnet/clickhouse/multipart.js';
import { authenticate, readRequest } from '../../devnet/clickhouse/request.js';
import { parseStatement } from '../../devnet/clickhouse/statement.js';
import { rowsOf } from '../../indexers/store/sql/http/answer.js';
import { failureOf, isFailure } from '../../indexers/store/sql/http/failure.js';
import { json } from '../support/clickhouse/liar.js';
import type { FuzzTarget } from './harness.js';

const bytes = (...texts: readonly string[]) => texts.map((text) => new Uint8Array(Buffer.from(text)));
const text = (input: Uint8Array) => Buffer.from(input).toString('latin1');

/** Shapes as the index's own: numbers within bounds, hex of one length, lists. */
const row = z.object({
  height: z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  value: z.coerce.bigint(),
  list: z.array(z.string()).max(4),
});
const good = { height: '7', hash: 'ab'.repeat(32), value: '18446744073709551615', list: ['00', 'ff'] };

/** What a ClickHouse server, or something in its place, may answer; and what its stand-in may be sent. */
export const clickhouseTargets: readonly FuzzTarget[] = [
  {
    name: 'rows from a ClickHouse',
    seeds: bytes(json([good, good]), json([])),
    run(input) {
      const { rows, cost } = rowsOf('fuzz', Buffer.from(input), row);
      for (const { height, list } of rows)
        if (!Number.isSafeInteger(height) || height < 0 || list.length > 4) throw new Error('a bad row');
      if (!Number.isFinite(cost.rows + cost.bytes + cost.seconds)) throw new Error('a bad cost');
    },
  },
  {
    name: 'refusals of a ClickHouse',
    seeds: bytes('Code: 60. DB::Exception: Unknown table (UNKNOWN_TABLE) (version 26.7.2.1)', '<html>', ''),
    run(input) {
      const answer = {
        status: 100 + (input[0] ?? 0) * 2,
        headers: { 'x-clickhouse-exception-code': text(input).slice(0, 9) },
      };
      if (!isFailure({ status: 200, headers: answer.headers })) throw new Error('taken for an answer');
      const { message, code } = failureOf('fuzz', { ...answer, text: text(input) });
      // It goes to logs and terminals.
      if (/\p{Cc}/u.test(message) || message.length > 500) throw new Error('not fit for a log');
      if (code !== undefined && !(code > 0 && code < 10_000)) throw new Error('no code');
    },
  },
  {
    name: 'exceptions of the engine',
    seeds: bytes(
      'Code: 33. DB::Exception: Code: 33. DB::Exception: Cannot read (in file/uri /a/b): While (CANNOT_READ) (version 26.7). (CANNOT_READ)',
    ),
    run(input) {
      const exception = asException(new Error(text(input)));
      if (!(exception instanceof ServerException)) throw new Error('no exception');
    },
  },
  {
    name: 'statements for the stand-in',
    seeds: bytes(
      "INSERT INTO d.t (a, `b`) SETTINGS x = 'y' FORMAT RowBinary\n\0\xff",
      "INSERT INTO t VALUES (1, 'x;'), (2, $$y$$)",
      "/* c */ SELECT {x:String}, 'it''s' -- d\n FORMAT JSON SETTINGS max_threads = 1;",
    ),
    run(input) {
      const statement = parseStatement(text(input));
      if (statement.type === 'insert' && (statement.dataAt > input.length || !/^\w+$/.test(statement.format)))
        throw new Error('rows that are not there');
    },
  },
  {
    name: 'URLs and headers for the stand-in',
    seeds: bytes(
      '?query=SELECT+1&param_x=a%0A&max_threads=2&database=d&query_id=%41',
      '?user=default&password=',
    ),
    run(input) {
      const url = new URL('http://localhost/');
      url.search = text(input);
      const headers = {
        authorization: text(input),
        'x-clickhouse-format': text(input),
        'accept-encoding': 'gzip',
      };
      const asked = readRequest(url, headers);
      if (!/^[\x21-\x7e]{1,200}$/.test(asked.queryId)) throw new Error('no header may hold that');
      if (asked.settings.has('query')) throw new Error('a statement as a setting');
      const search = url.searchParams;
      try {
        authenticate(url, {}, { user: 'default', password: 'secret' });
      } catch (error) {
        if (error instanceof ServerException) return;
        throw error;
      }
      if (search.get('password') !== 'secret') throw new Error('let in without the password');
    },
  },
  {
    name: 'forms for the stand-in',
    seeds: bytes(
      '--b\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT 1\r\n--b\r\nContent-Disposition: form-data; name="param_x"\r\n\r\n1\r\n--b--\r\n',
    ),
    run(input) {
      if (parseMultipart('multipart/form-data; boundary=b', Buffer.from(input)).size > 1000)
        throw new Error('too many');
    },
  },
];
