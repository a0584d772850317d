import type { TableDefinition } from '../schema/table.js';

/** Columns that every table of contents has, in height order nearly free. */
export const PLACE = `chain LowCardinality(String),
    number UInt64 CODEC(Delta, ZSTD(1)),
    height UInt64 CODEC(Delta, ZSTD(1))`;
export const SETTINGS = 'PARTITION BY chain SETTINGS index_granularity = 1024';
/** Where a question is for single rows here and there. */
export const FINE = 'PARTITION BY chain SETTINGS index_granularity = 256';
/** Where pages are of rows that lie far from each other: a fifth of a byte a row in memory, four times as much as `FINE`. */
export const FINEST = 'PARTITION BY chain SETTINGS index_granularity = 64';

/**
 * Of tables whose long runs are entered in their midst: otherwise ClickHouse keeps no heights in memory where most marks begin with
 * a key of their own, and reads a busy key's run from its beginning.
 */
export const ENTERED = ', primary_key_ratio_of_unique_prefix_values_to_skip_suffix_columns = 1';

export const BLOCKS_TABLE: TableDefinition = {
  name: 'blocks',
  stable: 'final',
  columns: `chain, number, height, lower(hex(block_hash)) AS block_hash, toDateTime(time) AS time, kind, transactions,
      inputs, outputs, logs, value, bytes, weight, gas_used`,
  why: `One row a block: what stands behind each number, and sums of its contents, so that statistics read a row a block and never
    the contents. By number, which is how pages find their blocks; a Bloom filter finds a block by hash, a minimum and a maximum
    of each granule the blocks of some time.`,
  create: (database) => `CREATE TABLE IF NOT EXISTS ${database}.blocks (
    ${PLACE},
    block_hash FixedString(32) CODEC(NONE),
    time UInt64 CODEC(Delta, ZSTD(1)),
    kind Enum8('bitcoin' = 1, 'ethereum' = 2),
    transactions UInt32,
    inputs UInt32,
    outputs UInt32,
    logs UInt32,
    value UInt256 CODEC(ZSTD(1)),
    bytes UInt64,
    weight UInt64,
    gas_used UInt64,
    INDEX by_hash block_hash TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_time time TYPE minmax GRANULARITY 1,
    INDEX by_height height TYPE minmax GRANULARITY 1
  ) ENGINE = ReplacingMergeTree ORDER BY (chain, number) ${SETTINGS}`,
};

export const BY_HASH_TABLE: TableDefinition = {
  name: 'transactions_by_hash',
  stable: 'none',
  why: `Where a transaction is, by the first eight bytes of its hash: some 16 bytes a transaction, where sorting the transactions
    themselves by hash would scatter every block, and a Bloom filter in height order would have to be asked in every granule of
    every part. What is found is compared with the whole hash in the table that it leads to.`,
  create: (database) => `CREATE TABLE IF NOT EXISTS ${database}.transactions_by_hash (
    chain LowCardinality(String),
    key UInt64 CODEC(Delta, ZSTD(1)),
    height UInt64,
    position UInt32
  ) ENGINE = ReplacingMergeTree ORDER BY (chain, key, height, position) ${FINE}`,
};

/** The view that fills `transactions_by_hash` from a table of transactions. */
export function byHashView(source: string, hash: string): TableDefinition {
  const name = `${source}_by_hash`;
  return {
    name,
    stable: 'none',
    why: 'Fills transactions_by_hash.',
    create: (database) => `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.${name}
      TO ${database}.transactions_by_hash AS
      SELECT chain, reinterpretAsUInt64(substring(${hash}, 1, 8)) AS key, height, position
      FROM ${database}.${source}`,
  };
}
