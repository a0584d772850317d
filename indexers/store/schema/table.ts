/** A table of a set. */
export interface TableDefinition {
  readonly name: string;
  /**
   * The statement that makes it, in the database that it is given: `CREATE TABLE IF NOT EXISTS ${database}.name …`, or
   * `CREATE MATERIALIZED VIEW IF NOT EXISTS …`. Definitions are carried out in their order.
   */
  readonly create: (database: string) => string;
  /** Why it is made as it is: engine, order, partitions, codecs, indices. For docs and readers. */
  readonly why: string;
  /**
   * Whether people find it by the stable name `crossroot.name`: a view of the set in use, with FINAL where the engine
   * replaces rows. Default: `final`.
   */
  readonly stable?: 'final' | 'plain' | 'none';
  /** Another stable name, where the table's own has changed. */
  readonly called?: string;
  /** What that view selects. Default `*`; people read bytes best as `lower(hex(column)) AS column`. */
  readonly columns?: string;
}

/** A table of rows that are replaced by those of the same key. */
export function replacing(
  name: string,
  columns: string,
  rest: {
    readonly order: string;
    readonly version?: string;
    readonly granularity?: number;
    readonly more?: string;
  },
): (database: string) => string {
  const { order, version = '', granularity = 8192, more = '' } = rest;
  return (database) => `CREATE TABLE IF NOT EXISTS ${database}.${name} (${columns})
    ENGINE = ReplacingMergeTree(${version}) ORDER BY ${order} ${more} SETTINGS index_granularity = ${granularity}`;
}
