import * as z from 'zod';
import { toBareHex } from '../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../proofs/errors/input.js';
import { count } from './columns.js';
import { keyOf } from './contents/paging.js';
import { checkLimit, decodeListCursor, encodeListCursor, MAX_QUESTION, markOf } from './cursor.js';
import { slice } from './headerQueries.js';
import {
  certificateRow,
  commitmentRow,
  evidenceRow,
  lagStepRow,
  mainBlockRow,
  proofRow,
  sourceStepRow,
} from './recordColumns.js';
import { type Named, RecordViews } from './recordViews.js';
import type { Parameters, SqlClient } from './sql/client.js';
import type {
  IndexedCertificate,
  IndexedCommitment,
  IndexedEvidence,
  IndexedMainBlock,
  LagStep,
  ServedProof,
  SourceStep,
} from './types.js';
import {
  type Listing,
  type ListQuery,
  MAX_STEPS,
  type MainView,
  type PageKey,
  type SampleQuery,
  type Series,
  type StepQuery,
  type StreamView,
  type TimeView,
} from './view.js';

const MOST = Number.MAX_SAFE_INTEGER;
const heightRow = z.object({ height: count });
const totalRow = z.object({ chain: z.string(), total: count });

/** A list of records, as it is asked of one set. */
interface Question<T, V> {
  /** In cursors: pages of another question are refused. */
  readonly what: string;
  readonly query: ListQuery;
  readonly sql: string;
  readonly row: z.ZodType<T>;
  /** Bounds of what follows on a key; of everything where it is empty. */
  readonly after: (key: PageKey) => Parameters;
  readonly key: (row: T) => PageKey;
  readonly parameters?: Parameters;
  /** Fixes the view that is read, and how its cursors name it. */
  readonly view: (named: Named) => Promise<V>;
  readonly bounds: (view: V) => Parameters;
  readonly named: (view: V) => { readonly at: number; readonly mark: string };
}

/**
 * Questions about what stands by itself, newest first, each as far as one view goes. Rows that were written twice and not joined
 * yet are alike but for when they were written: `LIMIT 1 BY` shows one of them, and unlike FINAL lets a page be read from its end
 * of the table.
 */
export class RecordQueries {
  readonly #client: SqlClient;
  readonly #views: RecordViews;
  #totals: { readonly key: string; readonly totals: ReadonlyMap<string, number> } | undefined;

  constructor(client: SqlClient) {
    this.#client = client;
    this.#views = new RecordViews(client);
  }

  mainView(database: string, at?: number): Promise<MainView | undefined> {
    return this.#views.main(database, { at });
  }

  mainBlocks(database: string, query: ListQuery): Promise<Listing<IndexedMainBlock, MainView | undefined>> {
    const sql = `SELECT height, lower(hex(root)) AS root_text, lower(hex(parent_root)) AS parent_text, slot, term, producer,
        lower(hex(header)) AS header_text
      FROM ${database}.main_blocks WHERE height < {below:UInt64} AND height <= {at:UInt64}
      ORDER BY height DESC LIMIT 1 BY height LIMIT {limit:UInt32}`;
    const key = ({ height }: IndexedMainBlock): PageKey => [height];
    return this.#main(database, { what: 'mainBlocks', query, sql, row: mainBlockRow, key });
  }

  commitments(
    database: string,
    chain: string,
    query: ListQuery,
  ): Promise<Listing<IndexedCommitment, MainView | undefined>> {
    const sql = `SELECT chain, main_height, status, epoch, start, size, tip_height, reorg_count, policy_version,
        lower(hex(main_root)) AS main_root_text, lower(hex(history_root)) AS history_root_text,
        lower(hex(tip_hash)) AS tip_hash_text
      FROM ${database}.commitments WHERE chain = {chain:String} AND main_height < {below:UInt64}
        AND main_height <= {at:UInt64}
      ORDER BY chain DESC, main_height DESC LIMIT 1 BY main_height LIMIT {limit:UInt32}`;
    const key = ({ mainHeight }: IndexedCommitment): PageKey => [mainHeight];
    const what = `commitments ${chain}`;
    return this.#main(database, { what, query, sql, row: commitmentRow, key, parameters: { chain } });
  }

  certificates(
    database: string,
    query: ListQuery,
  ): Promise<Listing<IndexedCertificate, MainView | undefined>> {
    const sql = `SELECT main_height, lower(hex(main_root)) AS main_root_text, term, signers, lower(hex(bits)) AS bits_text,
        lower(hex(signature)) AS signature_text, verified
      FROM ${database}.certificates WHERE main_height < {below:UInt64} AND main_height <= {at:UInt64}
      ORDER BY main_height DESC, main_root DESC, verified DESC LIMIT 1 BY main_height LIMIT {limit:UInt32}`;
    const key = ({ mainHeight }: IndexedCertificate): PageKey => [mainHeight];
    return this.#main(database, { what: 'certificates', query, sql, row: certificateRow, key });
  }

