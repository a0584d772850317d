import type { Parameters } from '../sql/client.js';
import type { NumberRange } from '../view.js';
import { IN_SMALL_BLOCKS, SEEN } from './queries.js';

/** More ranges than a view ever has while one history is filled in: beyond, marks are not passed over. */
const MAX_GAPS = 32;

const COIN = `height, number, position, vout, lower(hex(txid)) AS hash_text, toString(value) AS value_text, kind, coinbase,
  script = unhex({script:String}) AS fits, arrayMap(one -> one.1, spends) AS spend_numbers, arrayMap(one -> one.2, spends) AS spend_vins,
  arrayMap(one -> lower(hex(one.3)), spends) AS spend_texts`;
const OF_SCRIPT = `chain = {chain:String} AND script_key = {key:UInt64} AND ${SEEN}
    AND height >= {height:UInt64} AND (height, position, vout) > ({height:UInt64}, {position:Int64}, {vout:Int64})`;

/** Rows of a script's outputs. Parameters `key`, `script`, `height`, `position`, `vout` of the last row before, and `limit`. */
export const coinsByScript = (database: string) =>
  `SELECT * FROM (SELECT ${COIN} FROM ${database}.bitcoin_coins WHERE ${OF_SCRIPT}
      ORDER BY height, position, vout, number LIMIT {limit:UInt32} ${IN_SMALL_BLOCKS})
    ORDER BY height, position, vout, number`;

/**
 * Rows of the first `limit` outputs of a script that may be unspent in the view: those whose first spend, by the number of its
 * block, is after the view, not in its contents, or in a block that it has lost. Parameters as of `coinsByScript` and `hidden`.
 * @param hidden of `hiddenNumbers`
 */
export function unspentCandidates(database: string, hidden: string, lost: boolean): string {
  const places = (spent: string) => `SELECT height, position, vout FROM ${database}.bitcoin_coins
    WHERE ${OF_SCRIPT} AND ${spent} ORDER BY height, position, vout LIMIT {limit:UInt32} ${IN_SMALL_BLOCKS}`;
  const first = places(`(${hidden})`);
  const all = lost ? `(${first}) UNION ALL (${places('spent IN {lost:Array(UInt64)}')})` : first;
  return `SELECT ${COIN} FROM ${database}.bitcoin_coins
    WHERE chain = {chain:String} AND script_key = {key:UInt64} AND ${SEEN} AND (height, position, vout) IN (
      SELECT height, position, vout FROM (${all}) ORDER BY height, position, vout LIMIT {limit:UInt32})
    ORDER BY height, position, vout, number`;
}

/**
 * Whether the first spend of an output is not in the contents of a view, or there is none. Comparisons alone, so that ClickHouse can
 * tell which marks have none.
 * @param contents numbers whose contents are in, ascending
 */
export function hiddenNumbers(contents: readonly NumberRange[]): {
  readonly sql: string;
  readonly parameters: Parameters;
} {
  if (contents.length > MAX_GAPS) return { sql: '1', parameters: {} };
  const parameters: Record<string, number> = {};
  const gaps: string[] = [];
  let next = 1;
  for (const [i, { from, to }] of contents.entries()) {
    if (from > next) {
      gaps.push(`OR (spent >= {gap_from${i}:UInt64} AND spent < {gap_to${i}:UInt64})`);
      parameters[`gap_from${i}`] = next;
      parameters[`gap_to${i}`] = from;
    }
    next = to + 1;
  }
  parameters.beyond = next;
  return { sql: `spent >= {beyond:UInt64} ${gaps.join(' ')}`, parameters };
}
