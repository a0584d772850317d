import { concatBytes, utf8 } from '../../../proofs/bytes.js';
import { uint64 } from '../../keys.js';
import { type ChainEvent, type EventInput, putEvent, recordSize } from '../event.js';
import { putBytes, putVarint, varintSize } from './batchEncoder.js';
import type { OutBatch } from './driver.js';
import { type LogRecord, RecordKind } from './messages.js';
import type { InRecord } from './recordBatch.js';

/** Whose append it is, and where it begins. */
export interface AppendPlace {
  readonly chain: string;
  readonly epoch: number;
  /** Of the lease, 16 bytes. */
  readonly holder: Uint8Array;
  /** Number of the first event. */
  readonly first: number;
}

const KEY_BYTES = 8;
const HASH_BYTES = 32;

/**
 * One append as records, in the one buffer in which they are sent. The value is the event as `encodeEvent` writes it; its number is the key, and
 * its parent and `epoch ‖ holder ‖ number of the append's first event`, 32 bytes, are in headers.
 */
export class AppendBatch implements OutBatch {
  readonly place: AppendPlace;
  readonly body: Uint8Array;
  readonly #events: readonly EventInput[];
  /** Where each event's value begins and ends in the body. */
  readonly #values: Uint32Array;
  readonly #lease: Uint8Array;
  readonly #kind = Uint8Array.of(RecordKind.event);

  /** @throws RangeError for events that do not fit their records */
  constructor(place: AppendPlace, events: readonly EventInput[]) {
    const { chain, epoch, holder, first } = place;
    this.place = place;
    this.#events = events;
    this.#values = new Uint32Array(2 * events.length);
    this.#lease = concatBytes(uint64(epoch), holder, uint64(first));
    const name = utf8(chain);
    // What comes between value and parent is the same in all records, and so are the lengths but those of value and record.
    const middle = headersUpToParent(this.#kind, this.#lease);
    const around = 2 + varintSize(KEY_BYTES) + KEY_BYTES + middle.length + HASH_BYTES;
    let total = 0;
    for (const [i, event] of events.entries()) {
      const size = around + valueSize(name, event) + varintSize(i);
      total += varintSize(size) + size;
    }
    const out = new Uint8Array(total);
    const view = new DataView(out.buffer);
    let at = 0;
    for (const [i, event] of events.entries()) {
      const length = recordSize(name, event);
      at = putVarint(out, at, around + varintSize(length) + length + varintSize(i));
      // Attributes and the difference of times are 0.
      at = putVarint(out, at + 2, i);
      at = putVarint(out, at, KEY_BYTES);
      view.setUint32(at, Math.floor((first + i) / 2 ** 32));
      view.setUint32(at + 4, (first + i) >>> 0);
      at = putVarint(out, at + KEY_BYTES, length);
      this.#values[2 * i] = at;
      at = putEvent(out, view, at, event, { name, epoch, number: first + i });
      this.#values[2 * i + 1] = at;
      out.set(middle, at);
      out.set(event.parentHash, at + middle.length);
      at += middle.length + HASH_BYTES;
    }
    this.body = out;
  }

  get count(): number {
    return this.#events.length;
  }
  /** Number of the last event. */
  get last(): number {
    return this.place.first + this.#events.length - 1;
  }

  /** An event's record in the log: a view. */
  value(i: number): Uint8Array {
    return this.body.subarray(this.#values[2 * i], this.#values[2 * i + 1]);
  }

  /** What a reader finds in the record's key and headers. */
  around(i: number): { readonly key: Uint8Array; readonly headers: Readonly<Record<string, Uint8Array>> } {
    const parent = this.#events[i]?.parentHash ?? new Uint8Array(HASH_BYTES);
    return { key: uint64(this.place.first + i), headers: { kind: this.#kind, lease: this.#lease, parent } };
  }

  /** An event as a reader decodes it. */
  event(i: number): ChainEvent {
    const event = this.#events[i];
    if (event === undefined) throw new RangeError(`an append of ${this.count} events has none at ${i}`);
    const { type, height, hash, parentHash, time, raw } = event;
    const { chain, epoch, first } = this.place;
    return { chain, number: first + i, epoch, type, height, hash, parentHash, time, raw };
  }
}

/** A record of an append of this process that came back byte for byte: what it says is known without reading it. */
export class OwnRecord implements InRecord {
  readonly offset: number;
  readonly time: number;
  readonly value: Uint8Array;
  /** Its place in the append. */
  readonly i: number;
  readonly #append: AppendBatch;

  constructor(append: AppendBatch, i: number, offset: number, time: number) {
    this.#append = append;
    this.i = i;
    this.offset = offset;
    this.time = time;
    this.value = append.value(i);
  }

  get key(): Uint8Array {
    return this.#append.around(this.i).key;
  }
  get headers(): ReadonlyMap<string, Uint8Array> {
    return new Map(Object.entries(this.#append.around(this.i).headers));
  }

  /** Whether it came with this append. */
  isOf(append: AppendBatch): boolean {
    return this.#append === append;
  }

  /** As `parseRecord` would have read it. */
  parsed(): LogRecord {
    const { holder, first } = this.#append.place;
    return { kind: 'event', event: this.#append.event(this.i), holder, first };
  }
}

function valueSize(name: Uint8Array, event: EventInput): number {
  const length = recordSize(name, event);
  return varintSize(length) + length;
}

/** The three headers, less the last one's value. */
function headersUpToParent(kind: Uint8Array, lease: Uint8Array): Uint8Array {
  const out = new Uint8Array(96);
  let at = putVarint(out, 0, 3);
  at = putBytes(out, at, utf8('kind'));
  at = putBytes(out, at, kind);
  at = putBytes(out, at, utf8('lease'));
  at = putBytes(out, at, lease);
  at = putBytes(out, at, utf8('parent'));
  return out.subarray(0, putVarint(out, at, HASH_BYTES));
}