  evidence(database: string, chain: string, query: ListQuery): Promise<Listing<IndexedEvidence, StreamView>> {
    const sql = `SELECT chain, seen, lower(hex(id)) AS id_text, kind, source, height, hash, message, raw
      FROM ${database}.evidence WHERE chain = {chain:String} AND seen <= {seen:UInt64}
        AND (seen, id) < ({seen:UInt64}, unhex({id:String})) AND position <= {position:UInt64}
      ORDER BY chain DESC, seen DESC, id DESC LIMIT 1 BY seen, id LIMIT {limit:UInt32}`;
    return this.#list({
      what: `evidence ${chain}`,
      ...{ query, sql, row: evidenceRow, parameters: { chain } },
      after: ([seen = MOST, id = '']) => ({ seen: numberIn(seen), id: String(id) }),
      key: ({ seen, id }) => [seen, toBareHex(id)],
      view: (named) => this.#views.evidence(database, chain, named),
      bounds: ({ position }) => ({ position }),
      named: ({ position }) => ({ at: position, mark: '' }),
    });
  }

  proofsServed(
    database: string,
    query: ListQuery & { readonly chain?: string },
  ): Promise<Listing<ServedProof, TimeView>> {
    const { chain } = query;
    const sql = `SELECT toUnixTimestamp64Milli(time) AS at, chain, kind, subject, height, main_height, bytes, milliseconds
      FROM ${database}.proofs_served WHERE time <= fromUnixTimestamp64Milli({at:Int64})
        AND (time, chain, kind, subject) < (fromUnixTimestamp64Milli({at:Int64}), {by_chain:String}, {kind:String}, {subject:String})
        AND written <= fromUnixTimestamp64Milli({written:Int64}) ${chain === undefined ? '' : 'AND chain = {chain:String}'}
      ORDER BY time DESC, chain DESC, kind DESC, subject DESC LIMIT 1 BY time, chain, kind, subject LIMIT {limit:UInt32}`;
    return this.#list({
      what: `proofsServed ${chain ?? ''}`,
      ...{ query, sql, row: proofRow, parameters: chain === undefined ? {} : { chain } },
      after: ([at = LATEST, by_chain = '', kind = '', subject = '']) => ({
        ...{ at: numberIn(at), by_chain: String(by_chain), kind: String(kind), subject: String(subject) },
      }),
      key: (row) => [row.time, row.chain, row.kind, row.subject],
      view: (named) => this.#views.time(named),
      bounds: ({ time }) => ({ written: time }),
      named: ({ time }) => ({ at: time, mark: '' }),
    });
  }

  sourceSeries(database: string, chain: string, query: SampleQuery): Promise<Series<SourceStep>> {
    const samples = samplesOf(`${database}.source_samples`, 'source');
    const sql = `SELECT source, ${STEP}, count() AS samples, avg(healthy) AS healthy_share, avg(score) AS mean_score,
        avg(latency_ms) AS mean_latency, max(latency_ms) AS max_latency, max(tip_height) AS tip
      FROM ${samples} GROUP BY source, step ORDER BY step, source`;
    return this.#series('sourceSeries', chain, query, sql, sourceStepRow);
  }

  lagSeries(database: string, chain: string, query: SampleQuery): Promise<Series<LagStep>> {
    const samples = samplesOf(`${database}.lag_samples`, 'stream');
    const sql = `SELECT stream, ${STEP}, count() AS samples, avg(events) AS mean_events, max(events) AS max_events,
        max(seconds) AS max_seconds
      FROM ${samples} GROUP BY stream, step ORDER BY step, stream`;
    return this.#series('lagSeries', chain, query, sql, lagStepRow);
  }

  /** Chains that are known at all, by name, with how many commitments each has. */
  async chains(database: string): Promise<Map<string, number>> {
    const followed = `SELECT DISTINCT chain, 0 AS total FROM ${database}.progress WHERE stream = 'headers'`;
    const totals = new Map(await this.#commitmentTotals(database));
    for (const { chain } of await this.#client.query('chains', followed, totalRow))
      if (!totals.has(chain)) totals.set(chain, 0);
    return totals;
  }

  /** Counted once a main-chain block, which is written after its commitments. */
  async #commitmentTotals(database: string): Promise<ReadonlyMap<string, number>> {
    const newest = `SELECT height FROM ${database}.main_blocks ORDER BY height DESC LIMIT 1`;
    const [block] = await this.#client.query('newestMain', newest, heightRow);
    const key = `${database} ${block?.height}`;
    if (this.#totals?.key !== key) {
      const sql = `SELECT chain, uniqExact(main_height) AS total FROM ${database}.commitments GROUP BY chain`;
      const rows = await this.#client.query('commitmentTotals', sql, totalRow);
      this.#totals = { key, totals: new Map(rows.map(({ chain, total }) => [chain, total])) };
    }
    return this.#totals.totals;
  }

  /** Rows of the main chain, by height downwards. */
  #main<T>(
    database: string,
    question: Pick<Question<T, unknown>, 'what' | 'query' | 'sql' | 'row' | 'key' | 'parameters'>,
  ): Promise<Listing<T, MainView | undefined>> {
    return this.#list<T, MainView | undefined>({
      ...question,
      after: belowFirst,
      view: (named) => this.#views.main(database, named),
      bounds: (view) => ({ at: view?.height ?? 0 }),
      named: (view) => ({ at: view?.height ?? 0, mark: view === undefined ? '' : markOf(view.root) }),
    });
  }

  async #list<T, V>({ query, sql, row, ...question }: Question<T, V>): Promise<Listing<T, V>> {
    const { limit, cursor, at } = query;
    checkLimit(limit);
    const what = question.what.slice(0, MAX_QUESTION);
    const before = cursor === undefined ? undefined : decodeListCursor(what, cursor);
    const begin = question.after(before?.key ?? []);
    const view = await question.view({ at, before });
    if (view === undefined) return { view, rows: [] };
    const bound = { ...question.parameters, ...begin, ...question.bounds(view), limit: limit + 1 };
    const name = what.split(' ')[0] ?? what;
    const { rows, next } = slice(await this.#client.query(name, sql, row, bound), limit, question.key);
    if (next === undefined) return { view, rows };
    return { view, rows, next: encodeListCursor(what, { ...question.named(view), key: next }) };
  }

  async #series<T extends { readonly time: number }>(
    what: string,
    chain: string,
    query: SampleQuery,
    sql: string,
    row: z.ZodType<T>,
  ): Promise<Series<T>> {
    const parameters = stepParameters(chain, query);
    const view = await this.#views.time({ at: query.at });
    const rows = await this.#client.query(what, sql, row, { ...parameters, written: view.time });
    return { view, rows: timed(query, rows) };
  }
}

