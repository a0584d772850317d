import * as z from 'zod';
import { count } from '../columns.js';
import { joinRanges } from '../ranges.js';
import { lostBlocks } from '../schema/lost.js';
import type { SqlClient } from '../sql/client.js';
import type { NumberRange } from '../view.js';

const numberRow = z.object({ number: count });
const writeRow = z.object({ first: count, last: count, moment: count });

/** Events at either end of a published range whose blocks are looked at: live work extends one end, a backfill the other. */
const WINDOW = 4096;
/** Ranges that are looked at: the newest. */
const MOST_RANGES = 8;
/** What a machine that fails may not have written to its disk: milliseconds before the last write. */
const UNSAFE_MS = 120_000;

/** Where blocks' contents are looked for. */
export interface PublishedContents {
  readonly database: string;
  readonly chain: string;
  /** Number of the newest event that is published. */
  readonly last: number;
  readonly ranges: readonly NumberRange[];
}

/**
 * Numbers of events whose blocks' contents are published and are not all there: at the ends of the ranges, where writes are. A block
 * of the best chain has a row in `blocks`, and as many transactions and logs as that says.
 * @throws IndexQueryError
 */
export async function lostContents(client: SqlClient, of: PublishedContents): Promise<readonly number[]> {
  const { database, chain, last } = of;
  const numbers = new Set<number>();
  for (const { from, to } of windowsOf(of.ranges)) {
    const parameters = { chain, number: last, from, to: Math.min(to, last) };
    const rows = [
      ...(await client.query('mendBlocks', missingBlocks(database), numberRow, parameters)),
      ...(await client.query('mendContents', shortBlocks(database), numberRow, parameters)),
    ];
    for (const { number } of rows) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}

/** Best-chain blocks of a range of events that have no row. */
function missingBlocks(database: string): string {
  return `SELECT number FROM ${database}.header_events
    WHERE chain = {chain:String} AND number >= {from:UInt64} AND number <= {to:UInt64} AND type = 'connect'
      AND hash NOT IN ${lostBlocks(database)}
      AND hash NOT IN (SELECT block_hash FROM ${database}.blocks WHERE chain = {chain:String})
    GROUP BY number`;
}

/** Blocks of a range of events that have other numbers of transactions or logs than their rows say. */
function shortBlocks(database: string): string {
  const within = 'chain = {chain:String} AND number >= {from:UInt64} AND number <= {to:UInt64}';
  const heights = `height >= (SELECT min(height) FROM ${database}.blocks WHERE ${within})
      AND height <= (SELECT max(height) FROM ${database}.blocks WHERE ${within})`;
  const of = (table: string, place: string) =>
    `SELECT number, uniqExact(${place}) AS there FROM ${database}.${table} WHERE ${within} AND ${heights} GROUP BY number`;
  return `SELECT said.number AS number FROM (
      SELECT number, max(transactions) AS transactions, max(logs) AS logs FROM ${database}.blocks WHERE ${within} GROUP BY number) AS said
    LEFT JOIN (${of('bitcoin_transactions', 'position')} UNION ALL ${of('ethereum_transactions', 'position')}) AS sent
      ON said.number = sent.number
    LEFT JOIN (${of('ethereum_logs', 'block_log_index')}) AS told ON said.number = told.number
    WHERE said.transactions != sent.there OR said.logs != told.there`;
}

function windowsOf(ranges: readonly NumberRange[]): NumberRange[] {
  return joinRanges(
    ranges.slice(-MOST_RANGES).flatMap(({ from, to }) => [
      { from, to: Math.min(to, from + WINDOW - 1) },
      { from: Math.max(from, to - WINDOW + 1), to },
    ]),
  );
}

/**
 * What was published shortly before the machine of the index went down: all tables of it may lack rows, as that reached the disk in
 * no order.
 * @param machineStart Unix milliseconds
 * @throws IndexQueryError
 */
export async function unsafeContents(
  client: SqlClient,
  { database, chain }: Pick<PublishedContents, 'database' | 'chain'>,
  machineStart: number,
): Promise<readonly NumberRange[]> {
  const sql = `SELECT first, last, toUnixTimestamp64Milli(at) AS moment FROM ${database}.contents_writes
    WHERE chain = {chain:String} AND at >= (
      SELECT max(at) FROM ${database}.contents_writes WHERE chain = {chain:String}) - toIntervalMillisecond({unsafe:UInt32})
    ORDER BY at`;
  const rows = await client.query('mendWrites', sql, writeRow, { chain, unsafe: UNSAFE_MS });
  const newest = rows.at(-1)?.moment ?? Number.POSITIVE_INFINITY;
  return newest < machineStart ? joinRanges(rows.map(({ first, last }) => ({ from: first, to: last }))) : [];
}

/** What is left of some ranges without others. */
export function withoutRanges(
  ranges: readonly NumberRange[],
  without: readonly NumberRange[],
): NumberRange[] {
  let left = [...ranges];
  for (const { from, to } of without)
    left = left.flatMap((range) =>
      to < range.from || from > range.to
        ? [range]
        : [
            { from: range.from, to: from - 1 },
            { from: to + 1, to: range.to },
          ].filter((part) => part.from <= part.to),
    );
  return left;
}
