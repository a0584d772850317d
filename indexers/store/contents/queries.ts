import { IN_CONTENTS } from '../schema/lost.js';

/** Queries of one set's contents. Everything that varies is a bound parameter; `chain`, `number` and the contents' ranges are in all. */

/** Rows that a transaction has at most in an answer: one in each block of any branch that has it. */
export const MAX_BRANCHES = 100;
/*
 * Rows that were written twice may be there twice until they are merged. Pages are read with them and cleaned by whoever asks:
 * LIMIT BY would keep ClickHouse from stopping at the page's end, and FINAL would read the parts side by side.
 */

/** Bytes of raw data in one answer at most, but for its first row: a page that would have more is shorter. */
export const PAGE_BYTES = 8 * 2 ** 20;

/**
 * Numbers of all events that connected a block which the view has disconnected. Reads the few heights at which a block was ever
 * undone.
 */
function lostNumbers(database: string): string {
  return `(SELECT arrayJoin(groupArrayIf(number, type = 'connect')) FROM ${database}.header_events
    WHERE chain = {chain:String} AND number <= {number:UInt64} AND type != 'finalize' AND (height, hash) IN (
      SELECT height, hash FROM ${database}.undone WHERE chain = {chain:String} AND number <= {number:UInt64})
    GROUP BY hash HAVING argMax(type, number) = 'disconnect')`;
}

/** Whether a row's block is on the best chain of the view; of rows that are in its contents. */
const isBest = (database: string) => `(number NOT IN ${lostNumbers(database)})`;
const seen = (database: string) => `${IN_CONTENTS} AND ${isBest(database)}`;

/** A list of rows' places as a set: parameters `heights`, `positions`, `numbers`. */
const GIVEN_PLACES = `(SELECT tupleElement(one, 1), tupleElement(one, 2), tupleElement(one, 3) FROM (SELECT arrayJoin(
  arrayZip({heights:Array(UInt64)}, {positions:Array(UInt32)}, {numbers:Array(UInt64)})) AS one))`;

const BITCOIN = `height, number, position, lower(hex(txid)) AS hash_text, lower(hex(wtxid)) AS wtxid_text, version, lock_time, coinbase,
  weight, inputs, outputs, toString(value) AS value_text, lower(hex(raw)) AS raw_text`;
const ETHEREUM = `height, number, position, lower(hex(hash)) AS hash_text, type, toString(nonce) AS nonce_text, known_sender,
  lower(hex(sender)) AS sender_text, creates, lower(hex(recipient)) AS recipient_text, lower(hex(created)) AS created_text,
  toString(value) AS value_text, toString(gas) AS gas_text, toString(max_fee) AS max_fee_text, toString(max_tip) AS max_tip_text,
  toString(max_blob_fee) AS max_blob_fee_text, toString(price) AS price_text, lower(hex(raw)) AS raw_text`;
const RECEIPT = `height, number, position, lower(hex(hash)) AS hash_text, type, known_sender, lower(hex(sender)) AS sender_text, creates,
  lower(hex(recipient)) AS recipient_text, lower(hex(created)) AS created_text, toString(price) AS price_text, succeeded,
  lower(hex(state_root)) AS state_root_text, toString(gas_used) AS gas_used_text,
  toString(cumulative_gas_used) AS cumulative_gas_used_text, logs`;
const LOG = `height, number, position, log_index, block_log_index, lower(hex(transaction_hash)) AS hash_text,
  lower(hex(address)) AS address_text, topics, arrayMap(topic -> lower(hex(topic)), [topic0, topic1, topic2, topic3]) AS topic_texts,
  lower(hex(data)) AS data_text`;

const TABLES = {
  bitcoin: { table: 'bitcoin_transactions', hash: 'txid', columns: BITCOIN },
  ethereum: { table: 'ethereum_transactions', hash: 'hash', columns: ETHEREUM },
  receipt: { table: 'ethereum_transactions', hash: 'hash', columns: RECEIPT },
} as const;
export type TransactionTable = keyof typeof TABLES;

