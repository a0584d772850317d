import type * as z from 'zod';

/** What a statement's `{name:Type}` may be bound to. Bytes go as bare hex, through `unhex`. */
export type Parameter = string | number | bigint | readonly Parameter[];
export type Parameters = Readonly<Record<string, Parameter>>;

/** What one query took. */
export interface QueryCost {
  /** Read from tables, not of the answer. */
  readonly rows: number;
  readonly bytes: number;
  /** By the server's own clock. */
  readonly seconds: number;
}

/**
 * A ClickHouse, in this process or at a server: the same dialect, formats and errors. `what` names a statement in errors and
 * in `cost`. All methods throw IndexQueryError.
 */
export interface SqlClient {
  /** A statement without an answer. */
  command(what: string, sql: string, parameters?: Parameters): Promise<void>;
  /** A SELECT without FORMAT and SETTINGS. Bytes are best selected as `lower(hex(column))`. */
  query<T>(what: string, sql: string, row: z.ZodType<T>, parameters?: Parameters): Promise<T[]>;
  /**
   * @param table `database.table`
   * @param columns in the order of the rows' values
   * @param rows RowBinary: `RowWriter.take()`
   */
  insert(table: string, columns: readonly string[], rows: Uint8Array): Promise<void>;
  /** What the last query of this name took. */
  cost(what: string): QueryCost | undefined;
  close(): Promise<void>;
}
