import { concatBytes } from '../../proofs/bytes.js';
import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import { numberedKeys, readUint64, Table, type TableCode, tableKey, uint64 } from '../keys.js';
import { LogCorruptError } from './errors.js';
import { type ChainEvent, decodeEvent } from './event.js';
import type { Cursor } from './eventLog.js';
import { RecentRecords } from './recentRecords.js';

/**
 * Where a log's events lie in the local store: the embedded log's only copy, a distributed log's mirror. Everything that
 * changes is returned as writes, so that it can join a larger batch.
 */
export class LogTables {
  readonly #store: KeyValueStore;
  readonly #recent = new RecentRecords();

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  /** Number of the newest event; 0 without any. */
  head(chain: string): number {
    return this.count(Table.logHead, chain);
  }

  /** A 64-bit count under a chain's name; 0 where there is none. */
  count(table: TableCode, chain: string): number {
    const value = this.#store.get(tableKey(table, chain));
    return value === undefined ? 0 : readUint64(value);
  }

  /**
   * The writes that add events after the newest one.
   * @param first number of the first
   * @param records what `encodeEvents` made
   * @param time when they were written, Unix milliseconds, never less than that of the events before
   */
  appendWrites(chain: string, first: number, records: readonly Uint8Array[], time: number): KeyValueWrite[] {
    if (records.length === 0) return [];
    const key = numberedKeys(Table.logEvent, chain);
    const writes: KeyValueWrite[] = records.map((value, i) => ({ type: 'put', key: key(first + i), value }));
    writes.push({
      type: 'put',
      key: tableKey(Table.logHead, chain),
      value: uint64(first + records.length - 1),
    });
    // The first number of each millisecond counts.
    const timeKey = tableKey(Table.logTime, chain, time);
    if (this.#store.get(timeKey) === undefined)
      writes.push({ type: 'put', key: timeKey, value: uint64(first) });
    return writes;
  }

  /** To be told once the writes that add events are in the store: they are likely to be read soon. As `appendWrites`. */
  appended(chain: string, first: number, records: readonly Uint8Array[]): void {
    this.#recent.add(chain, first, records);
  }

  /** Time of the newest append, Unix milliseconds; 0 without any. */
  async newestTime(chain: string): Promise<number> {
    const range = this.#timeRange(chain, 0);
    for await (const [key] of this.#store.range({ ...range, reverse: true, limit: 1 }))
      return readUint64(key, key.length - 8);
    return 0;
  }

  /** As `EventLog.numberAt`. */
  async numberAt(chain: string, time: number): Promise<number> {
    const from = Math.max(0, Math.ceil(time));
    const range = this.#timeRange(chain, from);
    for await (const [, value] of this.#store.range({ ...range, limit: 1 })) return readUint64(value);
    return this.head(chain) + 1;
  }

  /** As `EventLog.read`. */
  read(chain: string, fromNumber: number, limit: number): ChainEvent[] {
    const first = Math.max(1, fromNumber);
    const end = Math.min(this.head(chain), first + limit - 1);
    const key = numberedKeys(Table.logEvent, chain);
    const events: ChainEvent[] = [];
    for (let number = first; number <= end; ) {
      const recent = this.#recent.from(chain, number, end - number + 1);
      for (const bytes of recent) events.push(decoded(chain, number++, bytes));
      if (recent.length > 0) continue;
      events.push(decoded(chain, number, this.#store.get(key(number))));
      number++;
    }
    return events;
  }

  /** One event. @throws LogCorruptError */
  event(chain: string, number: number): ChainEvent {
    return decoded(chain, number, this.#store.get(tableKey(Table.logEvent, chain, number)));
  }

  /** Chains that have events. */
  async chains(): Promise<string[]> {
    const found: string[] = [];
    const range = { gte: Uint8Array.of(Table.logHead), lt: Uint8Array.of(Table.logHead + 1) };
    for await (const [key] of this.#store.range(range)) found.push(new TextDecoder().decode(key.subarray(2)));
    return found;
  }

  /** A cursor in the local store. */
  cursor(name: string, chain: string): Cursor {
    const key = tableKey(Table.logCursor, name, chain);
    const get = (): number => {
      const value = this.#store.get(key);
      return value === undefined ? 0 : readUint64(value);
    };
    return {
      get: async () => get(),
      commit: async (number, also = []) => {
        const writes: KeyValueWrite[] = [...also];
        if (number > get()) writes.push({ type: 'put', key, value: uint64(number) });
        if (writes.length > 0) await this.#store.batch(writes);
      },
    };
  }

  #timeRange(chain: string, from: number): { gte: Uint8Array; lt: Uint8Array } {
    const end = concatBytes(tableKey(Table.logTime, chain), new Uint8Array(9).fill(0xff));
    return { gte: tableKey(Table.logTime, chain, from), lt: end };
  }
}

/** @throws LogCorruptError */
function decoded(chain: string, number: number, bytes: Uint8Array | undefined): ChainEvent {
  if (bytes === undefined) throw new LogCorruptError(chain, number, 'it is missing');
  let event: ChainEvent;
  try {
    event = decodeEvent(bytes);
  } catch (error) {
    throw new LogCorruptError(chain, number, 'it cannot be read', error);
  }
  if (event.chain !== chain || event.number !== number)
    throw new LogCorruptError(chain, number, `it says ${event.chain} ${event.number}`);
  return event;
}
