import * as z from 'zod';
import { Lru } from '../../lru.js';
import { count } from '../columns.js';
import { snapshotParameters } from '../schema/lost.js';
import type { Parameters, SqlClient } from '../sql/client.js';
import type { Snapshot } from '../view.js';
import * as queries from './queries.js';

const lostRow = z.object({ lost: count });
/** Numbers of all views together that are kept. */
const KEPT = 200_000;

/**
 * What of a set's contents a snapshot shows. Which blocks a view has disconnected never changes, so that it is read once a view.
 */
export class Shown {
  readonly #client: SqlClient;
  readonly #lost = new Lru<string, readonly number[]>(KEPT, ({ length }) => length + 16);

  constructor(client: SqlClient) {
    this.#client = client;
  }

  /** Numbers of all events that connected a block which the view has disconnected. @throws IndexQueryError */
  async lost({ database, view: { chain, number } }: Snapshot): Promise<readonly number[]> {
    const key = `${database} ${number} ${chain}`;
    const known = this.#lost.get(key);
    if (known !== undefined) return known;
    const sql = queries.lostNumbers(database);
    const rows = await this.#client.query('lostNumbers', sql, lostRow, { chain, number });
    const lost = rows.map((row) => row.lost);
    this.#lost.set(key, lost);
    return lost;
  }

  /** Parameters that all questions of contents have. @throws IndexQueryError */
  async parameters(snapshot: Snapshot): Promise<Parameters> {
    return { ...snapshotParameters(snapshot), lost: await this.lost(snapshot) };
  }
}
