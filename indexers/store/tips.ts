import * as z from 'zod';
import { count, hexBytes } from './columns.js';
import type { SqlClient } from './sql/client.js';
import type { View } from './view.js';

const tipRow = z.object({
  type: z.enum(['connect', 'disconnect']),
  height: count,
  hash_text: hexBytes,
  parent_text: hexBytes,
});

/** Events before which a connect or a disconnect is nearly always found: finalizes come one at a time. */
const NEAR = 256;

/** The best chain's tip after event `number`, where that event is in. @throws IndexQueryError */
export async function tipAt(
  client: SqlClient,
  database: string,
  chain: string,
  number: number,
): Promise<View> {
  const [tip] = await tips(client, database, chain, number, NEAR);
  const found = tip ?? (await tips(client, database, chain, number, number))[0];
  if (found === undefined) return { chain, number, height: 0, hash: new Uint8Array(32) };
  return found.type === 'connect'
    ? { chain, number, height: found.height, hash: found.hash_text }
    : { chain, number, height: found.height - 1, hash: found.parent_text };
}

function tips(client: SqlClient, database: string, chain: string, number: number, near: number) {
  const sql = `SELECT type, height, lower(hex(hash)) AS hash_text, lower(hex(parent)) AS parent_text
    FROM ${database}.header_events WHERE chain = {chain:String} AND number <= {number:UInt64} AND number > {above:UInt64}
      AND type != 'finalize' ORDER BY header_events.number DESC LIMIT 1`;
  return client.query('viewAt', sql, tipRow, { chain, number, above: Math.max(0, number - near) });
}
