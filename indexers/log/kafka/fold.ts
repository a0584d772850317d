import { bytesEqual } from '../../../proofs/bytes.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import type { ChainEvent } from '../event.js';
import { checkEvent, type ReplayBlock } from '../replay.js';
import { OwnRecord } from './appendBatch.js';
import { type LeaseRecord, parseRecord } from './messages.js';
import type { InRecord } from './recordBatch.js';

/** What the records of a chain's topic have amounted to so far. */
export interface FoldState {
  /** Of the newest lease; 0 before the first. */
  readonly epoch: number;
  /** Who has it. */
  readonly holder: Uint8Array | undefined;
  /** Number of the newest event; 0 before the first. */
  readonly number: number;
  /** Tip of the best chain after it. */
  readonly tip: ReplayBlock | undefined;
  /** Number of the first event of the append that the newest event came with. */
  readonly first: number;
  /** Offset of the newest event. */
  readonly offset: number;
}

export const EMPTY_FOLD: FoldState = {
  epoch: 0,
  holder: undefined,
  number: 0,
  tip: undefined,
  first: 0,
  offset: -1,
};

/** What a record does. */
export type Verdict =
  | {
      readonly type: 'event';
      readonly event: ChainEvent;
      readonly bytes: Uint8Array;
      readonly first: number;
      readonly offset: number;
    }
  | { readonly type: 'lease'; readonly lease: LeaseRecord }
  /** Written in good faith and too late: under a lease that is over, twice, or for an epoch that another one got. */
  | { readonly type: 'stale'; readonly reason: string }
  /** No writer that keeps to the rules sends it. */
  | { readonly type: 'poison'; readonly reason: string };

/**
 * Judges a record after those before it. This is the whole agreement between readers and writers: the first lease record
 * with the next epoch takes the chain; an event counts if it is of the newest lease's holder, has the next number,
 * directly follows the others of its append, and fits the best chain. Everyone who reads a topic from its beginning so ends with the same events without gaps, and
 * nothing that a deposed writer sends later can get between.
 * @param hashAt hash on the best chain at a height, in the state before the record
 */
export function judge(
  chain: string,
  state: FoldState,
  hashAt: (height: number) => Uint8Array | undefined,
  record: InRecord,
): Verdict {
  try {
    const parsed = record instanceof OwnRecord ? record.parsed() : parseRecord(chain, record);
    if (parsed.kind === 'lease') return judgeLease(state, parsed.lease);
    const { event, holder, first } = parsed;
    const late = lateness(state, event, holder) ?? torn(state, event, first, record.offset);
    if (late !== undefined) return late;
    checkEvent({ number: state.number, tip: state.tip, hashAt }, event);
    return { type: 'event', event, bytes: record.value ?? new Uint8Array(), first, offset: record.offset };
  } catch (error) {
    // Whatever a record contains, it stops nobody.
    const reason = error instanceof CrossrootError ? error.message : `it cannot be read: ${String(error)}`;
    return { type: 'poison', reason };
  }
}

/** The state after a verdict. @param hashAt as for `judge` */
export function advance(
  state: FoldState,
  verdict: Verdict,
  hashAt: (height: number) => Uint8Array | undefined,
): FoldState {
  if (verdict.type === 'lease') return { ...state, epoch: verdict.lease.epoch, holder: verdict.lease.holder };
  if (verdict.type !== 'event') return state;
  const { event } = verdict;
  return {
    epoch: state.epoch,
    holder: state.holder,
    number: event.number,
    tip: tipAfter(state, event, hashAt),
    first: verdict.first,
    offset: verdict.offset,
  };
}

function tipAfter(
  state: FoldState,
  { type, height, hash }: ChainEvent,
  hashAt: (height: number) => Uint8Array | undefined,
): ReplayBlock | undefined {
  if (type === 'finalize') return state.tip;
  if (type === 'connect') return { height, hash };
  const below = hashAt(height - 1);
  return below === undefined ? undefined : { height: height - 1, hash: below };
}

function judgeLease(state: FoldState, lease: LeaseRecord): Verdict {
  if (lease.epoch <= state.epoch) return { type: 'stale', reason: `epoch ${lease.epoch} is taken` };
  if (lease.epoch > state.epoch + 1)
    return { type: 'poison', reason: `epoch ${lease.epoch} leaves out ${state.epoch + 1}` };
  return { type: 'lease', lease };
}

function lateness(state: FoldState, event: ChainEvent, holder: Uint8Array): Verdict | undefined {
  if (event.epoch < state.epoch) return { type: 'stale', reason: `epoch ${event.epoch} is over` };
  if (event.epoch > state.epoch) return { type: 'poison', reason: `nobody has the epoch ${event.epoch}` };
  if (state.holder === undefined || !bytesEqual(holder, state.holder))
    return { type: 'poison', reason: 'the writer does not hold the lease' };
  if (event.number <= state.number) return { type: 'stale', reason: `number ${event.number} is taken` };
  return undefined;
}

/** An append counts as a whole: what of it comes after another one took its first number counts neither. */
function torn(state: FoldState, event: ChainEvent, first: number, offset: number): Verdict | undefined {
  if (event.number === first || (state.first === first && state.offset === offset - 1)) return undefined;
  return { type: 'stale', reason: `the append of number ${first} was not taken` };
}
