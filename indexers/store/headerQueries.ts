import * as z from 'zod';
import { toBareHex } from '../../proofs/bytes.js';
import { count, flag, hexBytes } from './columns.js';
import { keyOf } from './contents/paging.js';
import type { HeaderQuery } from './indexStore.js';
import { lostBlocks } from './schema/lost.js';
import type { Parameters, SqlClient } from './sql/client.js';
import type { ChainCounts, IndexedHeader, Reorganisation } from './types.js';
import type { PageKey, Slice, Snapshot } from './view.js';

const headerRow = z
  .object({
    height: count,
    last: count,
    canonical: flag,
    moment: count,
    hash_text: hexBytes,
    parent_text: hexBytes,
    raw_text: hexBytes,
  })
  .transform(
    (row): IndexedHeader => ({
      height: row.height,
      hash: row.hash_text,
      parentHash: row.parent_text,
      time: row.moment,
      raw: row.raw_text,
      canonical: row.canonical,
      number: row.last,
    }),
  );
const reorganisationRow = z
  .object({ first: count, fork_height: count, depth: count, old_height: count, old_hash: hexBytes })
  .transform(
    (row): Reorganisation => ({
      number: row.first,
      forkHeight: row.fork_height,
      depth: row.depth,
      oldTipHeight: row.old_height,
      oldTipHash: row.old_hash,
    }),
  );
const startRow = z.object({ height: count });
const totalRow = z.object({ total: count });

/** What is known of each height or block from its events up to the view's number. */
const STATE = `max(number) AS last, argMax(type, number) = 'connect' AS canonical, argMax(time, number) AS moment,
  lower(hex(argMax(hash, number))) AS hash_text, lower(hex(argMax(parent, number))) AS parent_text,
  lower(hex(argMax(raw, number))) AS raw_text`;

/** Questions about headers, each in one view. */
export class HeaderQueries {
  readonly #client: SqlClient;
  /** Of each chain, in the set that was asked last. */
  readonly #starts = new Map<string, { readonly database: string; readonly height: number }>();

  constructor(client: SqlClient) {
    this.#client = client;
  }

  async headers(
    snapshot: Snapshot,
    query: HeaderQuery,
    limit: number,
    after?: PageKey,
  ): Promise<Slice<IndexedHeader>> {
    const [height = -1, number = 0] = keyOf(after, 2) ?? [];
    const { branches = false } = query;
    const start = await this.start(snapshot);
    // Branches that lost may have been longer than the one that won, by blocks that weighed less.
    const top = branches ? ((await this.#end(snapshot, 'DESC')) ?? 0) : snapshot.view.height;
    const from = Math.max(query.from, height);
    const to = Math.min(query.to ?? top, top);
    if (start === undefined || from > to) return { rows: [] };
    // Every height from the start on has a row or more: no more heights than rows are wanted.
    const last = Math.min(to, Math.max(from, start) + limit);
    const rows = await this.#states(snapshot, branches ? 'blocks' : 'heights', {
      ...{ from, to: last, limit: limit + 1 },
      ...{ height_after: Math.max(0, height), number_after: height < 0 ? Number.MAX_SAFE_INTEGER : number },
    });
    const found = slice(rows, limit, ({ height, number }) => [height, number]);
    // A log that began anew at a greater height leaves heights without rows.
    return found.next !== undefined || last >= to ? found : { ...found, next: [last, 0] };
  }