/** Rows of `inner` up to the page's bytes, and how many there were. @param bytes of a row, as an expression */
function withinBytes(inner: string, order: string, bytes: string, columns: string): string {
  return `SELECT ${columns}, found FROM (
    SELECT *, count() OVER () AS found,
      sum(${bytes}) OVER (ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
    FROM (${inner}))
  WHERE bytes_before < ${PAGE_BYTES} ORDER BY ${order}`;
}

export const chainKind = (database: string) =>
  `SELECT kind FROM ${database}.blocks WHERE chain = {chain:String} LIMIT 1`;

/** What stands behind numbers. Parameter `numbers`. */
export const blocksByNumber = (database: string) =>
  `SELECT number, lower(hex(block_hash)) AS hash_text, time FROM ${database}.blocks
    WHERE chain = {chain:String} AND number IN {numbers:Array(UInt64)}`;

/** Parameter `hash`. */
export const blockByHash = (database: string) =>
  `SELECT number, height, time, kind, ${isBest(database)} AS canonical FROM ${database}.blocks
    WHERE chain = {chain:String} AND block_hash = unhex({hash:String}) AND ${IN_CONTENTS} ORDER BY number LIMIT 1`;

/** Parameters `hash` and `key`, its first eight bytes. */
export function transactionByHash(database: string, of: TransactionTable): string {
  const { table, hash, columns } = TABLES[of];
  return `SELECT ${columns}, ${isBest(database)} AS canonical FROM ${database}.${table}
    WHERE chain = {chain:String} AND (height, position) IN (SELECT height, position FROM ${database}.transactions_by_hash
      WHERE chain = {chain:String} AND key = {key:UInt64})
      AND ${hash} = unhex({hash:String}) AND ${IN_CONTENTS}
    ORDER BY canonical DESC, number DESC LIMIT 1 BY number LIMIT ${MAX_BRANCHES}`;
}

/** Parameters `height`, `block`, `after` (a position, or -1) and `limit`. */
export function blockTransactions(database: string, of: 'bitcoin' | 'ethereum'): string {
  const { table, columns } = TABLES[of];
  const inner = `SELECT * FROM ${database}.${table}
    WHERE chain = {chain:String} AND height = {height:UInt64} AND number = {block:UInt64} AND position > {after:Int64}
    ORDER BY position LIMIT {limit:UInt32}`;
  return withinBytes(inner, 'position', 'length(raw)', columns);
}

/** Parameters `key`, `script`, `height`, `position`, `vout` of the last row before, and `limit`. */
export const outputsByScript = (database: string) =>
  `SELECT height, number, position, vout, lower(hex(txid)) AS hash_text, toString(value) AS value_text, kind, coinbase
    FROM ${database}.bitcoin_outputs
    WHERE chain = {chain:String} AND script_key = {key:UInt64} AND script = unhex({script:String}) AND ${seen(database)}
      AND height >= {height:UInt64} AND (height, position, vout) > ({height:UInt64}, {position:Int64}, {vout:Int64})
    ORDER BY height, position, vout LIMIT {limit:UInt32}`;

const SPEND = `height, number, position, vin, lower(hex(txid)) AS hash_text, lower(hex(spent_txid)) AS spent_text, spent_vout`;

/** Best-chain spenders of outpoints. Parameters `txids` and `vouts`, of one length. */
export const spendersOf = (database: string) =>
  `SELECT ${SPEND}, true AS canonical FROM ${database}.bitcoin_spends
    WHERE chain = {chain:String} AND (spent_txid, spent_vout) IN (
      SELECT toFixedString(unhex(tupleElement(one, 1)), 32), tupleElement(one, 2) FROM (SELECT arrayJoin(
        arrayZip({txids:Array(String)}, {vouts:Array(UInt32)})) AS one)) AND ${seen(database)}
    LIMIT 1 BY spent_txid, spent_vout`;

