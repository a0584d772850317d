import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClickHouseClient, createClient as CreateClient } from '@clickhouse/client';
import type * as z from 'zod';
import { Serial } from '../../serial.js';
import { IndexQueryError, IndexUnavailableError } from '../errors.js';
import { insertInto, readAnswer } from './answer.js';
import type { Parameters, QueryCost, SqlClient } from './client.js';
import { type SqlLimits, sqlSettings } from './limits.js';
import { claim, ownerOf } from './owner.js';

type ClientOptions = NonNullable<Parameters0<typeof CreateClient>>;
type Parameters0<F extends (...parameters: never[]) => unknown> = globalThis.Parameters<F>[0];

/** Connections that read: more than the API asks at once, so that a write's own short questions need not wait for long ones. */
const READERS = 9;

/**
 * chDB in this process: one process a folder, one folder a process, main thread only. The library is loaded here and
 * nowhere else.
 *
 * A connection runs one statement after another, so there is one for writing and some for reading. One whose query failed
 * half way leaves the beginning of its answer in front of the next one's: it is closed, and another one opened.
 */
export class ChdbClient implements SqlClient {
  readonly #folder: string;
  readonly #writing: Lane;
  readonly #reading: readonly Lane[];
  readonly #release: () => Promise<void>;
  readonly #costs = new Map<string, QueryCost>();
  #files = 0;

  private constructor(
    folder: string,
    connect: () => ClickHouseClient,
    limits: SqlLimits,
    release: () => Promise<void>,
  ) {
    const { every, embedded, query } = sqlSettings(limits);
    this.#folder = folder;
    this.#release = release;
    this.#writing = new Lane(connect, setting({ ...every, ...embedded }));
    this.#reading = Array.from(
      { length: READERS },
      () => new Lane(connect, setting({ ...every, ...embedded, ...query })),
    );
  }

  /** @throws IndexUnavailableError if it cannot be loaded, or if another process has the folder */
  static async open(path: string, limits: SqlLimits = {}): Promise<ChdbClient> {
    try {
      const [{ createClient }, { createChdbConnection }] = await Promise.all([
        import('@clickhouse/client'),
        import('chdb/connection'),
      ]);
      const folder = incoming(path);
      await mkdir(folder, { recursive: true });
      // The same interface, declared twice: @clickhouse/client carries its own copy of client-common.
      const connect = () =>
        createClient({ connection: createChdbConnection({ path }) } as unknown as ClientOptions);
      const first = connect();
      // Throws here where the folder is another's.
      await (await first.query({ query: 'SELECT 1', format: 'JSON' })).json();
      const release = await claim(path);
      // Left by a process that was killed.
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      return new ChdbClient(folder, connect, limits, async () => {
        await first.close();
        await release();
      });
    } catch (error) {
      throw await unavailable(path, error);
    }
  }

  command(what: string, sql: string, parameters?: Parameters): Promise<void> {
    return this.#writing.run((client) =>
      failing(what, async () => {
        await client.command({ query: sql, ...bound(parameters) });
      }),
    );
  }

  query<T>(what: string, sql: string, row: z.ZodType<T>, parameters?: Parameters): Promise<T[]> {
    const idle = this.#reading.reduce((best, lane) => (lane.waiting < best.waiting ? lane : best));
    return idle.run((client) =>
      failing(what, async () => {
        const result = await client.query({ query: sql, format: 'JSON', ...bound(parameters) });
        const { rows, cost } = readAnswer(await result.json(), row);
        this.#costs.set(what, cost);
        return rows;
      }),
    );
  }

  /** Through a file: chDB takes inserted rows as text, which would spoil bytes. */
  async insert(table: string, columns: readonly string[], rows: Uint8Array): Promise<void> {
    if (rows.length === 0) return;
    const insert = `${insertInto(table, columns)} SELECT * FROM file({path:String}, 'RowBinary')`;
    const path = join(this.#folder, `${this.#files++}.bin`);
    const what = `writing ${table}`;
    await failing(what, async () => {
      const file = await open(path, 'wx');
      try {
        await file.writeFile(rows);
      } finally {
        await file.close();
      }
    });
    try {
      await this.command(what, insert, { path });
    } finally {
      await rm(path, { force: true });
    }
  }

  cost(what: string): QueryCost | undefined {
    return this.#costs.get(what);
  }

  async close(): Promise<void> {
    await Promise.all([this.#writing, ...this.#reading].map((lane) => lane.close()));
    await this.#release();
  }
}

/** One connection, one statement at a time. */
class Lane {
  readonly #connect: () => ClickHouseClient;
  readonly #settings: string;
  readonly #serial = new Serial();
  #client: ClickHouseClient | undefined;
  #waiting = 0;
  #closed = false;

  constructor(connect: () => ClickHouseClient, settings: string) {
    this.#connect = connect;
    this.#settings = settings;
  }

  /** Statements that are under way or wait. */
  get waiting(): number {
    return this.#waiting;
  }

  run<T>(work: (client: ClickHouseClient) => Promise<T>): Promise<T> {
    this.#waiting++;
    return this.#serial.run(async () => {
      try {
        return await work(await this.#connected());
      } catch (error) {
        await this.#disconnect();
        throw error;
      } finally {
        this.#waiting--;
      }
    });
  }

  /** After the statements that wait. */
  close(): Promise<void> {
    return this.#serial.run(() => {
      this.#closed = true;
      return this.#disconnect();
    });
  }

  async #connected(): Promise<ClickHouseClient> {
    if (this.#closed) throw new IndexUnavailableError('it has been closed');
    if (this.#client !== undefined) return this.#client;
    const client = this.#connect();
    this.#client = client;
    await client.command({ query: this.#settings });
    return client;
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }
}

function bound(parameters: Parameters | undefined): { query_params?: Record<string, unknown> } {
  return parameters === undefined ? {} : { query_params: { ...parameters } };
}

function setting(settings: Readonly<Record<string, string | number>>): string {
  return `SET ${Object.entries(settings)
    .map(([name, value]) => `${name} = '${value}'`)
    .join(', ')}`;
}

function incoming(path: string): string {
  return join(path, 'crossroot-incoming');
}

async function unavailable(path: string, error: unknown): Promise<IndexUnavailableError> {
  if (error instanceof IndexUnavailableError) return error;
  const text = error instanceof Error ? error.message.slice(0, 300) : String(error);
  const connecting = error instanceof Error && Reflect.get(error, 'code') === 'CHDB_CONNECTION';
  if (!connecting) return new IndexUnavailableError(text, error);
  if (text.includes('one active data directory'))
    return new IndexUnavailableError(`this process has another index open (${path})`, error, {
      hint: 'One process owns one embedded index.',
    });
  const owner = await ownerOf(path);
  return new IndexUnavailableError(
    owner === undefined
      ? `${path} cannot be opened: ${text}`
      : `${path} belongs to process ${owner.pid}, since ${owner.since}`,
    error,
    {
      hint: 'One process owns the embedded index. Ask that process, stop it, or use a ClickHouse server, which any number of processes share.',
      retryable: owner !== undefined,
    },
  );
}

/** @throws IndexQueryError */
async function failing<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    // An answer that is not what was asked for stays so.
    const unreadable = error instanceof Error && /ZodError|SyntaxError/.test(error.name);
    throw unreadable ? new IndexQueryError(what, error, false) : new IndexQueryError(what, error);
  }
}
