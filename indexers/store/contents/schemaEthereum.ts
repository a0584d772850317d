import type { TableDefinition } from '../schema/table.js';
import { byHashView, ENTERED, FINE, FINEST, PLACE, SETTINGS } from './schemaShared.js';

const LOG_COLUMNS = `${PLACE},
      position UInt32,
      log_index UInt32,
      block_log_index UInt32,
      transaction_hash FixedString(32) CODEC(ZSTD(1)),
      address FixedString(20) CODEC(ZSTD(1)),
      topics UInt8,
      topic0 FixedString(32) CODEC(ZSTD(1)),
      topic1 FixedString(32) CODEC(ZSTD(1)),
      topic2 FixedString(32) CODEC(ZSTD(1)),
      topic3 FixedString(32) CODEC(ZSTD(1)),
      data String CODEC(ZSTD(1))`;

/** A row for each topic of each log. */
const topicsOf = (
  database: string,
) => `SELECT chain, number, height, place AS topic_place, sipHash64(topic) AS topic_key,
        sipHash64(topic0) AS event_key, topics, block_log_index
      FROM ${database}.ethereum_logs
      ARRAY JOIN arraySlice([topic0, topic1, topic2, topic3], 1, topics) AS topic,
        arraySlice([0, 1, 2, 3], 1, topics) AS place`;

/** Fills the places of topics from logs that are there, and leaves out what they replace. */
export function carryTopics(database: string): readonly string[] {
  const columns = 'chain, number, height, topic_place, topic_key, event_key, topics, block_log_index';
  return [
    `INSERT INTO ${database}.ethereum_topics (${columns}) ${topicsOf(database)}`,
    ...[0, 1, 2, 3].map((i) => `ALTER TABLE ${database}.ethereum_logs DROP INDEX IF EXISTS by_topic${i}`),
    ...['ethereum_addresses', 'ethereum_logs_by_address'].map(
      (table) => `ALTER TABLE ${database}.${table} MODIFY SETTING ${ENTERED.slice(2)}`,
    ),
  ];
}

