import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KeyValueStore, KeyValueWrite } from '../../../storage/keyValue.js';
import { Table, tableKey } from '../../keys.js';
import type { LogTables } from '../tables.js';
import { BestHashes } from './bestHashes.js';
import { RecordBatchError } from './errors.js';
import { advance, type FoldState, judge, type Verdict } from './fold.js';
import {
  anchorDigest,
  decodeMirrorState,
  EMPTY_MIRROR,
  encodeMirrorState,
  type MirrorState,
} from './mirrorState.js';
import type { PendingAppend } from './pending.js';
import type { PoisonBox } from './poison.js';
import { type InRecord, type RecordBatch, readBatches } from './recordBatch.js';

/** Events that are written at once; one append is never torn apart by it. */
const EVENTS_PER_WRITE = 4096;
const RECORDS_PER_TURN = 512;
const RECORDS_PER_WRITE = 8192;

export interface MirrorOptions {
  readonly chain: string;
  readonly topic: string;
  readonly store: KeyValueStore;
  readonly tables: LogTables;
  readonly poison: PoisonBox;
  /** Most bytes that a compressed batch may grow to. */
  readonly maxInflated: number;
}

/** What is read but not written yet. */
interface Draft {
  fold: FoldState;
  next: number;
  time: number;
  newest: InRecord | undefined;
  /** Encoded: views of the answer that is being read. */
  events: { readonly bytes: Uint8Array; readonly time: number }[];
  best: Map<number, Uint8Array | undefined>;
  poison: KeyValueWrite[];
  records: number;
  accepted: boolean;
}

/** One chain's topic in the local store: events, best chain and position, changed in one batch. */
export class Mirror {
  readonly #options: MirrorOptions;
  readonly #best: BestHashes;
  #state: MirrorState;
  /** Own events that are awaited. */
  pending: PendingAppend | undefined;
  /** Records that came too late. */
  stale = 0;
  poisoned = 0;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#best = new BestHashes(options.store, options.chain);
    const stored = options.store.get(tableKey(Table.mirrorState, options.chain));
    this.#state = (stored === undefined ? undefined : decodeMirrorState(stored)) ?? EMPTY_MIRROR;
  }

  get state(): MirrorState {
    return this.#state;
  }

  /** Takes in a fetched stretch. @returns whether events came */
  async apply(batches: Uint8Array): Promise<boolean> {
    const before = this.#state.fold.number;
    let draft = this.#draft();
    for (const batch of readBatches(batches, this.#options.maxInflated)) {
      if (batch.next <= draft.next) continue;
      draft = await this.#read(draft, batch);
      draft.next = batch.next;
      if (draft.accepted || draft.events.length >= EVENTS_PER_WRITE) draft = await this.#write(draft);
    }
    await this.#write(draft);
    return this.#state.fold.number > before;
  }

  async #read(start: Draft, batch: RecordBatch): Promise<Draft> {
    let draft = start;
    let records: Iterator<InRecord> | undefined;
    for (;;) {
      let record: InRecord;
      try {
        records ??= this.pending?.own(batch) ?? batch.records();
        const { value, done } = records.next();
        if (done === true) return draft;
        record = value;
      } catch (error) {
        if (!(error instanceof RecordBatchError)) throw error;
        const at = Math.max(draft.next, batch.firstOffset);
        const broken = { offset: at, time: 0, key: undefined, value: undefined, headers: new Map() };
        await this.#setAside(draft, broken, `the record batch is broken: ${error.message}`);
        return draft;
      }
      if (record.offset < draft.next) continue;
      const verdict = this.#take(draft, record);
      if (verdict.type === 'poison') await this.#setAside(draft, record, verdict.reason);
      if (this.pending?.see(record, verdict) === true) draft.accepted = true;
      if (++draft.records % RECORDS_PER_TURN === 0) await nextTurn();
      // Only a batch that is no append of ours has so many that count for nothing.
      if (draft.records >= RECORDS_PER_WRITE && draft.events.length === 0) draft = await this.#write(draft);
    }
  }

  #take(draft: Draft, record: InRecord): Verdict {
    const hashAt = (height: number) => this.#hashAt(draft, height);
    const verdict = judge(this.#options.chain, draft.fold, hashAt, record);
    draft.fold = advance(draft.fold, verdict, hashAt);
    draft.next = record.offset + 1;
    draft.newest = record;
    if (verdict.type === 'event') this.#add(draft, verdict, record.time);
    else if (verdict.type === 'stale') this.stale++;
    return verdict;
  }

  #add(draft: Draft, { event, bytes }: Verdict & { readonly type: 'event' }, time: number): void {
    draft.time = Math.max(draft.time, time);
    draft.events.push({ bytes, time: draft.time });
    if (event.type === 'connect') draft.best.set(event.height, event.hash);
    else if (event.type === 'disconnect') draft.best.set(event.height, undefined);
  }

  async #setAside(draft: Draft, record: InRecord, reason: string): Promise<void> {
    this.poisoned++;
    draft.poison.push(...(await this.#options.poison.writes(this.#options.topic, record, reason)));
  }

  #hashAt(draft: Draft, height: number): Uint8Array | undefined {
    if (draft.best.has(height)) return draft.best.get(height);
    return this.#best.get(height);
  }

  #draft(): Draft {
    const { fold, next, time } = this.#state;
    return {
      ...{ fold, next, time, newest: undefined, records: 0, accepted: false },
      ...{ events: [], best: new Map(), poison: [] },
    };
  }

  /** One batch; synced where someone waits for it. What is lost otherwise is read again. */
  async #write(draft: Draft): Promise<Draft> {
    if (draft.next === this.#state.next) return draft;
    const { chain, store, tables, poison } = this.#options;
    const { newest } = draft;
    const anchor =
      newest === undefined ? this.#state.anchor : { offset: newest.offset, digest: anchorDigest(newest) };
    const { tip } = draft.fold;
    // A copy: what was read is a view of the whole answer.
    const fold = tip === undefined ? draft.fold : { ...draft.fold, tip: { ...tip, hash: tip.hash.slice() } };
    const state: MirrorState = { fold, next: draft.next, time: draft.time, anchor };
    const writes: KeyValueWrite[] = [...draft.poison];
    const { events } = draft;
    const first = draft.fold.number - events.length + 1;
    for (let at = 0, end = 0; at < events.length; at = end) {
      const time = events[at]?.time ?? 0;
      while (end < events.length && events[end]?.time === time) end++;
      const run = events.slice(at, end).map(({ bytes }) => bytes);
      writes.push(...tables.appendWrites(chain, first + at, run, time));
    }
    writes.push(...this.#best.writes(draft.best));
    writes.push({
      type: 'put',
      key: tableKey(Table.mirrorState, chain),
      value: encodeMirrorState(state),
    });
    if (draft.accepted && this.pending !== undefined) writes.push(...this.pending.also);
    await store.batch(writes, { sync: draft.accepted || draft.poison.length > 0 });
    this.#state = state;
    tables.appended(
      chain,
      first,
      events.map(({ bytes }) => bytes),
    );
    if (draft.accepted) this.pending?.accept();
    if (draft.poison.length > 0) poison.send();
    return this.#draft();
  }
}