/** Spenders in every branch. Parameters `txid`, `vout`. */
export const spenders = (database: string) =>
  `SELECT ${SPEND}, ${isBest(database)} AS canonical FROM ${database}.bitcoin_spends
    WHERE chain = {chain:String} AND spent_txid = unhex({txid:String}) AND spent_vout = {vout:UInt32} AND ${IN_CONTENTS}
    ORDER BY canonical DESC, number DESC, position, vin LIMIT 1 BY number, position, vin LIMIT ${MAX_BRANCHES}`;

/** Raw transactions at given places. */
export const rawTransactions = (database: string) =>
  `SELECT height, number, position, lower(hex(raw)) AS raw_text FROM ${database}.bitcoin_transactions
    WHERE chain = {chain:String} AND (height, position, number) IN ${GIVEN_PLACES} LIMIT 1 BY height, number, position`;

/** Parameters `address`, `height` and `position` of the last row before, and `limit`. */
export const placesByAddress = (database: string) =>
  `SELECT height, number, position FROM ${database}.ethereum_addresses
    WHERE chain = {chain:String} AND address = unhex({address:String}) AND ${seen(database)}
      AND height <= {height:UInt64} AND (height, position) < ({height:UInt64}, {position:Int64})
    ORDER BY height DESC, position DESC LIMIT {limit:UInt32}`;

/** Ethereum transactions at given places, newest first. */
export function transactionsAt(database: string): string {
  const inner = `SELECT * FROM ${database}.ethereum_transactions
    WHERE chain = {chain:String} AND (height, position, number) IN ${GIVEN_PLACES} LIMIT 1 BY height, position`;
  return withinBytes(inner, 'height DESC, position DESC', 'length(raw)', ETHEREUM);
}

/**
 * Parameters `from`, `to`, `height` and `log` of the last row before, `limit`, `address0` … and `topic<place>_<n>` …
 * @param addresses how many contracts; none means any
 * @param topics how many alternatives each place has; 0 for any topic
 */
export function logs(database: string, addresses: number, topics: readonly number[]): string {
  const conditions = topics.map((count, place) => {
    const one = (_: unknown, i: number) => `toFixedString(unhex({topic${place}_${i}:String}), 32)`;
    return count === 0 ? '' : `AND topic${place} IN (${Array.from({ length: count }, one)})`;
  });
  if (topics.length > 0) conditions.push(`AND topics >= ${topics.length}`);
  const inner = (table: string, address: string) => `SELECT * FROM ${database}.${table}
    WHERE chain = {chain:String} ${address} AND height >= greatest({from:UInt64}, {height:UInt64}) AND height <= {to:UInt64}
      AND (height, block_log_index) > ({height:UInt64}, {log:Int64}) ${conditions.join(' ')} AND ${seen(database)}
    ORDER BY height, block_log_index LIMIT {limit:UInt32}`;
  const each = Array.from({ length: addresses }, (_, i) =>
    inner('ethereum_logs_by_address', `AND address = unhex({address${i}:String})`),
  );
  const [first = inner('ethereum_logs', '')] = each;
  const rows =
    each.length < 2
      ? first
      : `SELECT * FROM (${each.map((one) => `(${one})`).join(' UNION ALL ')}) ORDER BY height, block_log_index LIMIT {limit:UInt32}`;
  return withinBytes(rows, 'height, block_log_index', '256 + length(data)', LOG);
}

/** Parameters `from`, `to` (exclusive), `step`, seconds. */
export const statistics = (database: string) =>
  `SELECT intDiv(time, {step:UInt64}) * {step:UInt64} AS begin, count() AS block_count, sum(transactions) AS transaction_count,
      sum(inputs) AS input_count, sum(outputs) AS output_count, sum(logs) AS log_count, toString(sum(value)) AS value_text,
      sum(bytes) AS byte_count, sum(weight) AS weight_count, toString(sum(gas_used)) AS gas_used_text
    FROM (SELECT * FROM ${database}.blocks
      WHERE chain = {chain:String} AND time >= {from:UInt64} AND time < {to:UInt64} AND ${seen(database)}
      ORDER BY number LIMIT 1 BY block_hash)
    GROUP BY begin ORDER BY begin`;
