import * as z from 'zod';
import type { QueryCost } from './client.js';

/** What FORMAT JSON says besides the rows. */
const Answer = z.object({
  data: z.array(z.unknown()),
  statistics: z.object({ elapsed: z.number(), rows_read: z.coerce.number(), bytes_read: z.coerce.number() }),
});

/** Rows and cost of an answer in FORMAT JSON. @throws z.ZodError */
export function readAnswer<T>(answer: unknown, row: z.ZodType<T>): { rows: T[]; cost: QueryCost } {
  const { data, statistics } = Answer.parse(answer);
  return {
    rows: z.array(row).parse(data),
    cost: { rows: statistics.rows_read, bytes: statistics.bytes_read, seconds: statistics.elapsed },
  };
}

const NAME = /^[a-z_][a-z0-9_]{0,63}$/;

/** `INSERT INTO database.table (columns)`: names are ours, never a user's. @throws RangeError for what is none */
export function insertInto(table: string, columns: readonly string[]): string {
  const parts = table.split('.');
  if (parts.length !== 2 || ![...parts, ...columns].every((name) => NAME.test(name)))
    throw new RangeError(`no table and columns: ${table} (${columns.join(', ')})`);
  return `INSERT INTO ${table} (${columns.join(', ')})`;
}
