import { CrossrootError } from '../../proofs/errors/base.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import { numberedKeys, readUint64, Table, tableKey, uint64 } from '../keys.js';
import { pause } from '../pause.js';
import { Serials } from '../serial.js';
import { StreamStoppedError } from './errors.js';
import { Listeners } from './listeners.js';
import { encodePoison } from './poisonRecord.js';
import { type BlockRecord, blockCodec, type EvidenceRecord, evidenceCodec } from './records.js';
import type {
  FollowOptions,
  KeyedRecord,
  LogStreams,
  RecordCodec,
  RecordStream,
  StreamHandler,
} from './streams.js';

/** Blocks are kept for ever, as the events are. Of evidence, whose amount is up to hostile sources, the newest. */
const KEEP_EVIDENCE = 100_000;
/** Copies of records that were set aside, at most; beyond, records stay where they are without a copy. */
const MAX_POISON = 1000;
const PER_STEP = 512;
const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 5000;

export interface EmbeddedStreamsOptions {
  /** Trouble that is tried again. */
  readonly onError?: (error: unknown) => void;
}

/** The streams of a log in the local key-value store; publishers and readers share the process. */
export class EmbeddedStreams implements LogStreams {
  readonly #store: KeyValueStore;
  readonly #options: EmbeddedStreamsOptions;
  readonly #serials = new Serials();
  readonly #listeners = new Listeners();

  constructor(store: KeyValueStore, options: EmbeddedStreamsOptions = {}) {
    this.#store = store;
    this.#options = options;
  }

  blocks(): RecordStream<BlockRecord> {
    return this.#stream('blocks', blockCodec, Number.POSITIVE_INFINITY);
  }

  evidence(): RecordStream<EvidenceRecord> {
    return this.#stream('evidence', evidenceCodec, KEEP_EVIDENCE);
  }

  #stream<T>(name: string, codec: RecordCodec<T>, keep: number): RecordStream<T> {
    return new EmbeddedStream({
      ...{ name, codec, keep, store: this.#store, serials: this.#serials, listeners: this.#listeners },
      ...this.#options,
    });
  }
}

interface StreamParts<T> extends EmbeddedStreamsOptions {
  readonly name: string;
  readonly codec: RecordCodec<T>;
  /** Newest records that are kept. */
  readonly keep: number;
  readonly store: KeyValueStore;
  readonly serials: Serials;
  readonly listeners: Listeners;
}

/** Records by position, from 0; key and value in one, the key's length (at most 255) first. */
class EmbeddedStream<T> implements RecordStream<T> {
  readonly #parts: StreamParts<T>;
  readonly #key: (position: number) => Uint8Array;
  readonly #stop = new AbortController();
  readonly #unlisten: () => void;
  #wake: () => void = () => undefined;
  #loop: Promise<void> | undefined;
  #waiters: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  /** Position of the next value to be handled, where known. */
  #at: number | undefined;

  constructor(parts: StreamParts<T>) {
    this.#parts = parts;
    this.#key = numberedKeys(Table.streamRecord, parts.name);
    this.#unlisten = parts.listeners.add(parts.name, () => this.#wake());
  }

