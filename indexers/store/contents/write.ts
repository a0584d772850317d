import type { SqlClient } from '../sql/client.js';
import type { BlockContents } from './blockContents.js';
import { COLUMNS, ContentsRows } from './encode.js';
import { Pace } from './pace.js';
import { CONTENTS_WRITTEN } from './schema.js';

/** Rows of one insert, all tables together, bytes: with a block's own, what a batch needs in memory at most. */
const FLUSH_BYTES = 16 * 2 ** 20;

/**
 * Writes blocks' contents into a set's tables. What is written may be written again, and then changes nothing; it is not seen
 * before its numbers are published.
 * @throws IndexQueryError
 */
export async function writeContents(
  client: SqlClient,
  database: string,
  blocks: readonly BlockContents[],
): Promise<void> {
  const rows = new ContentsRows();
  const pace = new Pace();
  for (const block of blocks) {
    let logs = 0;
    for (const [position, transaction] of block.transactions.entries()) {
      rows.addTransaction(block, position, logs);
      if ('logs' in transaction) logs += transaction.logs.length;
      if (rows.size > FLUSH_BYTES) await flush(client, database, rows);
      if (pace.isDue()) await pace.rest();
    }
    rows.addBlock(block);
  }
  await flush(client, database, rows);
}

async function flush(client: SqlClient, database: string, rows: ContentsRows): Promise<void> {
  for (const table of CONTENTS_WRITTEN) {
    const writer = rows.tables[table];
    if (writer.rows > 0) await client.insert(`${database}.${table}`, COLUMNS[table], writer.take());
  }
}
