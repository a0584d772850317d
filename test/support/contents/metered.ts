import type * as z from 'zod';
import type { Parameters, SqlClient } from '../../../indexers/store/sql/client.js';

/** What the statements of one question took together. */
export interface QuestionCost {
  readonly statements: number;
  readonly rows: number;
  readonly bytes: number;
  readonly milliseconds: number;
}

/** Adds up what queries cost, until it is asked. */
export class MeteredClient implements SqlClient {
  readonly #client: SqlClient;
  #statements = 0;
  #rows = 0;
  #bytes = 0;

  constructor(client: SqlClient) {
    this.#client = client;
  }

  /** What everything that `ask` does takes. Not for two at once. */
  async measure(ask: () => Promise<unknown>): Promise<QuestionCost> {
    this.#statements = 0;
    this.#rows = 0;
    this.#bytes = 0;
    const begun = performance.now();
    await ask();
    const milliseconds = performance.now() - begun;
    return { statements: this.#statements, rows: this.#rows, bytes: this.#bytes, milliseconds };
  }

  async query<T>(what: string, sql: string, row: z.ZodType<T>, parameters?: Parameters): Promise<T[]> {
    const rows = await this.#client.query(what, sql, row, parameters);
    const cost = this.#client.cost(what);
    this.#statements++;
    this.#rows += cost?.rows ?? 0;
    this.#bytes += cost?.bytes ?? 0;
    return rows;
  }

  command(what: string, sql: string, parameters?: Parameters): Promise<void> {
    return this.#client.command(what, sql, parameters);
  }
  insert(table: string, columns: readonly string[], rows: Uint8Array): Promise<void> {
    return this.#client.insert(table, columns, rows);
  }
  cost(what: string) {
    return this.#client.cost(what);
  }
  close(): Promise<void> {
    return this.#client.close();
  }
}
