import * as z from 'zod';
import type { Parameters, SqlClient } from './sql/client.js';

const columnRow = z.object({ name: z.string().regex(/^[a-z_][a-z0-9_]*$/) });

/**
 * Copies rows of a table from one set to another, by the columns that both have: sets of different versions may have others, and
 * have them in another order.
 * @param where condition on the rows, with its parameters
 */
export async function copyTable(
  client: SqlClient,
  table: string,
  from: string,
  into: string,
  where: { readonly sql: string; readonly parameters: Parameters } = { sql: '1', parameters: {} },
): Promise<void> {
  const sql = `SELECT name FROM system.columns WHERE table = {table:String} AND database IN ({from:String}, {into:String})
      AND default_kind NOT IN ('ALIAS', 'MATERIALIZED')
    GROUP BY name HAVING uniqExact(database) = 2 ORDER BY name`;
  const columns = (await client.query('columns', sql, columnRow, { table, from, into }))
    .map(({ name }) => name)
    .join(', ');
  await client.command(
    `copying ${table}`,
    `INSERT INTO ${into}.${table} (${columns}) SELECT ${columns} FROM ${from}.${table} WHERE ${where.sql}`,
    where.parameters,
  );
}
