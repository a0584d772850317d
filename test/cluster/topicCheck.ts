import { setTimeout as sleep } from 'node:timers/promises';
import type { ChainEvent } from '../../indexers/log/event.js';
import type { KafkaDriver } from '../../indexers/log/kafka/driver.js';
import { parseRecord } from '../../indexers/log/kafka/messages.js';
import { TopicReader } from '../../indexers/log/kafka/reader.js';
import { type InRecord, readBatches } from '../../indexers/log/kafka/recordBatch.js';
import { blockCodec } from '../../indexers/log/records.js';
import { Replay } from '../../indexers/log/replay.js';
import { MainHeaderType } from '../../proofs/containers/header.js';
import { isRetryable } from '../../proofs/errors/base.js';

/** All records of a topic as they lie there. */
export async function recordsOf(driver: KafkaDriver, topic: string): Promise<InRecord[]> {
  const reader = new TopicReader({ driver });
  const records: InRecord[] = [];
  try {
    for (let next = 0; ; ) {
      const { batches, highWatermark } = await patiently(() => reader.fetch(topic, next));
      if (next >= highWatermark) return records;
      for (const batch of readBatches(batches, 2 ** 26)) {
        for (const record of batch.records()) {
          if (record.offset < next) continue;
          records.push(record);
          next = record.offset + 1;
        }
        next = Math.max(next, batch.next);
      }
    }
  } finally {
    await reader.reconnect();
  }
}

/** A topic that was just made, or whose broker just came back, has no leader for a moment. */
async function patiently<T>(task: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 60_000; ; await sleep(500))
    try {
      return await task();
    } catch (error) {
      if (!isRetryable(error) || Date.now() > end) throw error;
    }
}

export interface TopicFacts {
  readonly events: readonly ChainEvent[];
  /** Records of writers that no longer held the lease, or that lost to another for an epoch. */
  readonly late: number;
  readonly leases: number;
  readonly disconnects: number;
}

/**
 * What a chain's topic says, read by a rule of its own, apart from the log's: the first lease record of an epoch has the
 * chain; of its holder's events those count whose number is the next.
 * @throws Error where numbers have gaps, epochs fall, an event does not follow from those before it, or a record is no such thing
 */
export function checkEvents(chain: string, records: readonly InRecord[]): TopicFacts {
  const replay = new Replay();
  const events: ChainEvent[] = [];
  let epoch = 0;
  let holder = '';
  let late = 0;
  let leases = 0;
  for (const record of records) {
    const parsed = parseRecord(chain, record);
    if (parsed.kind === 'lease') {
      if (parsed.lease.epoch > epoch + 1) throw new Error(`${chain}: epoch ${epoch + 1} was left out`);
      if (parsed.lease.epoch <= epoch) {
        late++;
        continue;
      }
      epoch = parsed.lease.epoch;
      holder = hex(parsed.lease.holder);
      leases++;
      continue;
    }
    const { event } = parsed;
    const ours = event.epoch === epoch && hex(parsed.holder) === holder;
    if (!ours || event.number <= replay.number) {
      late++;
      continue;
    }
    // Throws where it does not follow: a gap, another parent than the tip, a final block off the best chain.
    replay.apply(event);
    events.push(event);
  }
  for (const [i, event] of events.entries()) {
    const before = events[i - 1];
    if (event.number !== i + 1) throw new Error(`${chain}: event ${i + 1} has the number ${event.number}`);
    if (before !== undefined && event.epoch < before.epoch)
      throw new Error(`${chain}: the epoch falls at event ${event.number}`);
  }
  return { events, late, leases, disconnects: events.filter(({ type }) => type === 'disconnect').length };
}

/**
 * Finalised blocks of the main chain: each height once, upwards from the genesis; one that was written again must be the same.
 * @throws Error where one is left out, out of order or another; MalformedInputError for what is no such record
 */
export function checkBlocks(records: readonly InRecord[]): {
  readonly blocks: number;
  readonly repeated: number;
} {
  const keys: string[] = [];
  let repeated = 0;
  for (const record of records) {
    const { height } = MainHeaderType.deserialize(blockCodec.decode(record).header);
    const key = hex(record.key ?? new Uint8Array());
    if (height === keys.length) keys.push(key);
    else if (keys[height] === key) repeated++;
    else throw new Error(`main block ${height} where ${keys.length} is due`);
  }
  return { blocks: keys.length, repeated };
}

/** Hashes of the best chain that events amount to, from their first height on. */
export function bestOf(events: readonly ChainEvent[]): Uint8Array[] {
  const replay = new Replay();
  for (const event of events) replay.apply(event);
  return replay.blocks.map(({ hash }) => hash);
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
