import { sizeOf } from '../ranges.js';
import type { SqlClient } from '../sql/client.js';
import { RowWriter } from '../sql/rowBinary.js';
import { tipAt } from '../tips.js';
import type { NumberRange } from '../view.js';
import { lostContents, unsafeContents, withoutRanges } from './contents.js';
import { firstMissingEvent, refillDerived } from './events.js';
import type { MachineStart } from './machine.js';
import { firstMissingMainBlock, positionWritten } from './records.js';

/** What was published and is not there: it is taken from the log once more. */
export interface Mended {
  /** Events, of headers and of what is made of them. */
  readonly events: number;
  /** Events whose blocks' contents are fetched again. */
  readonly blocks: number;
  /** Main-chain blocks and positions of evidence. */
  readonly records: number;
}

export interface MendParts {
  readonly client: SqlClient;
  readonly database: string;
  readonly machineStart: MachineStart;
}

/**
 * Steps a chain's progress back to what is really there, and makes up for what other rows tell.
 * @param last number of the newest event that is published
 * @returns the number that is published then, and how many rows were lost
 * @throws IndexQueryError
 */
export async function mendEvents(
  { client, database }: MendParts,
  chain: string,
  last: number,
): Promise<{ readonly last: number; readonly lost: number }> {
  const missing = await firstMissingEvent(client, database, chain, last);
  const there = missing === undefined ? last : missing - 1;
  if (there < last) await stepBack(client, database, chain, there);
  const refilled = await refillDerived(client, database, chain, there);
  return { last: there, lost: last - there + refilled };
}

async function stepBack(client: SqlClient, database: string, chain: string, number: number): Promise<void> {
  const table = `${database}.progress`;
  const { height, hash } = await tipAt(client, database, chain, number);
  const row = () =>
    new RowWriter(128)
      .text(chain)
      .text('headers')
      .uint64(number)
      .uint64(height)
      .fixed(hash, 32)
      .endRow()
      .take();
  const write = () => client.insert(table, ['chain', 'stream', 'number', 'height', 'hash'], row());
  // Before, so that readers always find one; after, because merges leave the greatest alone. Nothing is before the first event.
  if (number > 0) await write();
  const where = "chain = {chain:String} AND stream = 'headers' AND number > {number:UInt64}";
  await remove(client, table, where, { chain, number });
  if (number > 0) await write();
}

/**
 * Takes blocks whose contents are not there out of what is published of a chain.
 * @param ranges what is published
 * @param last number of the newest event that is published
 * @returns how many events that were
 * @throws IndexQueryError
 */
export async function mendContents(
  { client, database, machineStart }: MendParts,
  chain: string,
  ranges: readonly NumberRange[],
  last: number,
): Promise<number> {
  if (ranges.length === 0) return 0;
  const lost = (await lostContents(client, { database, chain, last, ranges })).map((number) => ({
    from: number,
    to: number,
  }));
  const started = await machineStart();
  const unsafe = started === undefined ? [] : await unsafeContents(client, { database, chain }, started);
  const left = withoutRanges(ranges, [...lost, ...unsafe]);
  const taken = sizeOf(ranges) - sizeOf(left);
  if (taken === 0) return 0;
  const table = `${database}.contents_progress`;
  const write = async () => {
    const rows = new RowWriter(64 * left.length);
    for (const { from, to } of left) rows.text(chain).uint64(from).uint64(to).endRow();
    await client.insert(table, ['chain', 'first', 'last'], rows.take());
  };
  await write();
  const kept = left.map(({ from, to }) => `(first = ${from} AND last = ${to})`).join(' OR ') || '0';
  await remove(client, table, `chain = {chain:String} AND NOT (${kept})`, { chain });
  await write();
  return taken;
}

/**
 * Steps the main chain's blocks back to what is really there, and the streams to where what is missing is read again.
 * @returns how many main-chain blocks and records of evidence are read again
 * @throws IndexQueryError
 */
export async function mendRecords(
  { client, database, machineStart }: MendParts,
  writer: {
    position(stream: string): Promise<number>;
    writePosition(stream: string, next: number): Promise<void>;
    mainRoot(): Promise<{ readonly height: number } | undefined>;
  },
): Promise<number> {
  let records = 0;
  const missing = await firstMissingMainBlock(client, database);
  if (missing !== undefined) {
    const newest = (await writer.mainRoot())?.height ?? missing;
    await writer.writePosition('main', 0);
    await remove(client, `${database}.main_blocks`, 'height >= {missing:UInt64}', { missing });
    await remove(client, `${database}.progress`, "chain = '' AND stream = 'main'", {});
    records += Math.max(1, newest - missing + 1);
  }
  const [started, written] = [await machineStart(), await positionWritten(client, database, 'evidence')];
  // Evidence does not tell how much of it there was: after the machine went down all that the log has is read again.
  if (started !== undefined && written !== undefined && written < started) {
    const position = await writer.position('evidence');
    if (position > 0) await writer.writePosition('evidence', 0);
    records += position;
  }
  return records;
}

/** Deletes rows, and returns once they are gone. */
function remove(
  client: SqlClient,
  table: string,
  where: string,
  parameters: Readonly<Record<string, string | number>>,
): Promise<void> {
  const sql = `ALTER TABLE ${table} DELETE WHERE ${where} SETTINGS mutations_sync = 1`;
  return client.command(`mending ${table}`, sql, parameters);
}