export const ETHEREUM_TABLES: readonly TableDefinition[] = [
  {
    name: 'ethereum_transactions',
    stable: 'final',
    columns: `chain, number, height, position, lower(hex(hash)) AS hash, type, nonce,
      if(known_sender, lower(hex(sender)), NULL) AS sender, if(creates, NULL, lower(hex(recipient))) AS recipient,
      if(creates AND known_sender, lower(hex(created)), NULL) AS created, value, gas, max_fee, max_tip, max_blob_fee, price,
      lower(hex(selector)) AS selector, lower(hex(raw)) AS raw, succeeded,
      if(succeeded IS NULL, lower(hex(state_root)), NULL) AS state_root, gas_used, cumulative_gas_used, logs`,
    why: `Transactions and their receipts, one to one: columns that a question does not name cost it nothing. By height and position, as
      of Bitcoin. The input is in the raw transaction alone; its first four bytes, which name a contract's function, have a
      column. The smallest granules, since an account's page has its rows scattered over as many blocks, and looks into each
      granule of a block.`,
    create: (database) => `CREATE TABLE IF NOT EXISTS ${database}.ethereum_transactions (
      ${PLACE},
      position UInt32 CODEC(Delta, ZSTD(1)),
      hash FixedString(32) CODEC(NONE),
      type UInt8,
      nonce UInt64,
      known_sender Bool,
      sender FixedString(20) CODEC(ZSTD(1)),
      creates Bool,
      recipient FixedString(20) CODEC(ZSTD(1)),
      created FixedString(20) CODEC(ZSTD(1)),
      value UInt256 CODEC(ZSTD(1)),
      gas UInt64,
      max_fee UInt256 CODEC(ZSTD(1)),
      max_tip UInt256 CODEC(ZSTD(1)),
      max_blob_fee Nullable(UInt256) CODEC(ZSTD(1)),
      price UInt256 CODEC(ZSTD(1)),
      selector FixedString(4) CODEC(ZSTD(1)),
      raw String CODEC(ZSTD(1)),
      succeeded Nullable(Bool),
      state_root FixedString(32) CODEC(ZSTD(1)),
      gas_used UInt64,
      cumulative_gas_used UInt64,
      logs UInt32,
      INDEX by_number number TYPE minmax GRANULARITY 4
    ) ENGINE = ReplacingMergeTree ORDER BY (chain, height, position, number) ${FINEST}`,
  },
  byHashView('ethereum_transactions', 'hash'),
  {
    name: 'ethereum_addresses',
    stable: 'none',
    why: `Where an address is the sender, the recipient or the created contract of a transaction: some bytes a mention, read backwards
      for the newest first. A page then reads its transactions by their places.`,
    create: (database) => `CREATE TABLE IF NOT EXISTS ${database}.ethereum_addresses (
      ${PLACE},
      address FixedString(20) CODEC(ZSTD(1)),
      position UInt32
    ) ENGINE = ReplacingMergeTree ORDER BY (chain, address, height, position, number) ${SETTINGS}${ENTERED}`,
  },
  {
    name: 'ethereum_transactions_by_address',
    stable: 'none',
    why: 'Fills ethereum_addresses, with each address of a transaction once.',
    create: (database) => `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.ethereum_transactions_by_address
      TO ${database}.ethereum_addresses AS
      SELECT chain, number, height, position, address FROM ${database}.ethereum_transactions
      ARRAY JOIN arrayDistinct(arrayConcat(
        if(known_sender, [sender], []), [if(creates, created, recipient)])) AS address
      WHERE NOT (creates AND NOT known_sender AND address = created)`,
  },
  {
    name: 'ethereum_logs',
    stable: 'final',
    columns: `chain, number, height, position, log_index, block_log_index, lower(hex(transaction_hash)) AS transaction_hash,
      lower(hex(address)) AS address, arrayMap(topic -> lower(hex(topic)), arraySlice([topic0, topic1, topic2, topic3], 1, topics)) AS topics,
      lower(hex(data)) AS data`,
    why: `By height and place in the block: a block's logs, and those of a range of heights. Small granules, since a page of logs
      that topics led to has some in each of many blocks.`,
    create: (database) => `CREATE TABLE IF NOT EXISTS ${database}.ethereum_logs (
      ${LOG_COLUMNS},
      INDEX by_number number TYPE minmax GRANULARITY 1
    ) ENGINE = ReplacingMergeTree ORDER BY (chain, height, block_log_index, number) ${FINE}`,
  },
  {
    name: 'ethereum_topics',
    stable: 'none',
    why: `Where a topic is: some bytes a topic, upwards by place, so that a page is one short run of rows and its logs are read by
      their places. A hash of the topic, since few are as long as they look; the logs that it leads to are compared with the whole.
      The first topic, the event, is beside each of the others, since most questions that name an account name an event, too.`,
    create: (database) => `CREATE TABLE IF NOT EXISTS ${database}.ethereum_topics (
      ${PLACE},
      topic_place UInt8,
      topic_key UInt64 CODEC(Delta, ZSTD(1)),
      event_key UInt64 CODEC(ZSTD(1)),
      topics UInt8,
      block_log_index UInt32
    ) ENGINE = ReplacingMergeTree PRIMARY KEY (chain, topic_place, topic_key, height)
      ORDER BY (chain, topic_place, topic_key, height, block_log_index, number) ${FINE}${ENTERED}`,
  },
  {
    name: 'ethereum_logs_to_topics',
    stable: 'none',
    why: 'Fills ethereum_topics.',
    create: (
      database,
    ) => `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.ethereum_logs_to_topics TO ${database}.ethereum_topics AS
      ${topicsOf(database)}`,
  },
  {
    name: 'ethereum_logs_by_address',
    stable: 'none',
    why: `The same rows by contract, then upwards by place: most questions name a contract, whose logs are few among those of their
      heights. A page is one run of rows, which two steps through a narrower table would scatter over as many granules as it has
      rows. Bloom filters find an account's logs among those of a contract that many use.`,
    create: (database) => `CREATE TABLE IF NOT EXISTS ${database}.ethereum_logs_by_address (
      ${LOG_COLUMNS},
      INDEX by_topic0 topic0 TYPE bloom_filter(0.01) GRANULARITY 4,
      INDEX by_topic1 topic1 TYPE bloom_filter(0.01) GRANULARITY 1,
      INDEX by_topic2 topic2 TYPE bloom_filter(0.01) GRANULARITY 1,
      INDEX by_topic3 topic3 TYPE bloom_filter(0.01) GRANULARITY 1
    ) ENGINE = ReplacingMergeTree ORDER BY (chain, address, height, block_log_index, number) ${SETTINGS}${ENTERED}`,
  },
  {
    name: 'ethereum_logs_to_address',
    stable: 'none',
    why: 'Fills ethereum_logs_by_address.',
    create: (database) => `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.ethereum_logs_to_address
      TO ${database}.ethereum_logs_by_address AS SELECT * FROM ${database}.ethereum_logs`,
  },
];
