import * as z from 'zod';
import { bytesEqual } from '../../proofs/bytes.js';
import { count, hexBytes } from './columns.js';
import { checkLimit, decodeCursor, encodeCursor, MAX_QUESTION } from './cursor.js';
import { IndexQueryError, UnknownViewError } from './errors.js';
import { clipRanges } from './ranges.js';
import { contentsRanges } from './setWriter.js';
import type { SqlClient } from './sql/client.js';
import type { TableSets } from './tableSets.js';
import { tipAt } from './tips.js';
import type { Page, PageKey, PageQuery, Slice, Snapshot, View } from './view.js';

const viewRow = z.object({ number: count, height: count, hash_text: hexBytes });
/** Which state a question is about: the whole chain's events, or those whose blocks' contents are in. */
export type Scope = 'headers' | 'contents';

/** Fixes the view of each question before it is asked. */
export class Snapshots {
  readonly #client: SqlClient;
  readonly #sets: TableSets;

  constructor(client: SqlClient, sets: TableSets) {
    this.#client = client;
    this.#sets = sets;
  }

  /** One answer of one view. @throws UnknownViewError, IndexQueryError, IndexUnavailableError */
  read<T>(
    chain: string,
    scope: Scope,
    at: number | undefined,
    ask: (snapshot: Snapshot) => Promise<T>,
  ): Promise<T> {
    return this.inSet(async (database) => ask(await this.#snapshot(database, chain, scope, at)));
  }

  /**
   * One page of one view: the cursor's, or that of `at`, or the newest.
   * @param what the question's name, in its cursors
   * @throws UnknownViewError, MalformedInputError, LimitExceededError, IndexQueryError, IndexUnavailableError
   */
  async page<T>(
    chain: string,
    scope: Scope,
    what: string,
    { limit, cursor, at }: PageQuery,
    ask: (snapshot: Snapshot, after: PageKey | undefined) => Promise<Slice<T>>,
  ): Promise<Page<T>> {
    checkLimit(limit);
    const question = `${what} ${chain}`.slice(0, MAX_QUESTION);
    const before = cursor === undefined ? undefined : decodeCursor(question, cursor);
    return this.inSet(async (database) => {
      const snapshot = await this.#snapshot(database, chain, scope, before?.number ?? at);
      const { view } = snapshot;
      if (before !== undefined && !bytesEqual(view.hash.subarray(0, before.hash.length), before.hash))
        throw new UnknownViewError(chain, before.number, view.number, 'the cursor is of another log');
      const { rows, next } = await ask(snapshot, before?.key);
      return {
        view,
        rows,
        ...(next === undefined ? {} : { next: encodeCursor(question, view, next) }),
      };
    });
  }

  /** The tip after event `number`, where that event is in. */
  viewAt(database: string, chain: string, number: number): Promise<View> {
    return tipAt(this.#client, database, chain, number);
  }

  async #snapshot(database: string, chain: string, scope: Scope, at: number | undefined): Promise<Snapshot> {
    const newest = await this.#newest(database, chain);
    if (at !== undefined && at > newest.number) throw new UnknownViewError(chain, at, newest.number);
    if (scope === 'headers') {
      const view = at === undefined || at === newest.number ? newest : await this.viewAt(database, chain, at);
      return { database, view, contents: [] };
    }
    const ranges = await contentsRanges(this.#client, database, chain);
    const last = Math.min(newest.number, ranges.at(-1)?.to ?? newest.number);
    if (at !== undefined && at > last) throw new UnknownViewError(chain, at, last);
    const number = at ?? last;
    const view = number === newest.number ? newest : await this.viewAt(database, chain, number);
    return { database, view, contents: clipRanges(ranges, number) };
  }

  async #newest(database: string, chain: string): Promise<View> {
    const sql = `SELECT number, height, lower(hex(hash)) AS hash_text FROM ${database}.progress
      WHERE chain = {chain:String} AND stream = 'headers' ORDER BY number DESC LIMIT 1`;
    const [row] = await this.#client.query('view', sql, viewRow, { chain });
    if (row === undefined) return { chain, number: 0, height: 0, hash: new Uint8Array(32) };
    return { chain, number: row.number, height: row.height, hash: row.hash_text };
  }

  /** A question of several statements to one set: once more where it went away meanwhile. */
  async inSet<T>(ask: (database: string) => Promise<T>): Promise<T> {
    const { set, database } = await this.#sets.current();
    try {
      return await ask(database);
    } catch (error) {
      if (!(error instanceof IndexQueryError && error.isGone)) throw error;
      const now = await this.#sets.current(true);
      if (now.set === set) throw error;
      return ask(now.database);
    }
  }
}
