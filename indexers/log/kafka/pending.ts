import { bytesEqual } from '../../../proofs/bytes.js';
import type { CrossrootError } from '../../../proofs/errors/base.js';
import type { KeyValueWrite } from '../../../storage/keyValue.js';
import { LeaseLostError, LogConflictError } from '../errors.js';
import { type AppendBatch, OwnRecord } from './appendBatch.js';
import { EventRefusedError } from './errors.js';
import type { FoldState, Verdict } from './fold.js';
import type { InRecord, RecordBatch } from './recordBatch.js';

/** Own events that were sent and have not come back yet. What comes back decides, not what the broker answered. */
export class PendingAppend {
  readonly append: AppendBatch;
  /** To be written with the last of the events. */
  readonly also: readonly KeyValueWrite[];
  #reason: string | undefined;
  #outcome: 'accepted' | CrossrootError | undefined;

  constructor(append: AppendBatch, also: readonly KeyValueWrite[]) {
    this.append = append;
    this.also = also;
  }

  /** Known once the records were read back, or others in their place. */
  get outcome(): 'accepted' | CrossrootError | undefined {
    return this.#outcome;
  }

  /** The events are in the local store too. */
  accept(): void {
    this.#outcome ??= 'accepted';
  }

  /**
   * The records of a batch that holds what was sent, byte for byte: they need not be taken apart to be judged.
   * @returns `undefined` for any other batch
   * @throws RecordBatchError as the batch's `records` does
   */
  own(batch: RecordBatch): Iterator<InRecord> | undefined {
    const { append } = this;
    const content = this.#outcome === undefined ? batch.content() : undefined;
    if (
      content === undefined ||
      content.count !== append.count ||
      Buffer.compare(content.body, append.body) !== 0
    )
      return undefined;
    return ownRecords(append, batch.firstOffset, content.time(0));
  }

  /** Takes a record of the topic into account. @returns whether the events are now in the log, all of them */
  see(record: InRecord, verdict: Verdict): boolean {
    if (this.#outcome !== undefined) return false;
    const { chain, epoch: ours, first } = this.append.place;
    if (verdict.type === 'lease') this.#outcome = new LeaseLostError(chain, ours, verdict.lease.epoch);
    else if (verdict.type === 'event') {
      const { number, epoch } = verdict.event;
      if (number < first || number > this.append.last) return false;
      if (epoch !== ours || verdict.first !== first || !this.#same(record, number - first, verdict.bytes))
        this.#outcome = new LogConflictError(chain, first, number + 1);
      else return number === this.append.last;
    } else if (record.value !== undefined && this.#same(record, 0, record.value))
      this.#reason = verdict.reason;
    return false;
  }

  /** Whether a record that has these bytes is the append's. */
  #same(record: InRecord, i: number, bytes: Uint8Array): boolean {
    if (record instanceof OwnRecord && record.isOf(this.append)) return i === record.i;
    return bytesEqual(this.append.value(i), bytes);
  }

  /** The topic was read past where the broker said that the records are: now the outcome is known in any case. */
  passed(state: FoldState): void {
    if (this.#outcome !== undefined) return;
    const { chain, epoch, first } = this.append.place;
    if (state.epoch !== epoch) this.#outcome = new LeaseLostError(chain, epoch, state.epoch);
    else if (state.number >= first) this.#outcome = new LogConflictError(chain, first, state.number + 1);
    else this.#outcome = new EventRefusedError(chain, first, this.#reason ?? 'it was left out');
  }
}

function* ownRecords(append: AppendBatch, firstOffset: number, time: number): Generator<InRecord> {
  for (let i = 0; i < append.count; i++) yield new OwnRecord(append, i, firstOffset + i, time);
}
