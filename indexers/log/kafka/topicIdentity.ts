import { bytesEqual } from '../../../proofs/bytes.js';
import { CUT_OFF_HINT, KafkaResponseError, KafkaUnavailableError, LogReplacedError } from './errors.js';
import { anchorDigest, type MirrorState } from './mirrorState.js';
import type { TopicReader } from './reader.js';
import { readBatches } from './recordBatch.js';
import { ErrorCode, type FetchResponse } from './wire.js';

/** A record that was read and is not to be had for so long is lost. */
const ABSENT_MS = 15_000;

/**
 * Whether a topic is still the one that was read before: after each break of a connection it may be another one of the same name, or
 * its brokers may have lost records.
 */
export class TopicIdentity {
  readonly #topic: string;
  readonly #reader: TopicReader;
  readonly #maxInflated: number;
  #absentSince: number | undefined;

  /** @param maxInflated most bytes that a compressed batch may grow to */
  constructor(topic: string, reader: TopicReader, maxInflated: number) {
    this.#topic = topic;
    this.#reader = reader;
    this.#maxInflated = maxInflated;
  }

  /**
   * Looks whether the newest record that was read is still where it was.
   * @throws LogReplacedError; KafkaUnavailableError while a new leader may not show it yet
   */
  async check({ anchor, next }: MirrorState): Promise<void> {
    const topic = this.#topic;
    if (anchor === undefined) {
      const start = (await this.#reader.offset(topic, 'earliest')) ?? 0;
      if (start > next)
        throw new LogReplacedError(topic, next, `its records begin at ${start}`, CUT_OFF_HINT);
      return;
    }
    const answer = await this.fetch(anchor.offset, next);
    if (answer.highWatermark <= anchor.offset) this.#await(anchor.offset, answer.highWatermark, next);
    this.#absentSince = undefined;
    for (const batch of readBatches(answer.batches, this.#maxInflated)) {
      if (batch.next <= anchor.offset) continue;
      for (const record of batch.records()) {
        if (record.offset < anchor.offset) continue;
        const same = bytesEqual(anchorDigest(record), anchor.digest);
        if (same && record.offset === anchor.offset) return;
        break;
      }
      break;
    }
    throw new LogReplacedError(topic, next, `it has another record at ${anchor.offset}`);
  }

  /**
   * Records from an offset on.
   * @param next offset up to which the topic was read
   * @throws LogReplacedError where the topic has no such offset; else as `TopicReader.fetch`
   */
  async fetch(offset: number, next: number): Promise<FetchResponse> {
    const topic = this.#topic;
    try {
      return await this.#reader.fetch(topic, offset);
    } catch (error) {
      if (!(error instanceof KafkaResponseError) || error.code !== ErrorCode.offsetOutOfRange) throw error;
      const start = await this.#reader.offset(topic, 'earliest');
      const end = await this.#reader.offset(topic, 'latest');
      throw new LogReplacedError(topic, next, `its records are from ${start ?? 0} to ${end ?? 0}`);
    }
  }

  /**
   * A new leader learns only after a while how much of its log all replicas have: what was read before seems not to be there
   * until then.
   */
  #await(offset: number, end: number, next: number): never {
    this.#absentSince ??= Date.now();
    const problem = `its records are up to ${end} only`;
    if (Date.now() - this.#absentSince < ABSENT_MS)
      throw new KafkaUnavailableError(`${this.#topic} has no record ${offset} yet: ${problem}`);
    throw new LogReplacedError(this.#topic, next, problem);
  }
}
