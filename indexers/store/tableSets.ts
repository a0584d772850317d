import * as z from 'zod';
import { count } from './columns.js';
import { copyTable } from './copyTable.js';
import { IndexQueryError, IndexUnavailableError } from './errors.js';
import {
  carryReleased,
  headersView,
  MIGRATIONS,
  type Migration,
  RELEASED_TABLES,
  SET_TABLES,
} from './migrations.js';
import { CARRIED } from './schema/recordTables.js';
import type { TableDefinition } from './schema/table.js';
import type { SqlClient } from './sql/client.js';

export interface TableSetsOptions {
  /** Database of the stable names, and the first part of the sets' databases. Default `crossroot`. */
  readonly prefix?: string;
  /** How long a set stays after another took its place: longer than any reader's question. Default 60 s. */
  readonly graceMs?: number;
  /** How old what readers know of the set in use may be. Default 1 s. */
  readonly pointerMs?: number;
  readonly tables?: readonly TableDefinition[];
  readonly migrations?: readonly Migration[];
}

/** A set and its database. */
export interface TableSet {
  readonly set: number;
  readonly database: string;
  /** Of the schema when it was made. */
  readonly version: number;
}

const setRow = z.object({ set: count, version: count, sequence: count });
const madeRow = z.object({
  set: count,
  event: z.enum(['made', 'current', 'dropped']),
  age: z.coerce.number(),
});
const nameRow = z.object({ name: z.string() });
const versionRow = z.object({ version: count });

/**
 * Sets of tables, each in a database `prefix_N`, and which of them is in use: the newest row of `prefix.meta_sets` that says
 * so. Readers' questions name their set's database, so that a swap between two questions never mixes sets.
 */
export class TableSets {
  readonly prefix: string;
  readonly #client: SqlClient;
  readonly #options: Required<TableSetsOptions>;
  #known: { readonly set: TableSet; readonly until: number } | undefined;

