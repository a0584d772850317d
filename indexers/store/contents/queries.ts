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
export const lostNumbers = (database: string) =>
  `SELECT arrayJoin(groupArrayIf(number, type = 'connect')) AS lost FROM ${database}.header_events
    WHERE chain = {chain:String} AND number <= {number:UInt64} AND type != 'finalize' AND (height, hash) IN (
      SELECT height, hash FROM ${database}.undone WHERE chain = {chain:String} AND number <= {number:UInt64})
    GROUP BY hash HAVING argMax(type, number) = 'disconnect'`;

/** Whether a row's block is on the best chain of the view; of rows that are in its contents. */
const IS_BEST = '(number NOT IN {lost:Array(UInt64)})';
/** Whether a row is to be seen in the view. Parameters: those of `Shown`. */
export const SEEN = `${IN_CONTENTS} AND ${IS_BEST}`;

/** A list of rows' places as a set: parameters `heights`, `positions`, `numbers`. */
export const GIVEN_PLACES = `(SELECT tupleElement(one, 1), tupleElement(one, 2), tupleElement(one, 3) FROM (SELECT arrayJoin(
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
const TABLES = {
  bitcoin: { table: 'bitcoin_transactions', hash: 'txid', columns: BITCOIN },
  ethereum: { table: 'ethereum_transactions', hash: 'hash', columns: ETHEREUM },
  receipt: { table: 'ethereum_transactions', hash: 'hash', columns: RECEIPT },
} as const;
export type TransactionTable = keyof typeof TABLES;

/** Ends a select of one page's run: no more rows at once than a page needs, where ClickHouse would read some ten thousand. */
export const IN_SMALL_BLOCKS = 'SETTINGS max_block_size = 256';

/** Rows of `inner` up to the page's bytes, and how many there were. @param bytes of a row, as an expression */
export function withinBytes(inner: string, order: string, bytes: string, columns: string): string {
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
  `SELECT number, height, lower(hex(block_hash)) AS hash_text, time FROM ${database}.blocks
    WHERE chain = {chain:String} AND number IN {numbers:Array(UInt64)}`;

/** A block other than those of `numbers` that is not below the height `lowest`. */
export const blocksAbove = (database: string) =>
  `SELECT number FROM ${database}.blocks
    WHERE chain = {chain:String} AND height >= {lowest:UInt64} AND number NOT IN {numbers:Array(UInt64)} LIMIT 1`;

/** Parameter `hash`. */
export const blockByHash = (database: string) =>
  `SELECT number, height, time, kind, ${IS_BEST} AS canonical FROM ${database}.blocks
    WHERE chain = {chain:String} AND block_hash = unhex({hash:String}) AND ${IN_CONTENTS} ORDER BY number LIMIT 1`;

/** Parameters `hash` and `key`, its first eight bytes. */
export function transactionByHash(database: string, of: TransactionTable): string {
  const { table, hash, columns } = TABLES[of];
  return `SELECT ${columns}, ${IS_BEST} AS canonical FROM ${database}.${table}
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
    ORDER BY position LIMIT {limit:UInt32} ${IN_SMALL_BLOCKS}`;
  return withinBytes(inner, 'position', 'length(raw)', columns);
}

const SPEND = `height, number, position, vin, lower(hex(txid)) AS hash_text`;

/** Spenders in every branch. Parameters `txid`, `vout`. */
export const spenders = (database: string) =>
  `SELECT ${SPEND}, ${IS_BEST} AS canonical FROM ${database}.bitcoin_spends
    WHERE chain = {chain:String} AND spent_txid = unhex({txid:String}) AND spent_vout = {vout:UInt32} AND ${IN_CONTENTS}
    ORDER BY canonical DESC, number DESC, position, vin LIMIT 1 BY number, position, vin LIMIT ${MAX_BRANCHES}`;

/** Raw transactions at given places. */
export const rawTransactions = (database: string) =>
  `SELECT height, number, position, lower(hex(raw)) AS raw_text FROM ${database}.bitcoin_transactions
    WHERE chain = {chain:String} AND (height, position, number) IN ${GIVEN_PLACES} LIMIT 1 BY height, number, position`;

/** Parameters `address`, `height` and `position` of the last row before, and `limit`. */
export const placesByAddress = (database: string) =>
  `SELECT * FROM (SELECT height, number, position FROM ${database}.ethereum_addresses
      WHERE chain = {chain:String} AND address = unhex({address:String}) AND ${SEEN}
        AND height <= {height:UInt64} AND (height, position) < ({height:UInt64}, {position:Int64})
      ORDER BY height DESC, position DESC LIMIT {limit:UInt32} ${IN_SMALL_BLOCKS})
    ORDER BY height DESC, position DESC`;

/** Ethereum transactions at given places, newest first. */
export function transactionsAt(database: string): string {
  const inner = `SELECT * FROM ${database}.ethereum_transactions
    WHERE chain = {chain:String} AND (height, position, number) IN ${GIVEN_PLACES} LIMIT 1 BY height, position`;
  return withinBytes(inner, 'height DESC, position DESC', 'length(raw)', ETHEREUM);
}

/** Parameters `from`, `to` (exclusive), `step`, seconds. */
export const statistics = (database: string) =>
  `SELECT intDiv(time, {step:UInt64}) * {step:UInt64} AS begin, count() AS block_count, sum(transactions) AS transaction_count,
      sum(inputs) AS input_count, sum(outputs) AS output_count, sum(logs) AS log_count, toString(sum(value)) AS value_text,
      sum(bytes) AS byte_count, sum(weight) AS weight_count, toString(sum(gas_used)) AS gas_used_text
    FROM (SELECT * FROM ${database}.blocks
      WHERE chain = {chain:String} AND time >= {from:UInt64} AND time < {to:UInt64} AND ${SEEN}
      ORDER BY number LIMIT 1 BY block_hash)
    GROUP BY begin ORDER BY begin`;
