import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import { Table, tableKey, uint64 } from '../keys.js';
import { Serials } from '../serial.js';
import { EmbeddedStreams, type EmbeddedStreamsOptions } from './embeddedStream.js';
import { LeaseLostError, LogConflictError } from './errors.js';
import { type ChainEvent, type EventInput, encodeEvents } from './event.js';
import type { Cursor, EventLog, Lease } from './eventLog.js';
import { Listeners } from './listeners.js';
import type { BlockRecord, EvidenceRecord } from './records.js';
import type { LogStreams, RecordStream } from './streams.js';
import { LogTables } from './tables.js';

/** The log in the embedded key-value store. An append is one synced batch: events, head, and the caller's own writes. */
export class EmbeddedLog implements EventLog, LogStreams {
  readonly #store: KeyValueStore;
  readonly #tables: LogTables;
  readonly #streams: EmbeddedStreams;
  readonly #serials = new Serials();
  readonly #listeners = new Listeners();
  /** Time of each chain's newest append. */
  readonly #times = new Map<string, number>();

  /** @param options of the streams */
  constructor(store: KeyValueStore, options: EmbeddedStreamsOptions = {}) {
    this.#store = store;
    this.#tables = new LogTables(store);
    this.#streams = new EmbeddedStreams(store, options);
  }

  blocks(): RecordStream<BlockRecord> {
    return this.#streams.blocks();
  }

  evidence(): RecordStream<EvidenceRecord> {
    return this.#streams.evidence();
  }

  acquire(chain: string): Promise<Lease> {
    return this.#serials.of(chain).run(async () => {
      const epoch = this.#tables.count(Table.logLease, chain) + 1;
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
    const last = await this.#serials.of(chain).run(async () => {
      const current = this.#tables.count(Table.logLease, chain);
      if (current !== epoch) throw new LeaseLostError(chain, epoch, current);
      const next = this.#tables.head(chain) + 1;
      if (next !== expectedNumber) throw new LogConflictError(chain, expectedNumber, next);
      const records = encodeEvents(chain, epoch, next, events);
      const time = await this.#time(chain);
      const writes = this.#tables.appendWrites(chain, next, records, time);
      writes.push(...also);
      if (writes.length > 0) await this.#store.batch(writes);
      this.#tables.appended(chain, next, records);
      return next + events.length - 1;
    });
    if (events.length > 0) this.#listeners.tell(chain, last);
    return last;
  }

  async read(chain: string, fromNumber: number, limit: number): Promise<ChainEvent[]> {
    return this.#tables.read(chain, fromNumber, limit);
  }

  numberAt(chain: string, time: number): Promise<number> {
    return this.#tables.numberAt(chain, time);
  }

  async last(chain: string): Promise<ChainEvent | undefined> {
    const number = this.#tables.head(chain);
    return number === 0 ? undefined : this.#tables.event(chain, number);
  }

  chains(): Promise<string[]> {
    return this.#tables.chains();
  }

  subscribe(chain: string, listener: (number: number) => void): () => void {
    return this.#listeners.add(chain, listener);
  }

  cursor(name: string, chain: string): Cursor {
    return this.#tables.cursor(name, chain);
  }

  /** Now, unless the clock was set back since the newest append. */
  async #time(chain: string): Promise<number> {
    const newest = this.#times.get(chain) ?? (await this.#tables.newestTime(chain));
    const time = Math.max(newest, Date.now());
    this.#times.set(chain, time);
    return time;
  }
}
