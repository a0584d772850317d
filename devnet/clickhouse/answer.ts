import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Outcome } from './engine.js';
import { Exceptions, type ServerException, statusOf } from './exception.js';

const pack = promisify(gzip);

const CONTENT_TYPES: readonly (readonly [RegExp, string])[] = [
  [
    /^JSON(Strings|Compact|CompactStrings|ColumnsWithMetadata|Columns|CompactColumns)?$/,
    'application/json; charset=UTF-8',
  ],
  [/EachRow/, 'application/x-ndjson; charset=UTF-8'],
  [/^CSV/, 'text/csv; charset=UTF-8; header=absent'],
  [/^(TSV|TabSeparated)/, 'text/tab-separated-values; charset=UTF-8'],
  [/^(Native|RowBinary|Parquet|Arrow|ORC|Avro|BSON|MsgPack|Npy)/, 'application/octet-stream'],
];

/** What every answer names. */
export interface Answered {
  readonly queryId: string;
  /** Of the engine. */
  readonly version: string;
  readonly timeZone: string;
}

/** Rows of an answer, or how many were written. */
export async function sendOutcome(
  response: ServerResponse,
  answered: Answered,
  outcome: Outcome,
  what: {
    readonly format: string;
    readonly inserted: boolean;
    readonly gzip: boolean;
    readonly head: boolean;
  },
): Promise<void> {
  const { bytes, rows, engineBytes, elapsedSeconds } = outcome;
  const body = what.gzip ? await pack(bytes, { level: 3 }) : bytes;
  response.writeHead(200, {
    ...common(answered),
    'Content-Type':
      CONTENT_TYPES.find(([formats]) => formats.test(what.format))?.[1] ?? 'text/plain; charset=UTF-8',
    'X-ClickHouse-Format': what.format,
    'X-ClickHouse-Summary': JSON.stringify({
      ...(what.inserted
        ? counts({ read_rows: rows, read_bytes: engineBytes, written_rows: rows, written_bytes: engineBytes })
        : {}),
      ...counts({
        result_rows: rows,
        result_bytes: engineBytes,
        elapsed_ns: Math.round(elapsedSeconds * 1e9),
      }),
    }),
    ...(what.gzip ? { 'Content-Encoding': 'gzip' } : {}),
    'Content-Length': body.length,
  });
  response.end(what.head ? undefined : body);
}

/** An exception as ClickHouse words it. */
export function sendException(
  response: ServerResponse,
  answered: Answered,
  exception: ServerException,
): void {
  if (response.headersSent) {
    // Too late to say what happened: the answer must not look whole.
    response.destroy();
    return;
  }
  const body = Buffer.from(`${exception.message} (version ${answered.version} (chDB))\n`);
  response.writeHead(statusOf(exception.exceptionCode), {
    ...common(answered),
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Length': body.length,
    'X-ClickHouse-Exception-Code': String(exception.exceptionCode),
    ...(exception.exceptionCode === Exceptions.REQUIRED_PASSWORD
      ? { 'WWW-Authenticate': 'Basic realm="ClickHouse server HTTP API"' }
      : {}),
    // The rest of the request's body may still be coming.
    ...(response.req.complete ? {} : { Connection: 'close' }),
  });
  response.end(body);
}

function common({ queryId, timeZone }: Answered): Record<string, string> {
  return {
    'X-ClickHouse-Server-Display-Name': 'crossroot-devnet',
    'X-ClickHouse-Query-Id': queryId,
    'X-ClickHouse-Timezone': timeZone,
  };
}

function counts(numbers: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
}