  /** Best chain, downwards from the tip. */
  async latest(snapshot: Snapshot, limit: number, after?: PageKey): Promise<Slice<IndexedHeader>> {
    const [shown = snapshot.view.height + 1] = keyOf(after, 1) ?? [];
    const top = shown - 1;
    if (top < 0 || snapshot.view.number === 0) return { rows: [] };
    const from = Math.max(0, top - limit);
    const rows = await this.#states(snapshot, 'heights', {
      ...{ from, to: top, limit: limit + 1, height_after: 0, number_after: Number.MAX_SAFE_INTEGER },
    });
    return slice(rows.reverse(), limit, ({ height }) => [height]);
  }

  async header(snapshot: Snapshot, hash: Uint8Array): Promise<IndexedHeader | undefined> {
    const { database, view } = snapshot;
    const sql = `SELECT height, ${STATE} FROM ${database}.header_events
      WHERE chain = {chain:String} AND number <= {number:UInt64} AND type != 'finalize' AND hash = unhex({hash:String})
        AND height IN (SELECT height FROM ${database}.header_hashes
          WHERE chain = {chain:String} AND hash = unhex({hash:String}))
      GROUP BY height LIMIT 1`;
    const parameters = { chain: view.chain, number: view.number, hash: toBareHex(hash) };
    return (await this.#client.query('header', sql, headerRow, parameters))[0];
  }

  /** Newest first. Events are numbered without gaps: disconnects of consecutive numbers are one reorganisation. */
  async reorganisations(snapshot: Snapshot, limit: number, after?: PageKey): Promise<Slice<Reorganisation>> {
    const sql = `SELECT min(number) AS first, min(height) - 1 AS fork_height, count() AS depth, max(height) AS old_height,
        lower(hex(argMax(hash, height))) AS old_hash
      FROM (SELECT number, height, hash, number - row_number() OVER (ORDER BY number) AS island
        FROM ${snapshot.database}.undone FINAL WHERE chain = {chain:String} AND number <= {number:UInt64})
      GROUP BY island HAVING first < {before:UInt64} ORDER BY first DESC LIMIT {limit:UInt32}`;
    const { chain, number } = snapshot.view;
    const [before = Number.MAX_SAFE_INTEGER] = keyOf(after, 1) ?? [];
    const parameters = { chain, number, before, limit: limit + 1 };
    const rows = await this.#client.query('reorganisations', sql, reorganisationRow, parameters);
    return slice(rows, limit, ({ number }) => [number]);
  }

  /** First height of the chain; `undefined` before its first event, after which it stays what it is. */
  async start(snapshot: Snapshot): Promise<number | undefined> {
    const { database, view } = snapshot;
    const known = this.#starts.get(view.chain);
    if (view.number > 0 && known?.database === database) return known.height;
    const height = await this.#end(snapshot, 'ASC');
    if (height !== undefined) this.#starts.set(view.chain, { database, height });
    return height;
  }

  /** Least or greatest height that any event up to the view is about. */
  async #end(
    { database, view: { chain, number } }: Snapshot,
    order: 'ASC' | 'DESC',
  ): Promise<number | undefined> {
    const sql = `SELECT height FROM ${database}.header_events
      WHERE chain = {chain:String} AND number <= {number:UInt64} ORDER BY chain ${order}, height ${order} LIMIT 1`;
    const what = order === 'ASC' ? 'start' : 'top';
    return (await this.#client.query(what, sql, startRow, { chain, number }))[0]?.height;
  }

  /** How much there is in the view. */
  async counts(snapshot: Snapshot): Promise<Omit<ChainCounts, 'chain' | 'commitments' | 'number'>> {
    const start = await this.start(snapshot);
    const { height } = snapshot.view;
    const canonical = start === undefined ? 0 : height - start + 1;
    return {
      headers: canonical + (await this.#lost(snapshot)),
      canonical,
      reorganisations: await this.#reorganisationCount(snapshot),
      height: start === undefined ? undefined : height,
      finalizedHeight: await this.#finalized(snapshot),
    };
  }

  /** Blocks that were on the best chain and are not in this view. */
  async #lost({ database, view: { chain, number } }: Snapshot): Promise<number> {
    const sql = `SELECT count() AS total FROM ${lostBlocks(database)}`;
    return (await this.#client.query('lost', sql, totalRow, { chain, number }))[0]?.total ?? 0;
  }

  async #reorganisationCount({ database, view: { chain, number } }: Snapshot): Promise<number> {
    const sql = `SELECT uniqExact(island) AS total FROM (SELECT number - row_number() OVER (ORDER BY number) AS island
      FROM ${database}.undone FINAL WHERE chain = {chain:String} AND number <= {number:UInt64})`;
    return (await this.#client.query('reorganisationCount', sql, totalRow, { chain, number }))[0]?.total ?? 0;
  }

  /** Height of what was final; `undefined` if nothing was. */
  async #finalized({ database, view: { chain, number } }: Snapshot): Promise<number | undefined> {
    const sql = `SELECT height FROM ${database}.finality WHERE chain = {chain:String} AND number <= {number:UInt64}
      ORDER BY number DESC LIMIT 1`;
    return (await this.#client.query('finalized', sql, startRow, { chain, number }))[0]?.height;
  }

  /** Upwards by height; of heights those on the best chain alone. */
  #states(
    { database, view }: Snapshot,
    of: 'heights' | 'blocks',
    parameters: Parameters,
  ): Promise<IndexedHeader[]> {
    const sql = `SELECT height, ${STATE} FROM ${database}.header_events
      WHERE chain = {chain:String} AND height >= {from:UInt64} AND height <= {to:UInt64} AND number <= {number:UInt64}
        AND type != 'finalize'
      GROUP BY height${of === 'blocks' ? ', hash' : ''}
      HAVING ${of === 'blocks' ? '1' : 'canonical'} AND (height > {height_after:UInt64}
        OR (height = {height_after:UInt64} AND last < {number_after:UInt64}))
      ORDER BY height, last DESC LIMIT {limit:UInt32}`;
    const what = of === 'blocks' ? 'branches' : 'headers';
    return this.#client.query(what, sql, headerRow, {
      ...parameters,
      chain: view.chain,
      number: view.number,
    });
  }
}

/** The first `limit` rows, and the key of the last where more follow. */
export function slice<T>(rows: readonly T[], limit: number, key: (row: T) => PageKey): Slice<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return rows.length > limit && last !== undefined ? { rows: shown, next: key(last) } : { rows: shown };
}
