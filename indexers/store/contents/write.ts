import type { SqlClient } from '../sql/client.js';
import type { BlockContents } from './blockContents.js';
import { COLUMNS, ContentsRows } from './encode.js';
import { Pace } from './pace.js';
import { blocksAbove } from './queries.js';
import { numberRow } from './rows.js';
import { CONTENTS_WRITTEN, type WrittenTable } from './schema.js';

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
    // Before anything of the block: who writes outputs sees by it whether spends of them may be there.
    rows.addBlock(block);
    for (const [position, transaction] of block.transactions.entries()) {
      rows.addTransaction(block, position, logs);
      if ('logs' in transaction) logs += transaction.logs.length;
      if (rows.size > FLUSH_BYTES) await flush(client, database, rows, blocks);
      if (pace.isDue()) await pace.rest();
    }
  }
  await flush(client, database, rows, blocks);
}

async function flush(
  client: SqlClient,
  database: string,
  rows: ContentsRows,
  blocks: readonly BlockContents[],
): Promise<void> {
  const taken = new Map<WrittenTable, Uint8Array>();
  for (const table of CONTENTS_WRITTEN) {
    const writer = rows.tables[table];
    if (writer.rows === 0) continue;
    const bytes = writer.take();
    taken.set(table, bytes);
    await client.insert(`${database}.${table}`, COLUMNS[table], bytes);
  }
  await join(client, database, taken, blocks);
}

/**
 * Writes spends beside their outputs. Each side's rows are in before it looks for the other's, so that of two writers at least one
 * finds both; what is published by both is joined.
 */
async function join(
  client: SqlClient,
  database: string,
  taken: ReadonlyMap<WrittenTable, Uint8Array>,
  blocks: readonly BlockContents[],
): Promise<void> {
  const spends = taken.get('bitcoin_spends');
  if (spends !== undefined)
    await client.insert(`${database}.bitcoin_new_spends`, COLUMNS.bitcoin_spends, spends);
  const outputs = taken.get('bitcoin_coins');
  if (outputs !== undefined && (await isBelowOthers(client, database, blocks)))
    await client.insert(`${database}.bitcoin_new_outputs`, COLUMNS.bitcoin_coins, outputs);
}

/** Whether blocks that may spend outputs of these are there, whole or in part. */
async function isBelowOthers(
  client: SqlClient,
  database: string,
  blocks: readonly BlockContents[],
): Promise<boolean> {
  const [first] = blocks;
  if (first === undefined) return false;
  const { chain } = first;
  const lowest = blocks.reduce((least, { height }) => Math.min(least, height), first.height);
  const numbers = blocks.map(({ number }) => number);
  const sql = blocksAbove(database);
  return (await client.query('blocksAbove', sql, numberRow, { chain, lowest, numbers })).length > 0;
}
