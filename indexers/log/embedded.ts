import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import { readUint64, Table, tableKey, uint64 } from '../keys.js';
import { Serial } from '../serial.js';
import { LeaseLostError, LogConflictError, LogCorruptError } from './errors.js';
import { type ChainEvent, decodeEvent, type EventInput, encodeEvent } from './event.js';
import type { Cursor, EventLog, Lease } from './eventLog.js';

/** The log in the embedded key-value store. An append is one synced batch: events, head, and the caller's own writes. */
export class EmbeddedLog implements EventLog {
  readonly #store: KeyValueStore;
  readonly #serials = new Map<string, Serial>();
  readonly #listeners = new Map<string, Set<(number: number) => void>>();

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  acquire(chain: string): Promise<Lease> {
    return this.#serial(chain).run(async () => {
      const epoch = this.#count(Table.logLease, chain) + 1;
      await this.#store.batch([{ type: 'put', key: tableKey(Table.logLease, chain), value: uint64(epoch) }]);
      return { chain, epoch };
    });
  }

  async append(
    lease: Lease,
    expectedNumber: number,
    events: readonly EventInput[],
    also: readonly KeyValueWrite[] = [],
  ): Promise<number> {
    const { chain, epoch } = lease;
    const last = await this.#serial(chain).run(async () => {
      const current = this.#count(Table.logLease, chain);
      if (current !== epoch) throw new LeaseLostError(chain, epoch, current);
      const next = this.#count(Table.logHead, chain) + 1;
      if (next !== expectedNumber) throw new LogConflictError(chain, expectedNumber, next);
      const writes: KeyValueWrite[] = events.map((event, i) => ({
        type: 'put',
        key: tableKey(Table.logEvent, chain, next + i),
        value: encodeEvent({ ...event, chain, epoch, number: next + i }),
      }));
      const newest = next + events.length - 1;
      if (events.length > 0)
        writes.push({ type: 'put', key: tableKey(Table.logHead, chain), value: uint64(newest) });
      writes.push(...also);
      if (writes.length > 0) await this.#store.batch(writes);
      return newest;
    });
    if (events.length > 0) for (const listener of this.#listeners.get(chain) ?? []) listener(last);
    return last;
  }

  async read(chain: string, fromNumber: number, limit: number): Promise<ChainEvent[]> {
    const first = Math.max(1, fromNumber);
    const end = Math.min(this.#count(Table.logHead, chain), first + limit - 1);
    const events: ChainEvent[] = [];
    for (let number = first; number <= end; number++) events.push(this.#event(chain, number));
    return events;
  }

  async last(chain: string): Promise<ChainEvent | undefined> {
    const number = this.#count(Table.logHead, chain);
    return number === 0 ? undefined : this.#event(chain, number);
  }

  async chains(): Promise<string[]> {
    const found: string[] = [];
    const range = { gte: Uint8Array.of(Table.logHead), lt: Uint8Array.of(Table.logHead + 1) };
    for await (const [key] of this.#store.range(range)) found.push(new TextDecoder().decode(key.subarray(2)));
    return found;
  }

  subscribe(chain: string, listener: (number: number) => void): () => void {
    const listeners = this.#listeners.get(chain) ?? new Set();
    this.#listeners.set(chain, listeners.add(listener));
    return () => listeners.delete(listener);
  }

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

  #event(chain: string, number: number): ChainEvent {
    const bytes = this.#store.get(tableKey(Table.logEvent, chain, number));
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

  #count(table: typeof Table.logHead | typeof Table.logLease, chain: string): number {
    const value = this.#store.get(tableKey(table, chain));
    return value === undefined ? 0 : readUint64(value);
  }

  #serial(chain: string): Serial {
    const known = this.#serials.get(chain);
    if (known !== undefined) return known;
    const created = new Serial();
    this.#serials.set(chain, created);
    return created;
  }
}
