import { GIVEN_PLACES, IN_SMALL_BLOCKS, SEEN, withinBytes } from './queries.js';

/*
 * Queries of logs. Parameters of all: `from`, `to`, `height` and `log` of the last row before, `limit`, `address0` … and
 * `topic<place>_<n>` …
 */

const LOG = `height, number, position, log_index, block_log_index, lower(hex(transaction_hash)) AS hash_text,
  lower(hex(address)) AS address_text, topics, arrayMap(topic -> lower(hex(topic)), [topic0, topic1, topic2, topic3]) AS topic_texts,
  lower(hex(data)) AS data_text`;
const ORDER = 'height, block_log_index';
const BYTES = '256 + length(data)';
const RANGE = `height >= greatest({from:UInt64}, {height:UInt64}) AND height <= {to:UInt64}
      AND (height, block_log_index) > ({height:UInt64}, {log:Int64})`;

const topic = (place: number) => (_: unknown, n: number) =>
  `toFixedString(unhex({topic${place}_${n}:String}), 32)`;
const each = (count: number, one: (_: unknown, n: number) => string) => Array.from({ length: count }, one);

/** Conditions on a log's topics. @param topics how many alternatives each place has; 0 for any topic */
function matching(topics: readonly number[]): string {
  const conditions = topics.map((count, place) =>
    count === 0 ? '' : `AND topic${place} IN (${each(count, topic(place))})`,
  );
  if (topics.length > 0) conditions.push(`AND topics >= ${topics.length}`);
  return conditions.join(' ');
}

/** The first of several ordered lists together. */
function firstOf(lists: readonly string[]): string {
  const [only] = lists;
  if (lists.length === 1 && only !== undefined) return `SELECT * FROM (${only}) ORDER BY ${ORDER}`;
  return `SELECT * FROM (${lists.map((one) => `(${one})`).join(' UNION ALL ')}) ORDER BY ${ORDER} LIMIT {limit:UInt32}`;
}

/** Logs of some contracts, or of all. @param addresses how many contracts; none means any @param topics as of `matching` */
export function logs(database: string, addresses: number, topics: readonly number[]): string {
  const inner = (table: string, address: string) => `SELECT * FROM ${database}.${table}
    WHERE chain = {chain:String} ${address} AND ${RANGE} ${matching(topics)} AND ${SEEN}
    ORDER BY ${ORDER} LIMIT {limit:UInt32} ${IN_SMALL_BLOCKS}`;
  const own = each(addresses, (_, n) =>
    inner('ethereum_logs_by_address', `AND address = unhex({address${n}:String})`),
  );
  return withinBytes(firstOf(own.length === 0 ? [inner('ethereum_logs', '')] : own), ORDER, BYTES, LOG);
}

/**
 * Where logs with these topics are, of any contract: the run of the last topic that is named, whose rows have the event beside
 * them; topics between are looked up in their own runs. At least one place has alternatives.
 */
export function placesByTopics(database: string, topics: readonly number[]): string {
  const last = topics.findLastIndex((count) => count > 0);
  const keys = (place: number) => each(topics[place] ?? 0, (_, n) => `sipHash64(${topic(place)(_, n)})`);
  const conditions = topics.map((count, place) => {
    if (count === 0 || place === last) return '';
    if (place === 0) return `AND event_key IN (${keys(0)})`;
    return `AND (height, block_log_index, number) IN (SELECT height, block_log_index, number FROM ${database}.ethereum_topics
      WHERE chain = {chain:String} AND topic_place = ${place} AND topic_key IN (${keys(place)}) AND ${RANGE})`;
  });
  return firstOf(
    keys(last).map(
      (key) => `SELECT height, number, block_log_index FROM ${database}.ethereum_topics
    WHERE chain = {chain:String} AND topic_place = ${last} AND topic_key = ${key} AND topics >= ${topics.length}
      AND ${RANGE} ${conditions.join(' ')} AND ${SEEN}
    ORDER BY ${ORDER} LIMIT {limit:UInt32} ${IN_SMALL_BLOCKS}`,
    ),
  );
}

/** Logs at given places that have these topics, not hashes of others. */
export function logsAt(database: string, topics: readonly number[]): string {
  const inner = `SELECT * FROM ${database}.ethereum_logs
    WHERE chain = {chain:String} AND (height, block_log_index, number) IN ${GIVEN_PLACES} ${matching(topics)}`;
  return withinBytes(inner, ORDER, BYTES, LOG);
}
