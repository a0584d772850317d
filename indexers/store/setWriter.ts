import * as z from 'zod';
import { type ChainEvent, EventType } from '../log/event.js';
import { Serials } from '../serial.js';
import { count, hexBytes } from './columns.js';
import type { BlockContents } from './contents/blockContents.js';
import type { ContentsTables } from './contentsTables.js';
import { IndexGapError } from './errors.js';
import type { SetWriter } from './indexStore.js';
import { type MachineStart, serverMachine } from './mend/machine.js';
import { type Mended, mendContents, mendEvents, mendRecords } from './mend/mend.js';
import { joinRanges } from './ranges.js';
import { writeRecords } from './recordRows.js';
import type { SqlClient } from './sql/client.js';
import { RowWriter } from './sql/rowBinary.js';
import type { TableSet } from './tableSets.js';
import type { IndexedEvidence, LagSample, MainBlockContents, ServedProof, SourceSample } from './types.js';
import type { NumberRange } from './view.js';

/** What is published of a chain's events: the number of the last, and the tip after it. */
interface Progress {
  readonly number: number;
  readonly height: number;
  readonly hash: Uint8Array;
}

const NOTHING: Progress = { number: 0, height: 0, hash: new Uint8Array(32) };
const progressRow = z.object({ number: count, height: count, hash_text: hexBytes });
const rangeRow = z.object({ first: count, last: count });
const rootRow = z.object({ height: count, root_text: hexBytes });
const nextRow = z.object({ next: count });
const headerTextRow = z.object({ header_text: hexBytes });

const EVENT_COLUMNS = ['chain', 'height', 'number', 'type', 'hash', 'parent', 'time', 'raw', 'epoch'];

/** Writes into one set of tables. Rows first; then the row that publishes them. */
export class SqlSetWriter implements SetWriter {
  readonly #client: SqlClient;
  readonly #contents: ContentsTables;
  readonly #of: TableSet;
  readonly #machineStart: MachineStart;
  readonly #progress = new Map<string, Progress>();
  readonly #serials = new Serials();

  /** @param machineStart of the machine that has the tables */
  constructor(
    client: SqlClient,
    contents: ContentsTables,
    of: TableSet,
    machineStart: MachineStart = serverMachine(client),
  ) {
    this.#client = client;
    this.#contents = contents;
    this.#of = of;
    this.#machineStart = machineStart;
  }

  get set(): number {
    return this.#of.set;
  }

  writeEvents(chain: string, events: readonly ChainEvent[]): Promise<void> {
    return this.#serials.of(chain).run(() => this.#writeEvents(chain, events));
  }

