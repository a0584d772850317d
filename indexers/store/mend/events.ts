import * as z from 'zod';
import { count } from '../columns.js';
import type { SqlClient } from '../sql/client.js';

const thereRow = z.object({ there: count });
const bucketRow = z.object({ bucket: count, there: count });
const numbersRow = z.object({ numbers: z.array(count) });
const derivedRow = z.object({ undone: count, finality: count, hashes: count });

/** Event numbers of one piece that is looked through singly. */
const PIECE = 65_536;

/**
 * The first event of a chain that is not in a set, of those up to `last`; `undefined` where all are there. Reads the numbers alone,
 * as a bitmap: of numbers without gaps it is small.
 * @param piece numbers that are looked through singly, of the first piece that lacks any
 * @throws IndexQueryError
 */
export async function firstMissingEvent(
  client: SqlClient,
  database: string,
  chain: string,
  last: number,
  piece = PIECE,
): Promise<number | undefined> {
  if (last === 0) return undefined;
  const from = `FROM ${database}.header_events WHERE chain = {chain:String} AND number >= 1 AND number <= {last:UInt64}`;
  const sql = `SELECT groupBitmap(number) AS there ${from}`;
  const [all] = await client.query('mendEvents', sql, thereRow, { chain, last });
  if (all?.there === last) return undefined;
  const pieces = `SELECT intDiv(number, {piece:UInt32}) AS bucket, groupBitmap(number) AS there ${from} GROUP BY bucket ORDER BY bucket`;
  let first = 1;
  for (const { bucket, there } of await client.query('mendPieces', pieces, bucketRow, {
    chain,
    last,
    piece,
  })) {
    const end = Math.min(last, (bucket + 1) * piece - 1);
    if (bucket * piece > first || there < end - first + 1) break;
    first = end + 1;
  }
  const single = `SELECT groupUniqArray(number) AS numbers ${from} AND number >= {first:UInt64} AND number < {end:UInt64}`;
  const bounds = { chain, last, first, end: first + piece };
  const [found] = await client.query('mendPiece', single, numbersRow, bounds);
  const there = new Set(found?.numbers);
  while (there.has(first)) first++;
  return first;
}

/** Newest events whose hashes are all looked for. */
const NEWEST = 20_000;

/**
 * Makes up for rows that were lost of the tables that a chain's events fill: they are made of the events again.
 * @param last number of the last event; all up to it are there
 * @returns how many rows were missing, of hashes about
 * @throws IndexQueryError
 */
export async function refillDerived(
  client: SqlClient,
  database: string,
  chain: string,
  last: number,
): Promise<number> {
  if (last === 0) return 0;
  const of = (type: string) =>
    `FROM ${database}.header_events WHERE chain = {chain:String} AND number <= {last:UInt64} AND type = '${type}'`;
  const missing = (table: string, type: string) => `(SELECT groupBitmap(number) ${of(type)}) - (
      SELECT groupBitmap(number) FROM ${database}.${table} WHERE chain = {chain:String} AND number <= {last:UInt64})`;
  // By four bytes of each hash, of one hash in sixteen: rows that were written thousands at once are lost so, too.
  const prefixes = 'groupBitmapState(reinterpretAsUInt32(substring(hash, 1, 4)))';
  const some = 'bitAnd(reinterpretAsUInt8(substring(hash, 1, 1)), 15) = 7';
  // All of the newest, which may have come one by one.
  const newest = `(SELECT hash ${of('connect')} AND number + ${NEWEST} > {last:UInt64})`;
  const sql = `SELECT greatest(0, ${missing('undone', 'disconnect')}) AS undone,
      greatest(0, ${missing('finality', 'finalize')}) AS finality,
      16 * bitmapAndnotCardinality((SELECT ${prefixes} ${of('connect')} AND ${some}),
        (SELECT ${prefixes} FROM ${database}.header_hashes WHERE chain = {chain:String} AND ${some}))
      + (SELECT count() FROM ${newest} WHERE hash NOT IN (
        SELECT hash FROM ${database}.header_hashes WHERE chain = {chain:String} AND hash IN ${newest})) AS hashes`;
  const parameters = { chain, last };
  const [lost = { undone: 0, finality: 0, hashes: 0 }] = await client.query(
    'mendDerived',
    sql,
    derivedRow,
    parameters,
  );
  const refill = (table: string, columns: string, type: string) =>
    client.command(
      `mending ${table}`,
      `INSERT INTO ${database}.${table} (${columns}) SELECT ${columns} ${of(type)}`,
      parameters,
    );
  if (lost.undone > 0) await refill('undone', 'chain, number, height, hash', 'disconnect');
  if (lost.finality > 0) await refill('finality', 'chain, number, height, hash', 'finalize');
  if (lost.hashes > 0) await refill('header_hashes', 'chain, hash, height', 'connect');
  return lost.undone + lost.finality + lost.hashes;
}
