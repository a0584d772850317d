import { bytesEqual } from '../../../proofs/bytes.js';
import type { CrossrootError } from '../../../proofs/errors/base.js';
import type { KeyValueWrite } from '../../../storage/keyValue.js';
import { LeaseLostError, LogConflictError } from '../errors.js';
import type { OutRecord } from './driver.js';
import { EventRefusedError } from './errors.js';
import type { FoldState, Verdict } from './fold.js';
import type { InRecord } from './recordBatch.js';

/** Own events that were sent and have not come back yet. What comes back decides, not what the broker answered. */
export class PendingAppend {
  readonly chain: string;
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
  /** To be written with the last of the events. */
  readonly also: readonly KeyValueWrite[];
  readonly #records: readonly OutRecord[];
  #reason: string | undefined;
  #outcome: 'accepted' | CrossrootError | undefined;

  constructor(
    chain: string,
    epoch: number,
    first: number,
    records: readonly OutRecord[],
    also: readonly KeyValueWrite[],
  ) {
    this.chain = chain;
    this.epoch = epoch;
    this.first = first;
    this.last = first + records.length - 1;
    this.also = also;
    this.#records = records;
  }

  /** Known once the records were read back, or others in their place. */
  get outcome(): 'accepted' | CrossrootError | undefined {
    return this.#outcome;
  }

  /** The events are in the local store too. */
  accept(): void {
    this.#outcome ??= 'accepted';
  }

  /** Takes a record of the topic into account. @returns whether the events are now in the log, all of them */
  see(record: InRecord, verdict: Verdict): boolean {
    if (this.#outcome !== undefined) return false;
    if (verdict.type === 'lease')
      this.#outcome = new LeaseLostError(this.chain, this.epoch, verdict.lease.epoch);
    else if (verdict.type === 'event') {
      const { number, epoch } = verdict.event;
      const own = this.#records[number - this.first];
      if (own === undefined) return false;
      if (epoch !== this.epoch || verdict.first !== this.first || !bytesEqual(own.value, verdict.bytes))
        this.#outcome = new LogConflictError(this.chain, this.first, number + 1);
      else return number === this.last;
    } else if (
      record.value !== undefined &&
      bytesEqual(this.#records[0]?.value ?? record.value, record.value)
    )
      this.#reason = verdict.reason;
    return false;
  }

  /** The topic was read past where the broker said that the records are: now the outcome is known in any case. */
  passed(state: FoldState): void {
    if (this.#outcome !== undefined) return;
    if (state.epoch !== this.epoch) this.#outcome = new LeaseLostError(this.chain, this.epoch, state.epoch);
    else if (state.number >= this.first)
      this.#outcome = new LogConflictError(this.chain, this.first, state.number + 1);
    else this.#outcome = new EventRefusedError(this.chain, this.first, this.#reason ?? 'it was left out');
  }
}
