import { Readable } from 'node:stream';
import type { ClickHouseClient } from '@clickhouse/client';
import type * as z from 'zod';
import { IndexQueryError, IndexUnavailableError } from '../../errors.js';
import { insertInto } from '../answer.js';
import type { Parameters, QueryCost, SqlClient } from '../client.js';
import { type SqlLimits, sqlSettings } from '../limits.js';
import { AnswerTooLong, AnswerTooSlow, readAnswer, rowsOf } from './answer.js';
import { failureOf, isFailure } from './failure.js';
import { bindLong } from './longParameters.js';

/** Tables are copied on the server within one statement. */
const COMMAND_PATIENCE = 10;
/** Most of an answer. */
const MAX_ANSWER = 2 ** 30;
/** Most of an exception that is read. */
const FAILURE_BYTES = 65_536;
/** Longest headers of an answer. */
const HEADER_BYTES = 65_536;
/** Statements whose cost is kept. */
const MAX_COSTS = 1000;
/** Less than servers keep an idle connection open (3 s before ClickHouse 23.11). */
const IDLE_MS = 2500;

export interface HttpSqlOptions {
  /** Of the server's HTTP interface. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** PEM. A client certificate takes the password's place. */
  readonly tls?: { readonly ca: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  /**
   * Most milliseconds of a question or a write, from the request's first byte to the answer's last. Statements on whole tables
   * (`command`) may take `COMMAND_PATIENCE` times as long.
   */
  readonly requestTimeoutMs: number;
  readonly compression: 'none' | 'gzip';
  readonly maxConnections: number;
  /** Most bytes of an answer, unpacked. Default 1 GiB: 512 MiB in ClickHouse's own form are more in JSON. */
  readonly maxAnswerBytes?: number;
  readonly limits?: SqlLimits;
}

interface Asked {
  readonly what: string;
  readonly sql: string;
  readonly parameters: Parameters;
  readonly settings: Readonly<Record<string, string | number>>;
  /** After the statement. */
  readonly rows?: Uint8Array;
  /** Where it may take another time than most. */
  readonly milliseconds?: number;
}

/**
 * A ClickHouse server over HTTP. Nothing that it answers is believed to be well formed, short or on time; what goes wrong is
 * an IndexQueryError that says whether the same statement may succeed later.
 */
export class HttpSqlClient implements SqlClient {
  readonly #client: ClickHouseClient;
  readonly #options: HttpSqlOptions;
  readonly #settings: ReturnType<typeof sqlSettings>;
  readonly #costs = new Map<string, QueryCost>();

  private constructor(client: ClickHouseClient, options: HttpSqlOptions) {
    this.#client = client;
    this.#options = options;
    this.#settings = sqlSettings(options.limits);
  }

  /** Connects with the first statement, not before. @throws IndexUnavailableError without `@clickhouse/client` */
  static async open(options: HttpSqlOptions): Promise<HttpSqlClient> {
    const { createClient, ClickHouseLogLevel } = await loadClient();
    const packed = options.compression === 'gzip';
    const client = createClient({
      url: options.url,
      username: options.username,
      password: options.password,
      application: 'crossroot',
      // Of a socket on which nothing moves; what a request may take in all is seen to here.
      request_timeout: options.requestTimeoutMs * COMMAND_PATIENCE,
      max_open_connections: options.maxConnections,
      compression: { request: packed, response: packed },
      keep_alive: { enabled: true, idle_socket_ttl: IDLE_MS, eagerly_destroy_stale_sockets: true },
      max_response_headers_size: HEADER_BYTES,
      // It would write statements and their parameters to the console.
      log: { level: ClickHouseLogLevel.OFF },
      ...(options.tls === undefined ? {} : { tls: tlsOf(options.tls) }),
    });
    return new HttpSqlClient(client, options);
  }

  async command(what: string, sql: string, parameters: Parameters = {}): Promise<void> {
    const milliseconds = this.#options.requestTimeoutMs * COMMAND_PATIENCE;
    await this.#request({ what, sql, parameters, settings: this.#settings.every, milliseconds });
  }

