import { CONTENTS_TABLES } from './contents/schema.js';
import { carryOutputs } from './contents/schemaCoins.js';
import { carryTopics } from './contents/schemaEthereum.js';
import { HEADER_TABLES } from './schema/headerTables.js';
import { RECORD_TABLES, recordViewColumns } from './schema/recordTables.js';
import type { TableDefinition } from './schema/table.js';

/** All tables of a set, in the order in which they are made. */
export const SET_TABLES: readonly TableDefinition[] = [
  ...HEADER_TABLES,
  ...RECORD_TABLES,
  ...CONTENTS_TABLES,
];

/** One step forward of the schema. Steps are carried out once, in order, and may be carried out again after a crash. */
export interface Migration {
  /** From 1, rising by one. */
  readonly version: number;
  readonly name: string;
  /**
   * Statements on the set in use. Tables and columns that are new come with IF NOT EXISTS; tables that `SET_TABLES` has are
   * made without being named here.
   */
  readonly inPlace?: (database: string) => readonly string[];
  /** Whether a set that was made before it has to be made anew from the log. */
  readonly rebuild?: boolean;
}

export const MIGRATIONS: readonly Migration[] = [
  // Carried out by `TableSets`: the tables of the first release had no sets.
  { version: 1, name: 'sets of tables, each in a database of its own' },
  { version: 2, name: 'records are of views; certificates are checked', inPlace: recordViewColumns },
  {
    version: 3,
    name: 'spends beside their outputs, places of topics',
    inPlace: (database) => [...carryOutputs(database), ...carryTopics(database)],
  },
];

/** Tables of the first release, all in the database that stable names now are in. */
export const RELEASED_TABLES = ['headers', 'undone', 'finality', 'commitments', 'evidence'] as const;

/** What of the first release no log brings back, into a set's tables. */
export function carryReleased(from: string, into: string): readonly string[] {
  return [
    `INSERT INTO ${into}.commitments (chain, main_height, main_root, status, epoch, start, size, history_root, tip_height,
       tip_hash, reorg_count, policy_version)
     SELECT chain, main_height, main_root, status, epoch, start, size, history_root, tip_height, tip_hash, reorg_count,
       policy_version FROM ${from}.commitments FINAL`,
    `INSERT INTO ${into}.evidence (chain, seen, id, kind, source, height, hash, message, raw)
     SELECT chain, seen, SHA256(concat(chain, '|', toString(number), '|', kind, '|', source, '|', message)), kind, source,
       height, hash, message, raw FROM ${from}.evidence FINAL`,
  ];
}

/** A view that people read headers from: every branch, and which are on the best chain. */
export function headersView(prefix: string, database: string): string {
  return `CREATE OR REPLACE VIEW ${prefix}.headers AS
    SELECT chain, height, lower(hex(block)) AS hash, lower(hex(before)) AS parent, toDateTime(moment) AS time, canonical, last AS number,
      lower(hex(bytes)) AS raw
    FROM (SELECT chain, height, hash AS block, any(parent) AS before, any(time) AS moment, any(raw) AS bytes,
        max(number) AS last, argMax(type, number) = 'connect' AS canonical
      FROM ${database}.header_events WHERE type != 'finalize' GROUP BY chain, height, block)`;
}