  constructor(client: SqlClient, options: TableSetsOptions = {}) {
    this.#client = client;
    this.#options = {
      prefix: 'crossroot',
      graceMs: 60_000,
      pointerMs: 1000,
      tables: SET_TABLES,
      migrations: MIGRATIONS,
      ...options,
    };
    this.prefix = this.#options.prefix;
    if (!/^[a-z][a-z0-9_]{0,47}$/.test(this.prefix))
      throw new RangeError(`no name of a database: ${this.prefix}`);
  }

  /** Brings the schema to this version. Several processes may do so at once. @throws IndexUnavailableError, IndexQueryError */
  async migrate(): Promise<void> {
    const { prefix } = this;
    for (const statement of metaTables(prefix)) await this.#run('making the meta tables', statement);
    const latest = this.#options.migrations.at(-1)?.version ?? 0;
    const at = await this.#version();
    if (at > latest)
      throw new IndexUnavailableError(
        `its schema has version ${at}, and this program knows ${latest}`,
        undefined,
        {
          hint: 'It was made by a newer Crossroot. Use that one, or another database.',
        },
      );
    if ((await this.#pointer()) === undefined) await this.#first();
    const { database } = await this.current(true);
    // Tables that are new, and whatever a crash left unmade.
    await this.#makeTables(database);
    for (const { version, name, inPlace = () => [] } of this.#options.migrations) {
      if (version <= at) continue;
      for (const statement of inPlace(database)) await this.#run(`migration ${version}`, statement);
      await this.#run(
        `migration ${version}`,
        `INSERT INTO ${prefix}.meta_migrations (version, name) SELECT {version:UInt32}, {name:String}`,
        { version, name },
      );
    }
    await this.#dropReleased();
    await this.#makeViews(database);
  }

  /**
   * The set in use.
   * @param fresh whether it must be what the pointer says now; otherwise it may be `pointerMs` old
   * @throws IndexUnavailableError where there is none yet
   */
  async current(fresh = false): Promise<TableSet> {
    const known = this.#known;
    if (!fresh && known !== undefined && known.until > performance.now()) return known.set;
    const set = await this.#pointer();
    if (set === undefined)
      throw new IndexUnavailableError('nobody has made its tables yet', undefined, {
        hint: 'The process that fills the index makes them.',
        retryable: true,
      });
    this.#known = { set, until: performance.now() + this.#options.pointerMs };
    return set;
  }

  /** Whether the set in use was made before a change that needs it to be made anew. */
  async rebuildNeeded(): Promise<boolean> {
    const needed = this.#options.migrations.filter(({ rebuild }) => rebuild === true).at(-1)?.version ?? 0;
    return (await this.current(true)).version < needed;
  }

  /** Makes an empty set. Others that never were in use are dropped. */
  async make(): Promise<TableSet> {
    const now = await this.current(true);
    const sets = await this.#sets();
    for (const [set, { used }] of sets) if (!used && set !== now.set) await this.#drop(set);
    return this.#make(Math.max(now.set, ...sets.keys()) + 1);
  }

  /** Makes `next` the set in use, with what no log brings back. */
  async swap(next: TableSet): Promise<void> {
    const old = await this.current(true);
    if (old.set === next.set) return;
    await this.#carry(old, next);
    await this.#point(next);
    await this.#makeViews(next.database);
    // What writers that still had the old pointer wrote meanwhile.
    await this.#carry(old, next);
  }

  /** Drops sets that have been out of use for the grace period. @returns how many */
  async dropOld(): Promise<number> {
    const now = await this.current(true);
    let dropped = 0;
    for (const [set, { used, idleMs }] of await this.#sets()) {
      if (set === now.set || !used || idleMs < this.#options.graceMs) continue;
      await this.#drop(set);
      dropped++;
    }
    return dropped;
  }

  async #first(): Promise<void> {
    const set = await this.#make(1);
    const released = await this.#released();
    if (released.includes('commitments') && released.includes('evidence'))
      for (const statement of carryReleased(this.prefix, set.database))
        await this.#run('carrying over what was there', statement);
    await this.#point(set);
  }

  async #make(set: number): Promise<TableSet> {
    const database = `${this.prefix}_${set}`;
    const version = this.#options.migrations.at(-1)?.version ?? 0;
    await this.#makeTables(database);
    await this.#say(set, 'made', version);
    return { set, database, version };
  }

  async #makeTables(database: string): Promise<void> {
    await this.#run('making a set', `CREATE DATABASE IF NOT EXISTS ${database}`);
    for (const { name, create } of this.#options.tables) await this.#run(`making ${name}`, create(database));
  }

  /** Stable names, for people and dashboards. */
  async #makeViews(database: string): Promise<void> {
    for (const { name, called = name, stable = 'final', columns = '*' } of this.#options.tables) {
      if (stable === 'none') continue;
      const final = stable === 'final' ? ' FINAL' : '';
      await this.#run(
        'making views',
        `CREATE OR REPLACE VIEW ${this.prefix}.${called} AS SELECT ${columns} FROM ${database}.${name}${final}`,
      );
    }
    await this.#run('making views', headersView(this.prefix, database));
  }

  async #carry(from: TableSet, into: TableSet): Promise<void> {
    for (const table of CARRIED) await copyTable(this.#client, table, from.database, into.database);
  }

  async #point({ set, version }: TableSet): Promise<void> {
    await this.#say(set, 'current', version);
    this.#known = undefined;
  }

  async #say(set: number, event: 'made' | 'current' | 'dropped', version: number): Promise<void> {
    await this.#run(
      `noting that set ${set} is ${event}`,
      `INSERT INTO ${this.prefix}.meta_sets (sequence, set, event, version)
       SELECT (SELECT max(sequence) FROM ${this.prefix}.meta_sets) + 1, {set:UInt32}, {event:String}, {version:UInt32}`,
      { set, event, version },
    );
  }

  async #pointer(): Promise<TableSet | undefined> {
    const sql = `SELECT set, version, sequence FROM ${this.prefix}.meta_sets WHERE event = 'current'
      ORDER BY sequence DESC, set DESC LIMIT 1`;
    const [row] = await this.#client.query('pointer', sql, setRow).catch((error: unknown) => {
      // Nobody has made it yet.
      if (error instanceof IndexQueryError && error.isGone) return [];
      throw error;
    });
    return row && { set: row.set, version: row.version, database: `${this.prefix}_${row.set}` };
  }

  /** Sets that exist: whether each ever was in use, and for how long it has not been. */
  async #sets(): Promise<Map<number, { used: boolean; idleMs: number }>> {
    const databases = await this.#client.query('sets', 'SELECT name FROM system.databases', nameRow);
    const numbers = databases.flatMap(({ name }) => {
      const set = name.startsWith(`${this.prefix}_`) ? name.slice(this.prefix.length + 1) : '';
      return /^[1-9]\d{0,8}$/.test(set) ? [Number(set)] : [];
    });
    const rows = await this.#client.query(
      'sets',
      `SELECT set, event, dateDiff('millisecond', at, now64(3)) AS age FROM ${this.prefix}.meta_sets ORDER BY sequence, set`,
      madeRow,
    );
    const uses = rows.filter(({ event }) => event === 'current');
    return new Map(
      numbers.map((set) => {
        const last = uses.findLastIndex((row) => row.set === set);
        // Out of use since the next one came.
        return [set, { used: last !== -1, idleMs: uses[last + 1]?.age ?? 0 }];
      }),
    );
  }

  async #drop(set: number): Promise<void> {
    await this.#run(`dropping set ${set}`, `DROP DATABASE IF EXISTS ${this.prefix}_${set} SYNC`);
    await this.#say(set, 'dropped', 0);
  }

  async #version(): Promise<number> {
    const sql = `SELECT max(version) AS version FROM ${this.prefix}.meta_migrations`;
    return (await this.#client.query('version', sql, versionRow))[0]?.version ?? 0;
  }

  /** Tables of the first release that are still there. */
  async #released(): Promise<string[]> {
    const sql = `SELECT name FROM system.tables WHERE database = {prefix:String} AND engine = 'ReplacingMergeTree'`;
    const rows = await this.#client.query('tables', sql, nameRow, { prefix: this.prefix });
    const names: readonly string[] = RELEASED_TABLES;
    return rows.map(({ name }) => name).filter((name) => names.includes(name));
  }

  async #dropReleased(): Promise<void> {
    for (const name of await this.#released())
      await this.#run(`dropping ${name}`, `DROP TABLE IF EXISTS ${this.prefix}.${name} SYNC`);
  }

  #run(...parameters: Parameters<SqlClient['command']>): Promise<void> {
    return this.#client.command(...parameters);
  }
}

function metaTables(prefix: string): string[] {
  return [
    `CREATE DATABASE IF NOT EXISTS ${prefix}`,
    `CREATE TABLE IF NOT EXISTS ${prefix}.meta_sets (sequence UInt64, set UInt32,
       event Enum8('made' = 1, 'current' = 2, 'dropped' = 3), version UInt32, at DateTime64(3, 'UTC') DEFAULT now64(3))
     ENGINE = MergeTree ORDER BY sequence`,
    `CREATE TABLE IF NOT EXISTS ${prefix}.meta_migrations (version UInt32, name String,
       at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = ReplacingMergeTree ORDER BY version`,
  ];
}
