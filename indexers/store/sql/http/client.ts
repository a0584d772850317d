import { Readable } from 'node:stream';
import type { ClickHouseClient } from '@clickhouse/client';
import * as z from 'zod';
import { IndexQueryError, IndexUnavailableError } from '../../errors.js';
import type { Parameters, QueryCost, SqlClient } from '../client.js';
import { AnswerCutOff, AnswerTooLong, AnswerTooSlow, parseRows, readAnswer } from './answer.js';
import { failureOf, isFailure } from './failure.js';

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
  /** Most milliseconds of one request, from its first byte to the answer's last. */
  readonly requestTimeoutMs: number;
  readonly compression: 'none' | 'gzip';
  readonly maxConnections: number;
  /** Most bytes of an answer, unpacked. Default 256 MiB: a page has at most 1,000 rows, some with a block's data. */
  readonly maxAnswerBytes?: number;
}

interface Answer {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * A ClickHouse server over HTTP. Nothing that it answers is believed to be well formed, short or on time; what goes wrong is
 * an IndexQueryError that says whether the same statement may succeed later.
 */
export class HttpSqlClient implements SqlClient {
  readonly #client: ClickHouseClient;
  readonly #options: HttpSqlOptions;
  readonly #costs = new Map<string, QueryCost>();

  private constructor(client: ClickHouseClient, options: HttpSqlOptions) {
    this.#client = client;
    this.#options = options;
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
      request_timeout: options.requestTimeoutMs,
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
    await this.#request(what, sql, parameters);
  }

  async query<T>(what: string, sql: string, row: z.ZodType<T>, parameters: Parameters = {}): Promise<T[]> {
    const { bytes, headers } = await this.#request(what, `${sql} FORMAT JSONEachRow`, parameters);
    const summary = readSummary(headers['x-clickhouse-summary']);
    this.#keepCost(what, summary);
    try {
      const rows = parseRows(bytes);
      if (rows.length < (summary?.result_rows ?? 0)) throw new AnswerCutOff('rows are missing');
      return z.array(row).parse(rows);
    } catch (error) {
      throw new IndexQueryError(what, error, error instanceof AnswerCutOff);
    }
  }

  async insert(table: string, columns: readonly string[], rows: Uint8Array): Promise<void> {
    if (rows.length === 0) return;
    const sql = `INSERT INTO ${table} (${columns.join(', ')}) FORMAT RowBinary`;
    await this.#request(`writing ${table}`, sql, {}, rows);
  }

  cost(what: string): QueryCost | undefined {
    return this.#costs.get(what);
  }

  /** Resolves if the server takes statements. @throws IndexQueryError that says why it does not */
  async ping(): Promise<void> {
    await this.#request('greeting the server', 'SELECT 1', {});
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #request(what: string, sql: string, parameters: Parameters, rows?: Uint8Array): Promise<Answer> {
    const deadline = Date.now() + this.#options.requestTimeoutMs;
    try {
      return await this.#once(what, sql, parameters, rows, deadline);
    } catch (error) {
      // A connection that was kept may have been closed by the server just then. All statements may be repeated.
      if (!isReset(error)) throw error;
      return await this.#once(what, sql, parameters, rows, deadline);
    }
  }

  async #once(
    what: string,
    sql: string,
    parameters: Parameters,
    rows: Uint8Array | undefined,
    deadline: number,
  ): Promise<Answer> {
    const abort = new AbortController();
    const left = Math.max(1, deadline - Date.now());
    const timer = setTimeout(() => abort.abort(), left);
    try {
      const answer = await this.#client.exec({
        query: sql,
        query_params: { ...parameters },
        abort_signal: abort.signal,
        // Read here, with limits.
        ignore_error_response: true,
        // The whole answer is there before its status is said, and its summary is of the whole.
        clickhouse_settings: { wait_end_of_query: 1 },
        ...(rows === undefined ? {} : { values: Readable.from([rows], { objectMode: false }) }),
      });
      const { stream, response_headers: headers = {}, http_status_code: status = 0 } = answer;
      clearTimeout(timer);
      const milliseconds = deadline - Date.now();
      if (isFailure({ status, headers })) {
        const text = await readFailure(stream, milliseconds);
        throw failureOf(what, { status, headers, text });
      }
      const { maxAnswerBytes = 256 * 1024 * 1024 } = this.#options;
      return { bytes: await readAnswer(stream, { bytes: maxAnswerBytes, milliseconds }), headers };
    } catch (error) {
      if (error instanceof IndexQueryError) throw error;
      if (abort.signal.aborted)
        throw new IndexQueryError(
          what,
          new AnswerTooSlow(`no answer within ${this.#options.requestTimeoutMs} ms`),
        );
      throw new IndexQueryError(what, error, !(error instanceof AnswerTooLong) && !isLasting(error));
    } finally {
      clearTimeout(timer);
    }
  }

  #keepCost(what: string, summary: Summary | undefined): void {
    if (summary?.read_rows === undefined) return;
    if (this.#costs.size >= MAX_COSTS) this.#costs.clear();
    const { read_rows: rows, read_bytes: bytes = 0, elapsed_ns: nanoseconds = 0 } = summary;
    this.#costs.set(what, { rows, bytes, seconds: nanoseconds / 1e9 });
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

const count = z.coerce.number().int().nonnegative().optional().catch(undefined);
const SummarySchema = z.object({
  read_rows: count,
  read_bytes: count,
  result_rows: count,
  elapsed_ns: count,
});
type Summary = z.output<typeof SummarySchema>;

function readSummary(header: string | string[] | undefined): Summary | undefined {
  if (typeof header !== 'string') return undefined;
  try {
    return SummarySchema.parse(JSON.parse(header));
  } catch (error) {
    // It is an account of the work, not the answer.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
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
