import type * as z from 'zod';
import type { Parameters, QueryCost, SqlClient } from '../../indexers/store/sql/client.js';

/** A client that adds up what queries read. */
export class CostingClient implements SqlClient {
  readonly #client: SqlClient;
  rows = 0;
  bytes = 0;
  queries = 0;

  constructor(client: SqlClient) {
    this.#client = client;
  }

  reset(): void {
    this.rows = 0;
    this.bytes = 0;
    this.queries = 0;
  }

  command(what: string, sql: string, parameters?: Parameters): Promise<void> {
    return this.#client.command(what, sql, parameters);
  }

  async query<T>(what: string, sql: string, row: z.ZodType<T>, parameters?: Parameters): Promise<T[]> {
    const rows = await this.#client.query(what, sql, row, parameters);
    const cost = this.#client.cost(what);
    this.rows += cost?.rows ?? 0;
    this.bytes += cost?.bytes ?? 0;
    this.queries++;
    return rows;
  }

  insert(table: string, columns: readonly string[], rows: Uint8Array): Promise<void> {
    return this.#client.insert(table, columns, rows);
  }

  cost(what: string): QueryCost | undefined {
    return this.#client.cost(what);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
