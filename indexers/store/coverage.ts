import * as z from 'zod';
import { count } from './columns.js';
import type { HeaderQueries } from './headerQueries.js';
import { clipRanges } from './ranges.js';
import { contentsRanges } from './setWriter.js';
import type { Snapshots } from './snapshots.js';
import type { SqlClient } from './sql/client.js';
import type { Coverage, HeightRange } from './types.js';
import type { NumberRange, Snapshot } from './view.js';

const lowestRow = z.object({ total: count, lowest: count });

interface Parts {
  readonly client: SqlClient;
  readonly snapshots: Snapshots;
  readonly headers: HeaderQueries;
}

/**
 * Heights whose blocks' contents are in, in the snapshot's view. A range of events covers the heights that they added to the
 * best chain and that no event after the range took away: others may have been replaced by blocks of events outside of it.
 */
export async function coverageOf(parts: Parts, snapshot: Snapshot): Promise<Coverage> {
  const { client, headers } = parts;
  const { database, view } = snapshot;
  const start = await headers.start(snapshot);
  const ranges = clipRanges(await contentsRanges(client, database, view.chain), view.number);
  const contents: HeightRange[] = [];
  for (const range of ranges) {
    const { from, to } = await heightsOf(parts, snapshot, range, start ?? 0);
    if (from <= to) contents.push({ from, to });
  }
  return { view, start, contents };
}

async function heightsOf(
  { client, snapshots }: Parts,
  { database, view }: Snapshot,
  { from, to }: NumberRange,
  start: number,
): Promise<HeightRange> {
  const first = from === 1 ? start : (await snapshots.viewAt(database, view.chain, from - 1)).height + 1;
  const last = to === view.number ? view : await snapshots.viewAt(database, view.chain, to);
  const sql = `SELECT count() AS total, min(height) AS lowest FROM ${database}.undone
    WHERE chain = {chain:String} AND number > {to:UInt64} AND number <= {number:UInt64}`;
  const parameters = { chain: view.chain, to, number: view.number };
  const [undone] = await client.query('undoneAfter', sql, lowestRow, parameters);
  const lost = undone === undefined || undone.total === 0 ? Number.MAX_SAFE_INTEGER : undone.lowest;
  return { from: first, to: Math.min(last.height, lost - 1) };
}