  async lastNumber(chain: string): Promise<number> {
    return (await this.#readProgress(chain)).number;
  }

  writeContents(chain: string, blocks: readonly BlockContents[]): Promise<void> {
    return this.#contents.write(this.#of.database, chain, blocks);
  }

  async publishContents(chain: string, { from, to }: NumberRange): Promise<void> {
    if (!(from >= 1 && from <= to)) throw new RangeError(`no range of events: ${from} to ${to}`);
    await this.#serials.of(`contents ${chain}`).run(async () => {
      const known = await this.contentsProgress(chain);
      // Ranges that begin alike are one row; what touches is joined in reading.
      const before = known.find((range) => range.from <= from && range.to + 1 >= from);
      if (before !== undefined && before.to >= to) return;
      const rows = new RowWriter(64);
      rows
        .text(chain)
        .uint64(before?.from ?? from)
        .uint64(to)
        .endRow();
      const row = rows.take();
      const { database } = this.#of;
      const written = rows.text(chain).uint64(from).uint64(to).endRow().take();
      await this.#client.insert(`${database}.contents_writes`, ['chain', 'first', 'last'], written);
      await this.#client.insert(`${database}.contents_progress`, ['chain', 'first', 'last'], row);
    });
  }

  async contentsProgress(chain: string): Promise<readonly NumberRange[]> {
    return contentsRanges(this.#client, this.#of.database, chain);
  }

  async writeMainBlocks(blocks: readonly MainBlockContents[]): Promise<void> {
    await writeRecords.mainBlocks(this.#client, this.#of.database, blocks);
    const newest = blocks.reduce<MainBlockContents | undefined>(
      (most, one) => (most === undefined || one.block.height > most.block.height ? one : most),
      undefined,
    );
    if (newest === undefined) return;
    const { height, root: hash } = newest.block;
    await this.#publish('', { number: height + 1, height, hash }, 'main');
  }
  async mainRoot(
    height?: number,
  ): Promise<{ readonly height: number; readonly root: Uint8Array } | undefined> {
    const sql = `SELECT height, lower(hex(root)) AS root_text FROM ${this.#of.database}.main_blocks
      WHERE height <= {most:UInt64} AND height >= {least:UInt64} ORDER BY height DESC LIMIT 1`;
    const bounds = { most: height ?? Number.MAX_SAFE_INTEGER, least: height ?? 0 };
    const [row] = await this.#client.query('mainRoot', sql, rootRow, bounds);
    return row && { height: row.height, root: row.root_text };
  }
  async certifiedHeader(): Promise<Uint8Array | undefined> {
    const { database } = this.#of;
    const sql = `SELECT lower(hex(header)) AS header_text FROM ${database}.main_blocks WHERE height = (
        SELECT max(main_height) FROM ${database}.certificates WHERE verified = 1
          AND main_height <= (SELECT max(height) FROM ${database}.main_blocks))
      LIMIT 1`;
    return (await this.#client.query('certifiedHeader', sql, headerTextRow))[0]?.header_text;
  }
  writeEvidence(rows: readonly IndexedEvidence[], position: number): Promise<void> {
    return writeRecords.evidence(this.#client, this.#of.database, rows, position);
  }
  writeSourceSamples(rows: readonly SourceSample[]): Promise<void> {
    return writeRecords.sourceSamples(this.#client, this.#of.database, rows);
  }
  writeLagSamples(rows: readonly LagSample[]): Promise<void> {
    return writeRecords.lagSamples(this.#client, this.#of.database, rows);
  }
  writeProofs(rows: readonly ServedProof[]): Promise<void> {
    return writeRecords.proofs(this.#client, this.#of.database, rows);
  }

  async mend(chain: string): Promise<Mended> {
    const parts = { client: this.#client, database: this.#of.database, machineStart: this.#machineStart };
    const { last, lost } = await this.#serials.of(chain).run(async () => {
      const mended = await mendEvents(parts, chain, (await this.#readProgress(chain)).number);
      this.#progress.delete(chain);
      return mended;
    });
    const blocks = await this.#serials
      .of(`contents ${chain}`)
      .run(async () => mendContents(parts, chain, await this.contentsProgress(chain), last));
    return { events: lost, blocks, records: 0 };
  }
  async mendRecords(): Promise<Mended> {
    const parts = { client: this.#client, database: this.#of.database, machineStart: this.#machineStart };
    return { events: 0, blocks: 0, records: await mendRecords(parts, this) };
  }
  async mainRoots({ from, to }: NumberRange): Promise<ReadonlyMap<number, Uint8Array>> {
    const sql = `SELECT height, lower(hex(any(root))) AS root_text FROM ${this.#of.database}.main_blocks
      WHERE height >= {from:UInt64} AND height <= {to:UInt64} GROUP BY height`;
    const rows = await this.#client.query('mainRoots', sql, rootRow, { from, to });
    return new Map(rows.map(({ height, root_text }) => [height, root_text]));
  }

  async position(stream: string): Promise<number> {
    const sql = `SELECT next FROM ${this.#of.database}.positions WHERE stream = {stream:String} ORDER BY at DESC LIMIT 1`;
    return (await this.#client.query('position', sql, nextRow, { stream }))[0]?.next ?? 0;
  }

  async writePosition(stream: string, next: number): Promise<void> {
    const rows = new RowWriter(64);
    rows.text(stream).uint64(next).endRow();
    await this.#client.insert(`${this.#of.database}.positions`, ['stream', 'next'], rows.take());
  }

  async #writeEvents(chain: string, all: readonly ChainEvent[]): Promise<void> {
    const events = all.filter((event) => event.chain === chain);
    const [first] = events;
    const last = events.at(-1);
    if (first === undefined || last === undefined) return;
    const before = await this.#before(chain, first.number);
    const rows = new RowWriter(events.length * 256);
    for (const event of events) eventRow(rows, event);
    await this.#client.insert(`${this.#of.database}.header_events`, EVENT_COLUMNS, rows.take());
    if (last.number <= before.number) return;
    const after: Progress = { ...tipAfter(before, events), number: last.number };
    await this.#publish(chain, after);
    this.#progress.set(chain, after);
  }

  /** What is published; another process may have gone on since this one looked. @throws IndexGapError */
  async #before(chain: string, first: number): Promise<Progress> {
    const known = this.#progress.get(chain);
    if (known !== undefined && known.number + 1 === first) return known;
    const read = await this.#readProgress(chain);
    if (first > read.number + 1) throw new IndexGapError(chain, read.number + 1, first);
    return read;
  }

  async #readProgress(chain: string): Promise<Progress> {
    const sql = `SELECT number, height, lower(hex(hash)) AS hash_text FROM ${this.#of.database}.progress
      WHERE chain = {chain:String} AND stream = 'headers' ORDER BY number DESC LIMIT 1`;
    const [row] = await this.#client.query('progress', sql, progressRow, { chain });
    return row === undefined ? NOTHING : { number: row.number, height: row.height, hash: row.hash_text };
  }

  async #publish(
    chain: string,
    { number, height, hash }: Progress,
    stream: 'headers' | 'main' = 'headers',
  ): Promise<void> {
    const rows = new RowWriter(128);
    rows.text(chain).text(stream).uint64(number).uint64(height).fixed(hash, 32).endRow();
    await this.#client.insert(
      `${this.#of.database}.progress`,
      ['chain', 'stream', 'number', 'height', 'hash'],
      rows.take(),
    );
  }
}

/** What `publishContents` said of a chain, joined, ascending. */
export async function contentsRanges(
  client: SqlClient,
  database: string,
  chain: string,
): Promise<NumberRange[]> {
  const sql = `SELECT first, max(last) AS last FROM ${database}.contents_progress WHERE chain = {chain:String} GROUP BY first`;
  const rows = await client.query('contentsProgress', sql, rangeRow, { chain });
  return joinRanges(rows.map(({ first, last }) => ({ from: first, to: last })));
}

function eventRow(rows: RowWriter, event: ChainEvent): void {
  rows
    .text(event.chain)
    .uint64(event.height)
    .uint64(event.number)
    .uint8(EventType[event.type])
    .fixed(event.hash, 32)
    .fixed(event.parentHash, 32)
    .uint64(event.time)
    .bytes(event.raw)
    .uint64(event.epoch)
    .endRow();
}

/** The best chain's tip after these events. */
function tipAfter(before: Pick<Progress, 'height' | 'hash'>, events: readonly ChainEvent[]) {
  const last = events.findLast(({ type }) => type !== 'finalize');
  if (last === undefined) return { height: before.height, hash: before.hash };
  return last.type === 'connect'
    ? { height: last.height, hash: last.hash }
    : { height: last.height - 1, hash: last.parentHash };
}
