import type { TableDefinition } from '../schema/table.js';
import { byHashView, FINE, PLACE } from './schemaShared.js';

export const BITCOIN_TABLES: readonly TableDefinition[] = [
  {
    name: 'bitcoin_transactions',
    stable: 'final',
    columns: `chain, number, height, position, lower(hex(txid)) AS txid, lower(hex(wtxid)) AS wtxid,
      version, lock_time, coinbase, weight, inputs, outputs, value, lower(hex(raw)) AS raw`,
    why: `By height and position: a block's transactions lie together, and one of them is one granule. The raw transaction, with its
      witness, is the only copy of input scripts and witnesses: they are most of a block, and are read where one transaction is.`,
    create: (database) => `CREATE TABLE IF NOT EXISTS ${database}.bitcoin_transactions (
      ${PLACE},
      position UInt32 CODEC(Delta, ZSTD(1)),
      txid FixedString(32) CODEC(NONE),
      wtxid FixedString(32) CODEC(ZSTD(1)),
      version Int32 CODEC(ZSTD(1)),
      lock_time UInt32 CODEC(ZSTD(1)),
      coinbase Bool,
      weight UInt32,
      inputs UInt32,
      outputs UInt32,
      value UInt64,
      raw String CODEC(ZSTD(1)),
      INDEX by_number number TYPE minmax GRANULARITY 1
    ) ENGINE = ReplacingMergeTree ORDER BY (chain, height, position, number) ${FINE}`,
  },
  byHashView('bitcoin_transactions', 'txid'),
  {
    name: 'bitcoin_spends',
    stable: 'final',
    columns: `chain, number, height, lower(hex(spent_txid)) AS spent_txid, spent_vout, position, vin,
      lower(hex(txid)) AS txid, sequence`,
    why: `By what is spent: the spender of an outpoint is one granule. Outputs are never changed when they are spent, so that the
      answer is that of the view that is read, whatever came later.`,
    create: (database) => `CREATE TABLE IF NOT EXISTS ${database}.bitcoin_spends (
      ${PLACE},
      spent_txid FixedString(32) CODEC(NONE),
      spent_vout UInt32,
      position UInt32,
      vin UInt32,
      txid FixedString(32) CODEC(NONE),
      sequence UInt32 CODEC(ZSTD(1)),
      INDEX by_number number TYPE minmax GRANULARITY 1
    ) ENGINE = ReplacingMergeTree ORDER BY (chain, spent_txid, spent_vout, height, position, vin, number) ${FINE}`,
  },
];
