import type { ClickHouseClient } from '@clickhouse/client';
import { z } from 'zod';
import { toBareHex } from '../../proofs/bytes.js';
import type { NumberedEvidence } from '../follow/evidence.js';
import type { ChainEvent } from '../log/event.js';
import { IndexQueryError } from './errors.js';
import type {
  ChainCounts,
  HeaderQuery,
  IndexedCommitment,
  IndexedHeader,
  FormerIndexStore as IndexStore,
  Reorganisation,
} from './former.js';
import {
  commitmentRow,
  commitmentValues,
  countRow,
  evidenceRow,
  evidenceValues,
  headerRow,
  headerValues,
  lastRow,
  numberedValues,
  reorganisationRow,
  topRow,
  totalRow,
} from './rows.js';
import { DATABASE, EVENT_TABLES, QUERIES, SCHEMA } from './schema.js';

type Parameters = Readonly<Record<string, string | number>>;

/** The index over any client that speaks ClickHouse: chDB in process, or a server. */
export class SqlIndexStore implements IndexStore {
  readonly #client: ClickHouseClient;

  private constructor(client: ClickHouseClient) {
    this.#client = client;
  }

  /** Creates what is missing of the schema. @throws IndexQueryError */
  static async open(client: ClickHouseClient): Promise<SqlIndexStore> {
    const store = new SqlIndexStore(client);
    for (const statement of SCHEMA) await store.#command('creating the schema', statement);
    return store;
  }

  async writeEvents(chain: string, events: readonly ChainEvent[]): Promise<void> {
    const own = events.filter((event) => event.chain === chain);
    const of = (type: ChainEvent['type']) => own.filter((event) => event.type === type);
    await this.#insert('undone', of('disconnect').map(numberedValues));
    await this.#insert('finality', of('finalize').map(numberedValues));
    await this.#insert('headers', own.filter((event) => event.type !== 'finalize').map(headerValues));
  }

  async writeCommitments(chain: string, commitments: readonly IndexedCommitment[]): Promise<void> {
    await this.#insert(
      'commitments',
      commitments.map((row) => commitmentValues(chain, row)),
    );
  }

  async writeEvidence(chain: string, evidence: readonly NumberedEvidence[]): Promise<void> {
    await this.#insert(
      'evidence',
      evidence.map((row) => evidenceValues(chain, row)),
    );
  }

  async lastNumber(chain: string): Promise<number> {
    const [row] = await this.#query('lastNumber', lastRow, { chain });
    return row?.last ?? 0;
  }

  headers(chain: string, query: HeaderQuery): Promise<IndexedHeader[]> {
    const { from, to = Number.MAX_SAFE_INTEGER, limit, branches = false } = query;
    return this.#query('headers', headerRow, { chain, from, to, limit, canonical: branches ? 0 : 1 });
  }

  async header(chain: string, hash: Uint8Array): Promise<IndexedHeader | undefined> {
    const [row] = await this.#query('header', headerRow, { chain, hash: toBareHex(hash) });
    return row;
  }

  latest(chain: string, limit: number): Promise<IndexedHeader[]> {
    return this.#query('latest', headerRow, { chain, limit });
  }

  reorganisations(chain: string, limit: number): Promise<Reorganisation[]> {
    return this.#query('reorganisations', reorganisationRow, { chain, limit });
  }

  commitments(chain: string, limit: number): Promise<IndexedCommitment[]> {
    return this.#query('commitments', commitmentRow, { chain, limit });
  }

  evidence(chain: string, limit: number): Promise<NumberedEvidence[]> {
    return this.#query('evidence', evidenceRow, { chain, limit });
  }

  async counts(): Promise<ChainCounts[]> {
    const headers = await this.#query('counts', countRow, {});
    const reorganisations = byChain(await this.#query('reorganisationCounts', totalRow, {}));
    const commitments = byChain(await this.#query('commitmentCounts', totalRow, {}));
    const finalized = new Map(
      (await this.#query('finalized', topRow, {})).map((row) => [row.chain, row.top]),
    );
    return headers.map((row) => ({
      chain: row.chain,
      headers: row.headers,
      canonical: row.best,
      reorganisations: reorganisations.get(row.chain) ?? 0,
      commitments: commitments.get(row.chain) ?? 0,
      height: row.best === 0 ? undefined : row.top,
      finalizedHeight: finalized.get(row.chain),
    }));
  }

  async clear(chain: string): Promise<void> {
    for (const table of EVENT_TABLES) {
      const statement = `ALTER TABLE ${DATABASE}.${table} DELETE WHERE chain = {chain:String} SETTINGS mutations_sync = 2`;
      await this.#command(`clearing ${table}`, statement, { chain });
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #insert(table: string, values: readonly Record<string, unknown>[]): Promise<void> {
    const [first] = values;
    if (first === undefined) return;
    const [head, ...rest] = Object.keys(first);
    if (head === undefined) return;
    try {
      await this.#client.insert({
        table: `${DATABASE}.${table}`,
        values: [...values],
        format: 'JSONEachRow',
        // Named, because EPHEMERAL columns are taken only then.
        columns: [head, ...rest],
      });
    } catch (error) {
      throw new IndexQueryError(`writing ${table}`, error);
    }
  }

  async #query<T>(name: keyof typeof QUERIES, row: z.ZodType<T>, parameters: Parameters): Promise<T[]> {
    try {
      const result = await this.#client.query({
        query: QUERIES[name],
        query_params: { ...parameters },
        format: 'JSONEachRow',
      });
      return z.array(row).parse(await result.json());
    } catch (error) {
      throw new IndexQueryError(name, error);
    }
  }

  async #command(what: string, query: string, parameters: Parameters = {}): Promise<void> {
    try {
      await this.#client.command({ query, query_params: { ...parameters } });
    } catch (error) {
      throw new IndexQueryError(what, error);
    }
  }
}

function byChain(rows: readonly { readonly chain: string; readonly total: number }[]): Map<string, number> {
  return new Map(rows.map((row) => [row.chain, row.total]));
}