/** Later than any time there is, milliseconds: the last that a DateTime64(3) holds. */
const LATEST = 10_413_791_999_999;

function belowFirst(key: PageKey): Parameters {
  const [below = MOST] = keyOf(key.length === 0 ? undefined : key, 1) ?? [];
  return { below };
}

/** @throws MalformedInputError for a key of another question */
function numberIn(part: string | number): number {
  if (typeof part !== 'number') throw new MalformedInputError('cursor', 'is of another question');
  return part;
}

const STEP = `intDiv(toUnixTimestamp64Milli(time) - {from:Int64} * 1000, {step:Int64} * 1000) AS step`;
const IN_STEPS = `time >= fromUnixTimestamp64Milli({from:Int64} * 1000) AND time < fromUnixTimestamp64Milli({to:Int64} * 1000)`;

/** A sub-select of the samples of some steps, each once, as they were at one time. */
function samplesOf(table: string, name: string): string {
  return `(SELECT * FROM ${table} WHERE chain = {chain:String} AND ${IN_STEPS}
      AND written <= fromUnixTimestamp64Milli({written:Int64}) LIMIT 1 BY time, ${name})`;
}

/** @throws MalformedInputError, LimitExceededError */
export function checkSteps({ from, to, step }: StepQuery): void {
  const whole = [from, to, step].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (!whole || step < 1 || from >= to)
    throw new MalformedInputError('steps', 'must be of a second or more, and from before to');
  const steps = Math.ceil((to - from) / step);
  if (steps > MAX_STEPS) throw new LimitExceededError('steps', steps, MAX_STEPS);
}

function stepParameters(chain: string, query: StepQuery): Parameters {
  checkSteps(query);
  return { chain, from: query.from, to: Math.min(query.to, Math.floor(LATEST / 1000)), step: query.step };
}

/** With the time at which each step begins. */
function timed<T extends { readonly time: number }>({ from, step }: StepQuery, rows: readonly T[]): T[] {
  return rows.map((row) => ({ ...row, time: from + row.time * step }));
}
