import type { TableDefinition } from '../schema/table.js';
import { BITCOIN_TABLES } from './schemaBitcoin.js';
import { COIN_TABLES, JOINING_TABLES } from './schemaCoins.js';
import { ETHEREUM_TABLES } from './schemaEthereum.js';
import { BLOCKS_TABLE, BY_HASH_TABLE } from './schemaShared.js';

/**
 * Tables of blocks' contents. Every row has its chain and the number of the event that connected its block, which together
 * stand for the block: a row is seen in a view if that number is among those whose contents are all in, and its block is not
 * one that the view has disconnected. The same block written twice makes the same rows, which merges join.
 *
 * Partitioned by chain alone: every question names one chain, its sort key leads to the few granules that matter, and more
 * partitions would be more parts for each of them to look into. Granules are small, so that finding one row reads few.
 */
export const CONTENTS_TABLES: readonly TableDefinition[] = [
  BLOCKS_TABLE,
  BY_HASH_TABLE,
  ...BITCOIN_TABLES,
  ...COIN_TABLES,
  ...JOINING_TABLES,
  ...ETHEREUM_TABLES,
];

/** Tables that are written into; materialised views fill the others. */
export const CONTENTS_WRITTEN = [
  'blocks',
  'bitcoin_transactions',
  'bitcoin_coins',
  'bitcoin_spends',
  'ethereum_transactions',
  'ethereum_logs',
] as const;
export type WrittenTable = (typeof CONTENTS_WRITTEN)[number];
