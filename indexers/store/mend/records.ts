import * as z from 'zod';
import { count } from '../columns.js';
import type { SqlClient } from '../sql/client.js';

const blocksRow = z.object({ blocks: count, there: count, newest: count });
const heightRow = z.object({ height: count });
const publishedRow = z.object({ published: count });
const writtenRow = z.object({ moment: count });
const gapRow = z.object({ gap: count });

/** Main-chain blocks, the newest, of which every commitment and certificate is counted. */
const COUNTED = 50_000;

/**
 * The least height of a main-chain block that was published and is not there, or not with all that was written with it; `undefined`
 * where nothing is missing.
 * @throws IndexQueryError
 */
export async function firstMissingMainBlock(
  client: SqlClient,
  database: string,
): Promise<number | undefined> {
  const progress = `SELECT max(number) AS published FROM ${database}.progress WHERE chain = '' AND stream = 'main'`;
  const published = (await client.query('mendMain', progress, publishedRow))[0]?.published ?? 0;
  const sql = `SELECT count() AS blocks, groupBitmap(height) AS there, max(height) AS newest FROM ${database}.main_blocks`;
  const [found] = await client.query('mendMainBlocks', sql, blocksRow);
  const there = found?.there ?? 0;
  const end = Math.max(published, found === undefined || found.blocks === 0 ? 0 : found.newest + 1);
  const short = await firstShort(client, database, end);
  if (there === end) return short;
  const gap = `SELECT min(height + 1) AS gap FROM ${database}.main_blocks
    WHERE height + 1 NOT IN (SELECT height FROM ${database}.main_blocks)`;
  const lowest = `SELECT min(height) AS gap FROM ${database}.main_blocks`;
  const [first] = await client.query('mendLowest', lowest, gapRow);
  if (there === 0 || first === undefined || first.gap > 0) return 0;
  const missing = (await client.query('mendGap', gap, gapRow))[0]?.gap ?? 0;
  return Math.min(missing, short ?? missing);
}

/** The least height of a block that lacks a commitment or its certificate. */
async function firstShort(client: SqlClient, database: string, end: number): Promise<number | undefined> {
  const from = Math.max(0, end - COUNTED);
  const of = (table: string, what: string) =>
    `SELECT main_height, uniqExact(${what}) AS there FROM ${database}.${table} WHERE main_height >= {from:UInt64} GROUP BY main_height`;
  const sql = `SELECT said.height AS height FROM (
      SELECT height, max(commitments) AS commitments, max(certificates) AS certificates FROM ${database}.main_blocks
      WHERE height >= {from:UInt64} GROUP BY height) AS said
    LEFT JOIN (${of('commitments', 'chain')}) AS named ON said.height = named.main_height
    LEFT JOIN (${of('certificates', 'main_root')}) AS signed ON said.height = signed.main_height
    WHERE said.commitments > named.there OR said.certificates > signed.there
    ORDER BY height LIMIT 1`;
  return (await client.query('mendShort', sql, heightRow, { from }))[0]?.height;
}

/** When the position of a stream was written last, Unix milliseconds; `undefined` where it never was. @throws IndexQueryError */
export async function positionWritten(
  client: SqlClient,
  database: string,
  stream: string,
): Promise<number | undefined> {
  const sql = `SELECT toUnixTimestamp64Milli(toDateTime64(max(at), 3)) AS moment FROM ${database}.positions
    WHERE stream = {stream:String} HAVING count() > 0`;
  return (await client.query('mendPosition', sql, writtenRow, { stream }))[0]?.moment;
}
