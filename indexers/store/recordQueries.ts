import * as z from 'zod';
import { toBareHex } from '../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../proofs/errors/input.js';
import { count } from './columns.js';
import { keyOf } from './contents/paging.js';
import { checkLimit, decodeListCursor, encodeListCursor } from './cursor.js';
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
import { type Listing, type ListQuery, MAX_STEPS, type PageKey, type StepQuery } from './view.js';

const MOST = Number.MAX_SAFE_INTEGER;
const heightRow = z.object({ height: count });
const totalRow = z.object({ chain: z.string(), total: count });

/**
 * Questions about what stands by itself, newest first. Rows that were written twice and not joined yet are alike: `LIMIT 1 BY`
 * shows one of them, and unlike FINAL lets a page be read from its end of the table.
 */
export class RecordQueries {
  readonly #client: SqlClient;
  #totals: { readonly key: string; readonly totals: ReadonlyMap<string, number> } | undefined;

  constructor(client: SqlClient) {
    this.#client = client;
  }

  mainBlocks(database: string, query: ListQuery): Promise<Listing<IndexedMainBlock>> {
    const sql = `SELECT height, lower(hex(root)) AS root_text, lower(hex(parent_root)) AS parent_text, slot, term, producer,
        lower(hex(header)) AS header_text
      FROM ${database}.main_blocks WHERE height < {below:UInt64}
      ORDER BY height DESC LIMIT 1 BY height LIMIT {limit:UInt32}`;
    return this.#list('mainBlocks', query, sql, mainBlockRow, belowFirst, ({ height }) => [height]);
  }

  commitments(database: string, chain: string, query: ListQuery): Promise<Listing<IndexedCommitment>> {
    const sql = `SELECT chain, main_height, status, epoch, start, size, tip_height, reorg_count, policy_version,
        lower(hex(main_root)) AS main_root_text, lower(hex(history_root)) AS history_root_text,
        lower(hex(tip_hash)) AS tip_hash_text
      FROM ${database}.commitments WHERE chain = {chain:String} AND main_height < {below:UInt64}
      ORDER BY chain DESC, main_height DESC LIMIT 1 BY main_height LIMIT {limit:UInt32}`;
    const key = ({ mainHeight }: IndexedCommitment): PageKey => [mainHeight];
    return this.#list('commitments', query, sql, commitmentRow, belowFirst, key, { chain });
  }

  certificates(database: string, query: ListQuery): Promise<Listing<IndexedCertificate>> {
    const sql = `SELECT main_height, lower(hex(main_root)) AS main_root_text, term, signers, lower(hex(bits)) AS bits_text,
        lower(hex(signature)) AS signature_text
      FROM ${database}.certificates WHERE main_height < {below:UInt64}
      ORDER BY main_height DESC, main_root DESC LIMIT 1 BY main_height LIMIT {limit:UInt32}`;
    const key = ({ mainHeight }: IndexedCertificate): PageKey => [mainHeight];
    return this.#list('certificates', query, sql, certificateRow, belowFirst, key);
  }

  evidence(database: string, chain: string, query: ListQuery): Promise<Listing<IndexedEvidence>> {
    const sql = `SELECT chain, seen, lower(hex(id)) AS id_text, kind, source, height, hash, message, raw
      FROM ${database}.evidence WHERE chain = {chain:String} AND seen <= {seen:UInt64}
        AND (seen, id) < ({seen:UInt64}, unhex({id:String}))
      ORDER BY chain DESC, seen DESC, id DESC LIMIT 1 BY seen, id LIMIT {limit:UInt32}`;
    return this.#list(
      'evidence',
      query,
      sql,
      evidenceRow,
      ([seen = MOST, id = '']) => ({ seen: numberIn(seen), id: String(id) }),
      ({ seen, id }) => [seen, toBareHex(id)],
      { chain },
    );
  }

  proofsServed(
    database: string,
    query: ListQuery & { readonly chain?: string },
  ): Promise<Listing<ServedProof>> {
    const { chain } = query;
    const sql = `SELECT toUnixTimestamp64Milli(time) AS at, chain, kind, subject, height, main_height, bytes, milliseconds
      FROM ${database}.proofs_served WHERE time <= fromUnixTimestamp64Milli({at:Int64})
        AND (time, chain, kind, subject) < (fromUnixTimestamp64Milli({at:Int64}), {by_chain:String}, {kind:String}, {subject:String})
        ${chain === undefined ? '' : 'AND chain = {chain:String}'}
      ORDER BY time DESC, chain DESC, kind DESC, subject DESC LIMIT 1 BY time, chain, kind, subject LIMIT {limit:UInt32}`;
    return this.#list(
      'proofsServed',
      query,
      sql,
      proofRow,
      ([at = LATEST, by_chain = '', kind = '', subject = '']) => ({
        ...{ at: numberIn(at), by_chain: String(by_chain), kind: String(kind), subject: String(subject) },
      }),
      (row) => [row.time, row.chain, row.kind, row.subject],
      chain === undefined ? {} : { chain },
    );
  }

  async sourceSeries(database: string, chain: string, query: StepQuery): Promise<SourceStep[]> {
    const sql = `SELECT source, ${STEP}, count() AS samples, avg(healthy) AS healthy_share, avg(score) AS mean_score,
        avg(latency_ms) AS mean_latency, max(latency_ms) AS max_latency, max(tip_height) AS tip
      FROM ${database}.source_samples FINAL WHERE chain = {chain:String} AND ${IN_STEPS}
      GROUP BY source, step ORDER BY step, source`;
    const parameters = stepParameters(chain, query);
    return timed(query, await this.#client.query('sourceSeries', sql, sourceStepRow, parameters));
  }

  async lagSeries(database: string, chain: string, query: StepQuery): Promise<LagStep[]> {
    const sql = `SELECT stream, ${STEP}, count() AS samples, avg(events) AS mean_events, max(events) AS max_events,
        max(seconds) AS max_seconds
      FROM ${database}.lag_samples FINAL WHERE chain = {chain:String} AND ${IN_STEPS}
      GROUP BY stream, step ORDER BY step, stream`;
    const parameters = stepParameters(chain, query);
    return timed(query, await this.#client.query('lagSeries', sql, lagStepRow, parameters));
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

  async #list<T>(
    what: string,
    { limit, cursor }: ListQuery,
    sql: string,
    row: z.ZodType<T>,
    after: (key: PageKey) => Parameters,
    key: (row: T) => PageKey,
    parameters: Parameters = {},
  ): Promise<Listing<T>> {
    checkLimit(limit);
    const begin = after(cursor === undefined ? [] : decodeListCursor(what, cursor));
    const bound = { ...parameters, ...begin, limit: limit + 1 };
    const { rows, next } = slice(await this.#client.query(what, sql, row, bound), limit, key);
    return next === undefined ? { rows } : { rows, next: encodeListCursor(what, next) };
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
