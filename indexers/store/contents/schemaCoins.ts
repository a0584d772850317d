import type { TableDefinition } from '../schema/table.js';
import { ENTERED, FINE, PLACE } from './schemaShared.js';
import { scriptKinds } from './types.js';

const kinds = scriptKinds.map((kind, i) => `'${kind}' = ${i}`).join(', ');

/** What an output is, without what spends it. */
const OUTPUT = `${PLACE},
      script_key UInt64,
      position UInt32,
      vout UInt32,
      txid FixedString(32),
      coinbase Bool,
      value UInt64,
      kind Enum8(${kinds}),
      script String`;

const greatest = (type: string) => `SimpleAggregateFunction(max, ${type}) CODEC(ZSTD(1))`;

/** Columns of the rows that say what spends an output; `base` is the output's, `spend` the spend's. */
const spentColumns = (base: string, spend: string) =>
  `${base}.chain AS chain, ${base}.number AS number, ${base}.height AS height, ${base}.script_key AS script_key,
      ${base}.position AS position, ${base}.vout AS vout, ${spend}.number AS spent,
      CAST([(${spend}.number, ${spend}.vin, ${spend}.txid)], 'Array(Tuple(number UInt64, vin UInt32, txid FixedString(32)))') AS spends`;

/**
 * Outputs with what spends them. A row of an output is written with its block; one more that names a spend of it when both the
 * output and the spend are there, whichever comes second: blocks come newest first where history is filled in.
 */
export const COIN_TABLES: readonly TableDefinition[] = [
  {
    name: 'bitcoin_coins',
    called: 'bitcoin_outputs',
    stable: 'final',
    columns: `chain, number, height, position, lower(hex(txid)) AS txid, vout, coinbase, value, kind,
      lower(hex(script)) AS script, arrayMap(one -> one.1, spends) AS spent_in, arrayMap(one -> lower(hex(one.3)), spends) AS spent_by`,
    why: `By script, then upwards by place: a page of a script's outputs, with what spends them, is one short run of rows. The key is
      the first eight bytes of the script's SHA-256, of one length whatever the script's; the script itself is compared too. Rows of
      one output are joined by taking all spends of both, those of every branch: a union, so that order and repetition do not
      matter, and an old view leaves out the spends that it has not. The least number of a spend's block has a least and greatest
      value in each mark, so that runs of spent outputs are passed over, and a Bloom filter, which finds those of a lost block.`,
    create: (database) => `CREATE TABLE IF NOT EXISTS ${database}.bitcoin_coins (
      ${PLACE},
      script_key UInt64 CODEC(Delta, ZSTD(1)),
      position UInt32,
      vout UInt32,
      txid ${greatest('FixedString(32)')},
      coinbase ${greatest('Bool')},
      value ${greatest('UInt64')},
      kind ${greatest(`Enum8(${kinds})`)},
      script ${greatest('String')},
      spent SimpleAggregateFunction(min, UInt64) DEFAULT 18446744073709551615 CODEC(ZSTD(1)),
      spends SimpleAggregateFunction(groupUniqArrayArray, Array(Tuple(number UInt64, vin UInt32, txid FixedString(32)))) CODEC(ZSTD(1)),
      INDEX by_spent spent TYPE minmax GRANULARITY 1,
      INDEX by_spending_block spent TYPE bloom_filter(0.001) GRANULARITY 1
    ) ENGINE = AggregatingMergeTree PRIMARY KEY (chain, script_key, height)
      ORDER BY (chain, script_key, height, position, vout, number) ${FINE}${ENTERED}`,
  },
  {
    name: 'bitcoin_outpoints',
    stable: 'none',
    why: `Where an output is in bitcoin_coins, by its outpoint: what a spend needs to be written beside it. The whole txid, since first
      bytes that are alike can be made.`,
    create: (database) => `CREATE TABLE IF NOT EXISTS ${database}.bitcoin_outpoints (
      ${PLACE},
      txid FixedString(32),
      vout UInt32,
      position UInt32,
      script_key UInt64 CODEC(NONE)
    ) ENGINE = ReplacingMergeTree ORDER BY (chain, txid, vout, height, position, number) ${FINE}`,
  },
  {
    name: 'bitcoin_coins_to_outpoints',
    stable: 'none',
    why: 'Fills bitcoin_outpoints. Rows that only name a spend have no txid.',
    create: (
      database,
    ) => `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.bitcoin_coins_to_outpoints TO ${database}.bitcoin_outpoints AS
      SELECT chain, number, height, txid, vout, position, script_key FROM ${database}.bitcoin_coins
      WHERE txid != toFixedString('', 32)`,
  },
];

