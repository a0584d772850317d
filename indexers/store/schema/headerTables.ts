import { replacing, type TableDefinition } from './table.js';

/** Bytes that no codec makes smaller are kept as they are. */
const HASH = 'FixedString(32) CODEC(NONE)';
/** Numbers that rise by one. */
const RISING = 'UInt64 CODEC(Delta, ZSTD(1))';

/** Rows of one mark where points are read. */
const FINE = 256;

/** What events say of headers, and how far they are in. */
export const HEADER_TABLES: readonly TableDefinition[] = [
  {
    name: 'header_events',
    create: replacing(
      'header_events',
      `chain LowCardinality(String), height ${RISING}, number ${RISING},
       type Enum8('connect' = 1, 'disconnect' = 2, 'finalize' = 3), hash ${HASH}, parent ${HASH},
       time UInt64 CODEC(Delta, ZSTD(1)), raw String CODEC(ZSTD(1)), epoch UInt64 CODEC(Delta, ZSTD(1)),
       INDEX by_number number TYPE minmax GRANULARITY 1`,
      { order: '(chain, height, number)', granularity: FINE },
    ),
    why: `Every event as the log has it, never changed: the best chain in any view is the last event of each height up to
      the view's number. By height, because ranges and the newest are read so; a fine mark, because a height has one row or
      few; the least and the greatest number of each mark find an event by its number. One partition: nothing is dropped by
      time, and an insert makes one part.`,
    columns:
      'chain, height, number, type, lower(hex(hash)) AS hash, lower(hex(parent)) AS parent, toDateTime(time) AS time, lower(hex(raw)) AS raw, epoch',
  },
  {
    name: 'header_hashes',
    create: replacing(
      'header_hashes',
      `chain LowCardinality(String), hash ${HASH}, height UInt64 CODEC(ZSTD(1))`,
      {
        order: '(chain, hash)',
        granularity: FINE,
      },
    ),
    why: 'The height of each hash: a bloom filter over header_events would be read whole for every question.',
    stable: 'none',
  },
  {
    name: 'header_hashes_of_events',
    create: (database) => `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.header_hashes_of_events
      TO ${database}.header_hashes AS SELECT chain, hash, height FROM ${database}.header_events WHERE type = 'connect'`,
    why: 'Fills header_hashes.',
    stable: 'none',
  },
  {
    name: 'undone',
    create: replacing('undone', `chain LowCardinality(String), number UInt64, height UInt64, hash ${HASH}`, {
      order: '(chain, number)',
      granularity: FINE,
    }),
    why: 'Disconnects alone, which are few: reorganisations, and the blocks that may be lost in a view.',
    columns: 'chain, number, height, lower(hex(hash)) AS hash',
  },
  {
    name: 'undone_of_events',
    create: (database) => `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.undone_of_events
      TO ${database}.undone AS SELECT chain, number, height, hash FROM ${database}.header_events WHERE type = 'disconnect'`,
    why: 'Fills undone.',
    stable: 'none',
  },
  {
    name: 'finality',
    create: replacing(
      'finality',
      `chain LowCardinality(String), number UInt64, height UInt64, hash ${HASH}`,
      {
        order: '(chain, number)',
        granularity: FINE,
      },
    ),
    why: 'Finalizes alone, by number: what was final in a view is the last one.',
    columns: 'chain, number, height, lower(hex(hash)) AS hash',
  },
  {
    name: 'finality_of_events',
    create: (database) => `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.finality_of_events
      TO ${database}.finality AS SELECT chain, number, height, hash FROM ${database}.header_events WHERE type = 'finalize'`,
    why: 'Fills finality.',
    stable: 'none',
  },
  {
    name: 'progress',
    create: replacing(
      'progress',
      `chain LowCardinality(String), stream LowCardinality(String), number UInt64, height UInt64, hash ${HASH},
       at DateTime64(3, 'UTC') DEFAULT now64(3)`,
      { order: '(chain, stream)', version: 'number' },
    ),
    why: 'What is published: written after the rows that it speaks of, so that nothing is seen in part. The greatest number wins.',
    columns: 'chain, stream, number, height, lower(hex(hash)) AS hash, at',
  },
  {
    name: 'contents_progress',
    create: replacing(
      'contents_progress',
      `chain LowCardinality(String), first UInt64, last UInt64, at DateTime64(3, 'UTC') DEFAULT now64(3)`,
      { order: '(chain, first)', version: 'last' },
    ),
    why: 'Ranges of events whose blocks’ contents are all in: one that the live work extends, one below it of a backfill.',
  },
  {
    name: 'contents_writes',
    create: replacing(
      'contents_writes',
      `chain LowCardinality(String), at DateTime64(3, 'UTC') DEFAULT now64(3), first UInt64, last UInt64`,
      { order: '(chain, at, first)', more: 'TTL toDateTime(at) + INTERVAL 1 DAY' },
    ),
    why: 'When which contents were published: what was so shortly before a machine went down is written once more.',
    stable: 'none',
  },
  {
    name: 'positions',
    create: replacing(
      'positions',
      `stream LowCardinality(String), next UInt64, at DateTime64(6, 'UTC') DEFAULT now64(6)`,
      {
        order: 'stream',
        version: 'at',
      },
    ),
    why: 'Where readers of streams are, beside their effect.',
    stable: 'none',
  },
];
