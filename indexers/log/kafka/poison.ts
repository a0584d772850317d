import { concatBytes, utf8 } from '../../../proofs/bytes.js';
import { sha256 } from '../../../proofs/hash/hasher.js';
import type { KeyValueStore, KeyValueWrite } from '../../../storage/keyValue.js';
import { Table, tableKey } from '../../keys.js';
import { encodePoison } from '../poisonRecord.js';
import { encodeRecords } from './batchEncoder.js';
import type { KafkaDriver, OutRecord } from './driver.js';
import type { InRecord } from './recordBatch.js';
import type { Topics } from './topics.js';

/** Copies that wait to be sent at most; beyond, records are only counted: they stay in the topic where they are. */
const MAX_WAITING = 1000;
const PER_SEND = 50;
const RETRY_MS = 5000;

export interface PoisonOptions {
  readonly store: KeyValueStore;
  readonly driver: KafkaDriver;
  readonly topics: Topics;
  readonly onError: (error: unknown) => void;
}

/**
 * Sets records aside that cannot be used: a copy with its reason goes to the local store in the same batch as the reader's
 * position, and from there to the topic of poison, under the record's place, so that many readers make one entry.
 */
export class PoisonBox {
  readonly #options: PoisonOptions;
  #waiting: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #ensured = false;
  /** Whether something came since sending began. */
  #more = false;
  #closed = false;
  /** Records that were set aside or only counted. */
  count = 0;

  constructor(options: PoisonOptions) {
    this.#options = options;
  }

  /** What to write with the reader's position. */
  async writes(topic: string, record: InRecord, reason: string): Promise<KeyValueWrite[]> {
    this.#waiting ??= await this.#stored();
    this.count++;
    if (this.#waiting >= MAX_WAITING) return [];
    this.#waiting++;
    const { offset, time, key = new Uint8Array(), value = new Uint8Array() } = record;
    const poison = { topic, offset, time, reason, key, value, digest: sha256(value) };
    return [{ type: 'put', key: tableKey(Table.mirrorPoison, topic, offset), value: encodePoison(poison) }];
  }

  /** Sends what waits, soon. */
  send(): void {
    this.#more = true;
    if (this.#closed || this.#timer !== undefined || this.#sending !== undefined) return;
    this.#schedule(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#sending;
  }

  #schedule(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#send()
        .then(
          (more) => more,
          (error: unknown) => {
            this.#options.onError(error);
            return RETRY_MS;
          },
        )
        .then((again) => {
          this.#sending = undefined;
          const wait = again ?? (this.#more ? 0 : undefined);
          if (wait !== undefined && !this.#closed) this.#schedule(wait);
        });
    }, milliseconds);
  }

  /** @returns after how many milliseconds there is more to do */
  async #send(): Promise<number | undefined> {
    const { store, driver, topics } = this.#options;
    this.#more = false;
    const records: OutRecord[] = [];
    const done: KeyValueWrite[] = [];
    for await (const [key, value] of store.range({ ...RANGE, limit: PER_SEND })) {
      records.push({ key: placeOf(key), value, headers: {} });
      done.push({ type: 'del', key });
    }
    if (records.length === 0) return undefined;
    if (!this.#ensured) await topics.ensure(driver, topics.poison);
    this.#ensured = true;
    await driver.produce(topics.poison, encodeRecords(records));
    await store.batch(done);
    this.#waiting = Math.max(0, (this.#waiting ?? 0) - done.length);
    return records.length < PER_SEND ? undefined : 0;
  }

  async #stored(): Promise<number> {
    let count = 0;
    for await (const _ of this.#options.store.range({ ...RANGE, limit: MAX_WAITING })) count++;
    return count;
  }
}

const RANGE = { gte: Uint8Array.of(Table.mirrorPoison), lt: Uint8Array.of(Table.mirrorPoison + 1) };

/** `topic/offset` from a key of the table. */
function placeOf(key: Uint8Array): Uint8Array {
  const length = key[1] ?? 0;
  const offset = new DataView(key.buffer, key.byteOffset).getBigUint64(2 + length);
  return concatBytes(key.subarray(2, 2 + length), utf8(`/${offset}`));
}