/**
 * Tables that keep nothing: rows that go into them are joined with what is there, in the same statement. Within such a view the
 * table's own name stands for the rows that are going in.
 */
export const JOINING_TABLES: readonly TableDefinition[] = [
  {
    name: 'bitcoin_new_spends',
    stable: 'none',
    why: 'Spends whose outputs may be there.',
    create: (database) => `CREATE TABLE IF NOT EXISTS ${database}.bitcoin_new_spends (
      ${PLACE},
      spent_txid FixedString(32),
      spent_vout UInt32,
      position UInt32,
      vin UInt32,
      txid FixedString(32),
      sequence UInt32
    ) ENGINE = Null`,
  },
  {
    name: 'bitcoin_spends_to_coins',
    stable: 'none',
    why: 'Fills bitcoin_coins with what new spends spend.',
    create: (
      database,
    ) => `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.bitcoin_spends_to_coins TO ${database}.bitcoin_coins AS
      SELECT ${spentColumns('made', 'fresh')}
      FROM ${database}.bitcoin_new_spends AS fresh INNER JOIN (
        SELECT chain, number, height, txid, vout, position, script_key FROM ${database}.bitcoin_outpoints
        WHERE chain IN (SELECT chain FROM ${database}.bitcoin_new_spends)
          AND txid IN (SELECT spent_txid FROM ${database}.bitcoin_new_spends)) AS made
      ON fresh.chain = made.chain AND fresh.spent_txid = made.txid AND fresh.spent_vout = made.vout`,
  },
  {
    name: 'bitcoin_new_outputs',
    stable: 'none',
    why: 'Outputs whose spends may be there.',
    create: (database) =>
      `CREATE TABLE IF NOT EXISTS ${database}.bitcoin_new_outputs (${OUTPUT}) ENGINE = Null`,
  },
  {
    name: 'bitcoin_outputs_to_coins',
    stable: 'none',
    why: 'Fills bitcoin_coins with what spends new outputs, but for spends of the same blocks, which find their outputs themselves.',
    create: (
      database,
    ) => `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.bitcoin_outputs_to_coins TO ${database}.bitcoin_coins AS
      SELECT ${spentColumns('fresh', 'there')}
      FROM ${database}.bitcoin_new_outputs AS fresh INNER JOIN (
        SELECT chain, number, spent_txid, spent_vout, vin, txid FROM ${database}.bitcoin_spends
        WHERE chain IN (SELECT chain FROM ${database}.bitcoin_new_outputs)
          AND spent_txid IN (SELECT txid FROM ${database}.bitcoin_new_outputs)
          AND number NOT IN (SELECT number FROM ${database}.bitcoin_new_outputs)) AS there
      ON fresh.chain = there.chain AND fresh.txid = there.spent_txid AND fresh.vout = there.spent_vout`,
  },
];

/** The tables of outputs in releases before spends were written beside them. */
const FORMER_OUTPUTS = (
  database: string,
) => `CREATE TABLE IF NOT EXISTS ${database}.bitcoin_outputs (${OUTPUT})
  ENGINE = ReplacingMergeTree ORDER BY (chain, script_key, height, position, vout, number) PARTITION BY chain`;

/**
 * Brings a set whose outputs were without their spends to what it is now. Spends go in as they lie, so that each piece is joined
 * with the outputs of a short range of txids; pieces are small for the sake of memory.
 */
export function carryOutputs(database: string): readonly string[] {
  const columns = 'chain, number, height, script_key, position, vout, txid, coinbase, value, kind, script';
  return [
    FORMER_OUTPUTS(database),
    `INSERT INTO ${database}.bitcoin_coins (${columns}) SELECT ${columns} FROM ${database}.bitcoin_outputs`,
    joinSpends(database, '1'),
    `DROP TABLE IF EXISTS ${database}.bitcoin_outputs SYNC`,
  ];
}

/** Writes spends that are in a set beside their outputs, once more. @param where which, a condition */
export function joinSpends(database: string, where: string): string {
  const columns = 'chain, number, height, spent_txid, spent_vout, position, vin, txid, sequence';
  return `INSERT INTO ${database}.bitcoin_new_spends (${columns}) SELECT ${columns} FROM ${database}.bitcoin_spends WHERE ${where}
    SETTINGS max_threads = 1, max_block_size = 65536, min_insert_block_size_rows = 262144, min_insert_block_size_bytes = 0`;
}