  async query<T>(what: string, sql: string, row: z.ZodType<T>, parameters: Parameters = {}): Promise<T[]> {
    const { every, query } = this.#settings;
    const settings = { ...every, ...query };
    const bytes = await this.#request({ what, sql: `${sql} FORMAT JSON`, parameters, settings });
    const { rows, cost } = rowsOf(what, bytes, row);
    if (this.#costs.size >= MAX_COSTS) this.#costs.clear();
    this.#costs.set(what, cost);
    return rows;
  }

  async insert(table: string, columns: readonly string[], rows: Uint8Array): Promise<void> {
    if (rows.length === 0) return;
    const sql = `${insertInto(table, columns)} FORMAT RowBinary`;
    const { every } = this.#settings;
    await this.#request({ what: `writing ${table}`, sql, parameters: {}, settings: every, rows });
  }

  cost(what: string): QueryCost | undefined {
    return this.#costs.get(what);
  }

  /** Resolves if the server takes statements. @throws IndexQueryError that says why it does not */
  async ping(): Promise<void> {
    const { every: settings } = this.#settings;
    await this.#request({ what: 'greeting the server', sql: 'SELECT 1', parameters: {}, settings });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #request(asked: Asked): Promise<Buffer> {
    const deadline = Date.now() + (asked.milliseconds ?? this.#options.requestTimeoutMs);
    try {
      return await this.#once(asked, deadline);
    } catch (error) {
      // A connection that was kept may have been closed by the server just then. All statements may be repeated.
      if (!isReset(error)) throw error;
      return await this.#once(asked, deadline);
    }
  }

  async #once({ what, sql, parameters, settings, rows, ...asked }: Asked, deadline: number): Promise<Buffer> {
    const { maxAnswerBytes = MAX_ANSWER, requestTimeoutMs } = this.#options;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), Math.max(1, deadline - Date.now()));
    try {
      const bound = bindLong(sql, parameters);
      const answer = await this.#client.exec({
        query: bound.sql,
        query_params: { ...bound.parameters },
        abort_signal: abort.signal,
        // Read here, with limits.
        ignore_error_response: true,
        // The whole answer is there before its status is said.
        clickhouse_settings: { ...settings, ...bound.settings, wait_end_of_query: 1 },
        ...(rows === undefined ? {} : { values: Readable.from([rows], { objectMode: false }) }),
      });
      const { stream, response_headers: headers = {}, http_status_code: status = 0 } = answer;
      clearTimeout(timer);
      const milliseconds = deadline - Date.now();
      if (isFailure({ status, headers })) {
        const text = await readFailure(stream, milliseconds);
        throw failureOf(what, { status, headers, text });
      }
      return await readAnswer(stream, { bytes: maxAnswerBytes, milliseconds });
    } catch (error) {
      if (error instanceof IndexQueryError) throw error;
      if (abort.signal.aborted)
        throw new IndexQueryError(
          what,
          new AnswerTooSlow(`no answer within ${asked.milliseconds ?? requestTimeoutMs} ms`),
        );
      throw new IndexQueryError(what, error, !(error instanceof AnswerTooLong) && !isLasting(error));
    } finally {
      clearTimeout(timer);
    }
  }
}

async function loadClient(): Promise<typeof import('@clickhouse/client')> {
  try {
    return await import('@clickhouse/client');
  } catch (error) {
    throw new IndexUnavailableError('@clickhouse/client cannot be loaded', error);
  }
}

function tlsOf({ ca, cert, key }: NonNullable<HttpSqlOptions['tls']>) {
  return cert === undefined || key === undefined ? { ca_cert: ca } : { ca_cert: ca, cert, key };
}

/** What can be had of an exception's text: its status is known already. */
async function readFailure(stream: Readable, milliseconds: number): Promise<string> {
  try {
    return (await readAnswer(stream, { bytes: FAILURE_BYTES, milliseconds })).toString('utf8');
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
}

/** Codes of certificates that are not accepted: they do not become so by themselves. */
const LASTING_CODES = /^(CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|HPE_)/;

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : '';
}

function isLasting(error: unknown): boolean {
  return LASTING_CODES.test(codeOf(error));
}

function isReset(error: unknown): boolean {
  if (!(error instanceof IndexQueryError)) return false;
  return codeOf(error.cause) === 'ECONNRESET' || codeOf(error.cause) === 'EPIPE';
}
