import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyValueStore, KeyValueWrite } from '../../../storage/keyValue.js';
import { Serials } from '../../serial.js';
import { LeaseLostError, LogConflictError } from '../errors.js';
import type { EventInput } from '../event.js';
import type { Lease } from '../eventLog.js';
import { AppendBatch } from './appendBatch.js';
import { BATCH_OVERHEAD, encodeRecords } from './batchEncoder.js';
import type { KafkaDriver, OutBatch } from './driver.js';
import { AppendUnresolvedError, KafkaUnavailableError, OversizeAppendError } from './errors.js';
import { HOLDER_BYTES, leaseRecord } from './messages.js';
import { PendingAppend } from './pending.js';
import { longer, MIN_RETRY_MS } from './retry.js';
import type { ChainTail } from './tail.js';
import type { Topics } from './topics.js';

export interface WriterOptions {
  readonly driver: KafkaDriver;
  readonly store: KeyValueStore;
  readonly topics: Topics;
  /** Most bytes of one append. */
  readonly maxBatchBytes: number;
  /** For people, in the lease record. */
  readonly client: string;
  /** Limit of taking a lease and of one append, outages included, milliseconds. */
  readonly deliveryMs: number;
  /** How a chain is being read, if it is. */
  readonly tail: (chain: string) => ChainTail | undefined;
  /** The same of a chain that is read from now on; its topic is there. @param deadline Unix milliseconds */
  readonly begin: (chain: string, deadline: number) => Promise<ChainTail>;
  /** As `retried` for this log. */
  readonly retried: <T>(
    task: () => Promise<T>,
    deadline: number,
    settled: () => boolean,
  ) => Promise<T | undefined>;
}

/**
 * Takes chains and appends to them. What was sent counts once it has come back through the chain's tail, so that this process
 * agrees with all others on what is in the log.
 */
export class LogWriter {
  readonly #options: WriterOptions;
  readonly #serials = new Serials();
  /** Epochs of the leases that this process took. */
  readonly #held = new Map<string, number>();

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** As `EventLog.acquire`. @throws KafkaUnavailableError */
  acquire(chain: string): Promise<Lease> {
    return this.#serials.of(chain).run(async () => {
      const deadline = this.#deadline();
      const tail = await this.#options.begin(chain, deadline);
      for (let wait = MIN_RETRY_MS; ; wait = longer(wait)) {
        await tail.caughtUp(deadline);
        const epoch = tail.mirror.state.fold.epoch + 1;
        const holder = new Uint8Array(randomBytes(HOLDER_BYTES));
        const record = leaseRecord({ chain, epoch, holder, client: this.#options.client });
        const settled = () => tail.mirror.state.fold.epoch >= epoch;
        await this.#deliver(chain, encodeRecords([record]), settled, deadline);
        await tail.until(settled, deadline);
        const { fold } = tail.mirror.state;
        if (fold.epoch === epoch && fold.holder !== undefined && Buffer.from(fold.holder).equals(holder)) {
          this.#held.set(chain, epoch);
          return { chain, epoch };
        }
        await sleep(wait * (0.5 + Math.random()));
      }
    });
  }

  /** As `EventLog.append`. @throws OversizeAppendError, EventRefusedError, AppendUnresolvedError */
  append(
    { chain, epoch }: Lease,
    expectedNumber: number,
    events: readonly EventInput[],
    also: readonly KeyValueWrite[],
  ): Promise<number> {
    return this.#serials.of(chain).run(async () => {
      const tail = this.#options.tail(chain);
      const fold = tail?.mirror.state.fold;
      const { holder } = fold ?? {};
      if (tail === undefined || fold === undefined || holder === undefined || this.#held.get(chain) !== epoch)
        throw new LeaseLostError(chain, epoch, fold?.epoch ?? 0);
      if (fold.epoch !== epoch) throw new LeaseLostError(chain, epoch, fold.epoch);
      const next = fold.number + 1;
      if (next !== expectedNumber) throw new LogConflictError(chain, expectedNumber, next);
      if (events.length === 0) {
        if (also.length > 0) await this.#options.store.batch(also);
        return next - 1;
      }
      const batch = new AppendBatch({ chain, epoch, holder, first: next }, events);
      this.#measure(batch);
      const pending = new PendingAppend(batch, also);
      tail.mirror.pending = pending;
      try {
        await this.#resolve(tail, pending);
      } finally {
        tail.mirror.pending = undefined;
      }
      return batch.last;
    });
  }

  /** Sends until the tail shows what became of it. */
  async #resolve(tail: ChainTail, pending: PendingAppend): Promise<void> {
    const deadline = this.#deadline();
    const { append } = pending;
    const { chain, first } = append.place;
    const settled = () => pending.outcome !== undefined;
    try {
      const offset = await this.#deliver(chain, append, settled, deadline);
      const end = offset === undefined || offset < 0 ? Number.POSITIVE_INFINITY : offset + append.count;
      await tail.until(() => settled() || tail.mirror.state.next >= end, deadline);
    } catch (error) {
      if (!(error instanceof KafkaUnavailableError)) throw error;
      if (!settled()) throw new AppendUnresolvedError(chain, first, this.#options.deliveryMs, error);
    }
    pending.passed(tail.mirror.state.fold);
    if (pending.outcome !== 'accepted') throw pending.outcome;
  }

  /**
   * Sends again while the brokers do not answer: records that arrive twice count once.
   * @returns the offset of the first record; `undefined` if the outcome showed before
   */
  #deliver(
    chain: string,
    batch: OutBatch,
    settled: () => boolean,
    deadline: number,
  ): Promise<number | undefined> {
    const { driver, topics, retried } = this.#options;
    return retried(() => driver.produce(topics.events(chain), batch), deadline, settled);
  }

  #measure({ place, body }: AppendBatch): void {
    const { topics, maxBatchBytes } = this.#options;
    const bytes = BATCH_OVERHEAD + body.length;
    if (bytes > maxBatchBytes)
      throw new OversizeAppendError(topics.events(place.chain), bytes, maxBatchBytes);
  }

  #deadline(): number {
    return Date.now() + this.#options.deliveryMs;
  }
}