  get lag(): number {
    return Math.max(0, this.#end() - (this.#at ?? 0));
  }

  async publish(values: readonly T[]): Promise<void> {
    const { name, codec, keep, store, serials, listeners } = this.#parts;
    if (values.length === 0) return;
    const records = values.map((value) => codec.encode(value));
    await serials.of(name).run(async () => {
      const end = this.#end();
      const writes: KeyValueWrite[] = records.map((record, i) => ({
        type: 'put',
        key: this.#key(end + i),
        value: packed(record),
      }));
      const next = end + records.length;
      for (let old = Math.max(0, end - keep); old < next - keep; old++)
        writes.push({ type: 'del', key: this.#key(old) });
      writes.push({ type: 'put', key: tableKey(Table.streamEnd, name), value: uint64(next) });
      await store.batch(writes);
    });
    listeners.tell(name, this.#end());
  }

  follow(name: string, handle: StreamHandler<T>, options: FollowOptions = {}): void {
    this.#loop ??= this.#run(tableKey(Table.mirrorStream, this.#parts.name, name), handle, options);
  }

  caughtUp(): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.reject(new StreamStoppedError());
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#wake();
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#unlisten();
    this.#wake();
    await this.#loop;
    for (const { reject } of this.#waiters.splice(0)) reject(new StreamStoppedError());
  }

  #end(): number {
    return count(this.#parts.store, tableKey(Table.streamEnd, this.#parts.name));
  }

  async #run(key: Uint8Array, handle: StreamHandler<T>, { position }: FollowOptions): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      // Made first: a notice that comes during the step must not get lost.
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const waiting = this.#waiters.splice(0);
      try {
        this.#at = position === undefined ? count(this.#parts.store, key) : await position();
        const more = await this.#step(this.#at, position === undefined ? key : undefined, handle);
        failures = 0;
        if (more) continue;
        for (const { resolve } of waiting.splice(0)) resolve();
        if (!signal.aborted && this.#waiters.length === 0) await woken;
      } catch (error) {
        if (signal.aborted) return;
        this.#parts.onError?.(error);
        const wait = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** Math.min(10, failures++));
        await pause(wait, signal);
      } finally {
        this.#waiters.unshift(...waiting);
      }
    }
  }

  /** @returns whether there was anything to do */
  async #step(from: number, key: Uint8Array | undefined, handle: StreamHandler<T>): Promise<boolean> {
    const { store, codec, keep } = this.#parts;
    const end = this.#end();
    if (from >= end) return false;
    const next = Math.min(end, Math.max(from, end - keep) + PER_STEP);
    const values: T[] = [];
    const positions: number[] = [];
    const refused: { position: number; reason: string }[] = [];
    for (let position = Math.max(from, end - keep); position < next; position++) {
      const record = unpacked(store.get(this.#key(position)));
      try {
        values.push(codec.decode(record));
        positions.push(position);
      } catch (error) {
        const told = error instanceof CrossrootError ? error.message : `it cannot be read: ${String(error)}`;
        refused.push({ position, reason: told });
      }
    }
    const refuse = (index: number, reason: string): void => {
      const position = positions[index];
      if (position !== undefined) refused.push({ position, reason });
    };
    const writes = [...(await handle(values, { from, next, refuse }))];
    for (const one of refused) writes.push(...(await this.#poison(one.position, one.reason)));
    if (key !== undefined) writes.push({ type: 'put', key, value: uint64(next) });
    if (writes.length > 0) await store.batch(writes);
    this.#at = next;
    return true;
  }

  /** The copy of a record that is set aside. */
  async #poison(position: number, reason: string): Promise<KeyValueWrite[]> {
    const { store, name } = this.#parts;
    const place = tableKey(Table.mirrorPoison, name, position);
    if (store.get(place) !== undefined || (await poisonCount(store)) >= MAX_POISON) return [];
    const { key = new Uint8Array(), value = new Uint8Array() } = unpacked(store.get(this.#key(position)));
    const time = Date.now();
    const copy = { topic: name, offset: position, time, reason, key, value, digest: sha256(value) };
    return [{ type: 'put', key: place, value: encodePoison(copy) }];
  }
}

/** Copies that are kept of records that were set aside, up to 1000. */
export async function poisonCount(store: KeyValueStore): Promise<number> {
  const range = { gte: Uint8Array.of(Table.mirrorPoison), lt: Uint8Array.of(Table.mirrorPoison + 1) };
  let kept = 0;
  for await (const _ of store.range({ ...range, limit: MAX_POISON })) kept++;
  return kept;
}

function count(store: KeyValueStore, key: Uint8Array): number {
  const value = store.get(key);
  return value === undefined ? 0 : readUint64(value);
}

function packed({ key, value }: { readonly key: Uint8Array; readonly value: Uint8Array }): Uint8Array {
  const out = new Uint8Array(1 + key.length + value.length);
  out[0] = key.length;
  out.set(key, 1);
  out.set(value, 1 + key.length);
  return out;
}

/** Total: what is missing or cut off has no key or no value. */
function unpacked(bytes: Uint8Array | undefined): KeyedRecord {
  const length = bytes?.[0];
  if (bytes === undefined || length === undefined) return { key: undefined, value: undefined };
  return { key: bytes.slice(1, 1 + length), value: bytes.slice(1 + length) };
}
