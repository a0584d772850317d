import { replacing, type TableDefinition } from './table.js';

const HASH = 'FixedString(32) CODEC(NONE)';
const TIME = "DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))";
/** When a row was written, by the clock of the index. */
const WRITTEN = "written DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))";
/** Samples are dropped by month once they are so old. */
const SAMPLES = 'PARTITION BY toYYYYMM(time) TTL toDateTime(time) + INTERVAL 1 YEAR';

/** What stands by itself: main-chain records, evidence, samples, proofs served. */
export const RECORD_TABLES: readonly TableDefinition[] = [
  {
    name: 'main_blocks',
    create: replacing(
      'main_blocks',
      `height UInt64 CODEC(Delta, ZSTD(1)), root ${HASH}, parent_root ${HASH}, slot UInt64 CODEC(Delta, ZSTD(1)), term UInt64,
       producer UInt32, header String CODEC(ZSTD(1)), commitments UInt32 DEFAULT 0, certificates UInt8 DEFAULT 0`,
      { order: 'height', granularity: 1024 },
    ),
    why: `Finalised blocks: one a height. How many commitments and certificates were written with each, to find out at a start
      whether any got lost.`,
    columns:
      'height, lower(hex(root)) AS root, lower(hex(parent_root)) AS parent_root, slot, term, producer, lower(hex(header)) AS header',
  },
  {
    name: 'commitments',
    create: replacing(
      'commitments',
      `chain LowCardinality(String), main_height UInt64 CODEC(Delta, ZSTD(1)), main_root ${HASH}, status UInt8, epoch UInt64,
       start UInt64, size UInt64 CODEC(Delta, ZSTD(1)), history_root FixedString(32) CODEC(ZSTD(1)),
       tip_height UInt64 CODEC(Delta, ZSTD(1)), tip_hash FixedString(32) CODEC(ZSTD(1)), reorg_count UInt64, policy_version UInt32`,
      { order: '(chain, main_height)', granularity: 1024 },
    ),
    why: 'Read by chain, newest first. Roots that stay the same from block to block fold away.',
    columns: `chain, main_height, lower(hex(main_root)) AS main_root, status, epoch, start, size, lower(hex(history_root)) AS history_root,
      tip_height, lower(hex(tip_hash)) AS tip_hash, reorg_count, policy_version`,
  },
  {
    name: 'certificates',
    create: replacing(
      'certificates',
      `main_height UInt64 CODEC(Delta, ZSTD(1)), main_root ${HASH}, term UInt64, signers UInt16, bits String, signature String CODEC(NONE), verified UInt8`,
      { order: '(main_height, main_root, verified)', granularity: 1024 },
    ),
    why: 'One a block that has one. Whether it was checked is part of the key, so that one that was not never takes the place of one that was.',
    columns:
      'main_height, lower(hex(main_root)) AS main_root, term, signers, lower(hex(bits)) AS bits, lower(hex(signature)) AS signature, verified',
  },
  {
    name: 'evidence',
    create: replacing(
      'evidence',
      `chain LowCardinality(String), seen UInt64 CODEC(Delta, ZSTD(1)), id ${HASH}, kind LowCardinality(String),
       source LowCardinality(String), height UInt64, hash String, message String CODEC(ZSTD(1)), raw String CODEC(ZSTD(1)),
       position UInt64 CODEC(ZSTD(1))`,
      { order: '(chain, seen, id, position)', granularity: 1024 },
    ),
    why: `By chain and time; the id makes what is told twice one row. The stream's position after it is the view in which it came up,
      and part of the key, so that a repeat takes it out of no view.`,
    columns:
      'chain, toDateTime(seen) AS seen, kind, source, height, hash, message, raw, lower(hex(id)) AS id, position',
  },
  {
    name: 'source_samples',
    create: replacing(
      'source_samples',
      `chain LowCardinality(String), time ${TIME}, source LowCardinality(String), healthy UInt8, score Float64,
       latency_ms Float64, errors UInt64, tip_height Nullable(UInt64), ${WRITTEN}`,
      { order: '(chain, time, source, written)', more: SAMPLES },
    ),
    why: 'Read by chain over a time. When it was written tells in which views it is. Whole months leave by TTL.',
  },
  {
    name: 'lag_samples',
    create: replacing(
      'lag_samples',
      `chain LowCardinality(String), time ${TIME}, stream LowCardinality(String), events UInt64, seconds Float64, ${WRITTEN}`,
      { order: '(chain, time, stream, written)', more: SAMPLES },
    ),
    why: 'As source_samples.',
  },
  {
    name: 'proofs_served',
    create: replacing(
      'proofs_served',
      `time ${TIME}, chain LowCardinality(String), kind LowCardinality(String), subject String CODEC(ZSTD(1)), height UInt64,
       main_height UInt64, bytes UInt64, milliseconds Float64, ${WRITTEN}`,
      { order: '(time, chain, kind, subject, written)', granularity: 1024, more: SAMPLES },
    ),
    why: 'Newest first over all chains; one chain’s are found in the same order. Whole months leave by TTL.',
  },
];

/** In place: the columns by which records have views, and by which it is found out whether any got lost. */
export function recordViewColumns(database: string): readonly string[] {
  const keyed = (table: string, column: string, order: string) =>
    `ALTER TABLE ${database}.${table} ADD COLUMN IF NOT EXISTS ${column}, MODIFY ORDER BY (${order})`;
  return [
    `ALTER TABLE ${database}.main_blocks ADD COLUMN IF NOT EXISTS commitments UInt32 DEFAULT 0,
       ADD COLUMN IF NOT EXISTS certificates UInt8 DEFAULT 0`,
    keyed('certificates', 'verified UInt8', 'main_height, main_root, verified'),
    keyed('evidence', 'position UInt64 CODEC(ZSTD(1))', 'chain, seen, id, position'),
    keyed('source_samples', WRITTEN, 'chain, time, source, written'),
    keyed('lag_samples', WRITTEN, 'chain, time, stream, written'),
    keyed('proofs_served', WRITTEN, 'time, chain, kind, subject, written'),
  ];
}

/** What no event log brings back: copied from set to set. */
export const CARRIED: readonly string[] = RECORD_TABLES.map(({ name }) => name);
