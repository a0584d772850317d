import * as z from 'zod';
import { count, hexBytes } from './columns.js';
import { type ListCursor, markOf } from './cursor.js';
import { UnknownRecordsError } from './errors.js';
import type { SqlClient } from './sql/client.js';
import type { MainView, StreamView, TimeView } from './view.js';

const rootRow = z.object({ height: count, root_text: hexBytes });
const heightRow = z.object({ height: count });
const positionRow = z.object({ position: count });
const nowRow = z.object({ now: count });

/** Which view an earlier page or the question names; the newest without either. */
export interface Named {
  readonly at?: number | undefined;
  readonly before?: ListCursor | undefined;
}

/** Fixes what records are read at, before they are read. All methods throw IndexQueryError and UnknownRecordsError. */
export class RecordViews {
  readonly #client: SqlClient;

  constructor(client: SqlClient) {
    this.#client = client;
  }

  /** `undefined` before the first main-chain block. */
  async main(database: string, { at, before }: Named = {}): Promise<MainView | undefined> {
    const asked = before?.at ?? at;
    const newest = `SELECT height, lower(hex(root)) AS root_text FROM ${database}.main_blocks WHERE height <= {most:UInt64}
      ORDER BY height DESC LIMIT 1`;
    const most = asked ?? Number.MAX_SAFE_INTEGER;
    const [row] = await this.#client.query('mainView', newest, rootRow, { most });
    const what = 'main-chain block';
    if (asked !== undefined && row?.height !== asked) throw new UnknownRecordsError(what, asked, row?.height);
    if (row === undefined) return undefined;
    const { height, root_text: root } = row;
    if (before !== undefined && before.mark !== markOf(root))
      throw new UnknownRecordsError(what, before.at, height, 'the cursor is of another main chain');
    const checked = `SELECT main_height AS height FROM ${database}.certificates WHERE verified = 1 AND main_height <= {height:UInt64}
      ORDER BY main_height DESC LIMIT 1`;
    const [certified] = await this.#client.query('mainCertified', checked, heightRow, { height });
    return { height, root, certified: certified?.height };
  }

  /** Of the stream of evidence, or beyond it where rows came along from another set. */
  async evidence(database: string, chain: string, { at, before }: Named): Promise<StreamView> {
    const sql = `SELECT greatest(
        (SELECT ifNull(argMax(next, at), 0) FROM ${database}.positions WHERE stream = 'evidence'),
        (SELECT ifNull(max(position), 0) FROM ${database}.evidence WHERE chain = {chain:String})) AS position`;
    const [row] = await this.#client.query('evidenceView', sql, positionRow, { chain });
    const position = row?.position ?? 0;
    return { position: checked('position of the stream of evidence', position, before?.at ?? at) };
  }

  async time({ at, before }: Named): Promise<TimeView> {
    return { time: checked('time', await this.now(), before?.at ?? at) };
  }

  /** Unix milliseconds by the clock of the index, by which all who write and read go. */
  async now(): Promise<number> {
    return clockOf(this.#client);
  }
}

/** The clock of the index, Unix milliseconds. @throws IndexQueryError */
export async function clockOf(client: SqlClient): Promise<number> {
  const [row] = await client.query('clock', 'SELECT toUnixTimestamp64Milli(now64(3)) AS now', nowRow);
  return row?.now ?? Date.now();
}

function checked(what: string, newest: number, asked = newest): number {
  if (asked > newest) throw new UnknownRecordsError(what, asked, newest);
  return asked;
}
