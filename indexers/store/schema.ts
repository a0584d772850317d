/** Name of the database, in chDB and in ClickHouse alike. */
export const DATABASE = 'crossroot';

/**
 * Tables. Rows are replaced by those of the same key and a higher version, so that writing twice changes nothing;
 * reads use FINAL. Bytes come in as hex through EPHEMERAL columns: no client needs to bind buffers.
 */
export const SCHEMA: readonly string[] = [
  `CREATE DATABASE IF NOT EXISTS ${DATABASE}`,
  `CREATE TABLE IF NOT EXISTS ${DATABASE}.headers (
    chain LowCardinality(String), height UInt64, time UInt64, canonical UInt8, number UInt64,
    hash_hex String EPHEMERAL, parent_hex String EPHEMERAL, raw_hex String EPHEMERAL,
    hash FixedString(32) DEFAULT unhex(hash_hex), parent FixedString(32) DEFAULT unhex(parent_hex),
    raw String DEFAULT unhex(raw_hex),
    INDEX by_hash hash TYPE bloom_filter(0.01) GRANULARITY 1
  ) ENGINE = ReplacingMergeTree(number) ORDER BY (chain, height, hash)`,
  `CREATE TABLE IF NOT EXISTS ${DATABASE}.undone (
    chain LowCardinality(String), number UInt64, height UInt64,
    hash_hex String EPHEMERAL, hash FixedString(32) DEFAULT unhex(hash_hex)
  ) ENGINE = ReplacingMergeTree ORDER BY (chain, number)`,
  `CREATE TABLE IF NOT EXISTS ${DATABASE}.finality (
    chain LowCardinality(String), number UInt64, height UInt64,
    hash_hex String EPHEMERAL, hash FixedString(32) DEFAULT unhex(hash_hex)
  ) ENGINE = ReplacingMergeTree ORDER BY (chain, number)`,
  `CREATE TABLE IF NOT EXISTS ${DATABASE}.commitments (
    chain LowCardinality(String), main_height UInt64, status UInt8, epoch UInt64, start UInt64, size UInt64,
    tip_height UInt64, reorg_count UInt64, policy_version UInt32,
    main_root_hex String EPHEMERAL, history_root_hex String EPHEMERAL, tip_hash_hex String EPHEMERAL,
    main_root FixedString(32) DEFAULT unhex(main_root_hex),
    history_root FixedString(32) DEFAULT unhex(history_root_hex),
    tip_hash FixedString(32) DEFAULT unhex(tip_hash_hex)
  ) ENGINE = ReplacingMergeTree ORDER BY (chain, main_height)`,
  `CREATE TABLE IF NOT EXISTS ${DATABASE}.evidence (
    chain LowCardinality(String), number UInt64, kind LowCardinality(String), source String, height UInt64,
    hash String, message String, raw String, seen UInt64
  ) ENGINE = ReplacingMergeTree ORDER BY (chain, number)`,
];

/** Tables that the log rebuilds. */
export const EVENT_TABLES = ['headers', 'undone', 'finality'] as const;

const HEADER_COLUMNS =
  'height, time, canonical, number, lower(hex(hash)) AS hash_text, lower(hex(parent)) AS parent_text, lower(hex(raw)) AS raw_text';

/** Queries. Everything that varies is a bound parameter. */
export const QUERIES = {
  headers: `SELECT ${HEADER_COLUMNS} FROM ${DATABASE}.headers FINAL
    WHERE chain = {chain:String} AND height >= {from:UInt64} AND height <= {to:UInt64} AND canonical >= {canonical:UInt8}
    ORDER BY height, canonical DESC, number LIMIT {limit:UInt32}`,
  header: `SELECT ${HEADER_COLUMNS} FROM ${DATABASE}.headers FINAL
    WHERE chain = {chain:String} AND hash = unhex({hash:String}) LIMIT 1`,
  latest: `SELECT ${HEADER_COLUMNS} FROM ${DATABASE}.headers FINAL
    WHERE chain = {chain:String} AND canonical = 1 ORDER BY height DESC LIMIT {limit:UInt32}`,
  // Events are numbered without gaps: disconnects with consecutive numbers are one reorganisation.
  reorganisations: `SELECT min(number) AS first, min(height) - 1 AS fork_height, count() AS depth,
      max(height) AS old_height, lower(hex(argMax(hash, height))) AS old_hash
    FROM (SELECT number, height, hash, number - row_number() OVER (ORDER BY number) AS island
      FROM ${DATABASE}.undone FINAL WHERE chain = {chain:String})
    GROUP BY island ORDER BY first DESC LIMIT {limit:UInt32}`,
  commitments: `SELECT main_height, status, epoch, start, size, tip_height, reorg_count, policy_version,
      lower(hex(main_root)) AS main_root_text, lower(hex(history_root)) AS history_root_text,
      lower(hex(tip_hash)) AS tip_hash_text
    FROM ${DATABASE}.commitments FINAL WHERE chain = {chain:String} ORDER BY main_height DESC LIMIT {limit:UInt32}`,
  evidence: `SELECT number, kind, source, height, hash, message, raw, seen
    FROM ${DATABASE}.evidence FINAL WHERE chain = {chain:String} ORDER BY number DESC LIMIT {limit:UInt32}`,
  lastNumber: `SELECT greatest(
      (SELECT max(number) FROM ${DATABASE}.headers WHERE chain = {chain:String}),
      (SELECT max(number) FROM ${DATABASE}.finality WHERE chain = {chain:String})) AS last`,
  counts: `SELECT chain, count() AS headers, countIf(canonical = 1) AS best, maxIf(height, canonical = 1) AS top
    FROM ${DATABASE}.headers FINAL GROUP BY chain ORDER BY chain`,
  reorganisationCounts: `SELECT chain, uniqExact(island) AS total
    FROM (SELECT chain, number - row_number() OVER (PARTITION BY chain ORDER BY number) AS island
      FROM ${DATABASE}.undone FINAL)
    GROUP BY chain`,
  commitmentCounts: `SELECT chain, count() AS total FROM ${DATABASE}.commitments FINAL GROUP BY chain`,
  finalized: `SELECT chain, argMax(height, number) AS top FROM ${DATABASE}.finality GROUP BY chain`,
} as const;
