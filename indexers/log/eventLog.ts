import type { KeyValueWrite } from '../../storage/keyValue.js';
import type { ChainEvent, EventInput } from './event.js';

/** The right to append to one chain. A newer one (higher epoch) ends it. */
export interface Lease {
  readonly chain: string;
  readonly epoch: number;
}

/** How far a consumer has got. It moves only after the effect of the events is durable. */
export interface Cursor {
  /** Number of the last event whose effect is durable; 0 before the first. */
  get(): Promise<number>;
  /**
   * Never moves back.
   * @param also writes to the local store, in the same atomic step where the log is embedded, else just before
   */
  commit(number: number, also?: readonly KeyValueWrite[]): Promise<void>;
}

/** The log of header events: one sequence a chain. Embedded, or on a server: same behaviour, same tests. */
export interface EventLog {
  /** Takes the chain's producer lease; who held it before can no longer append. */
  acquire(chain: string): Promise<Lease>;
  /**
   * Appends all events or none, durable once resolved, numbered from `expectedNumber`.
   * @param also writes to the local store, in the same atomic step where the log is embedded, else just after
   * @returns the number of the last event
   * @throws LeaseLostError; LogConflictError if the log does not go on with `expectedNumber`
   */
  append(
    lease: Lease,
    expectedNumber: number,
    events: readonly EventInput[],
    also?: readonly KeyValueWrite[],
  ): Promise<number>;
  /** Events `fromNumber..`, at most `limit`, fewer at the end. @throws LogCorruptError */
  read(chain: string, fromNumber: number, limit: number): Promise<ChainEvent[]>;
  /**
   * Number of the first event that was written at `time` or later, by the log's own clock, which never runs back; the
   * number of the next event where there is none yet.
   * @param time Unix milliseconds
   */
  numberAt(chain: string, time: number): Promise<number>;
  /** The newest event. */
  last(chain: string): Promise<ChainEvent | undefined>;
  /** Chains that have events. */
  chains(): Promise<string[]>;
  /** Calls `listener` after appends, with the newest number. @returns what ends it */
  subscribe(chain: string, listener: (number: number) => void): () => void;
  cursor(name: string, chain: string): Cursor;
  /** Brings the local store up to what the log has now. Left out where the log is the local store. */
  catchUp?(chain: string): Promise<void>;
  /** Records that are not in the local store yet, as far as known. Left out where the log is the local store. */
  lag?(chain: string): number;
}
