import type { KeyValueWrite } from '../../storage/keyValue.js';
import type { BlockRecord, EvidenceRecord } from './records.js';

/** A record as every log has it: embedded or on a server. */
export interface KeyedRecord {
  readonly key: Uint8Array | undefined;
  readonly value: Uint8Array | undefined;
}

/** How one kind of thing is written as records. */
export interface RecordCodec<T> {
  encode(value: T): { readonly key: Uint8Array; readonly value: Uint8Array };
  /** @throws CrossrootError for what is not such a thing */
  decode(record: KeyedRecord): T;
}

/** What a reader is told of one step besides the values. */
export interface StreamStep {
  /** The position before these values: as the reader's was when they were read. */
  readonly from: number;
  /** The position after these values: a reader that begins there goes on with what follows. */
  readonly next: number;
  /**
   * Sets a value aside that is one of its kind but cannot be used: a copy with the reason goes to the poison, together
   * with the position.
   * @param index of the value in this step
   */
  refuse(index: number, reason: string): void;
}

/**
 * Makes the effect of the values durable; must not mind seeing them again. What it returns is written together with the
 * position. It may be called without values, where all that was read has been set aside.
 */
export type StreamHandler<T> = (values: readonly T[], step: StreamStep) => Promise<readonly KeyValueWrite[]>;

export interface FollowOptions {
  /**
   * Where to go on, asked before each step: for readers that keep the position (`StreamStep.next`) where the effect is.
   * By default the position is kept in the local store, under the reader's name. 0 is the beginning.
   */
  readonly position?: () => Promise<number>;
}

/**
 * Things that stand by themselves, in one order for all readers: blocks of the main chain, evidence. Written at least once;
 * read in order by each name from a position that moves with the effect. What cannot be read is set aside with its reason
 * and never stops a reader. One reader an object.
 */
export interface RecordStream<T> {
  /** Durable once resolved; otherwise it may be there or not: publish again. */
  publish(values: readonly T[]): Promise<void>;
  /** Begins to read, from where this name was; failures are told and tried again. */
  follow(name: string, handle: StreamHandler<T>, options?: FollowOptions): void;
  /** Resolves once all that the stream has now was handled by `follow`. @throws StreamStoppedError */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
  /** Records that are not handled yet, as far as known. */
  readonly lag: number;
}

/** The streams of one log. Each call gives a new object, for one reader or writer. */
export interface LogStreams {
  /** Finalised blocks of the main chain, in order. */
  blocks(): RecordStream<BlockRecord>;
  /** What sources did wrong. */
  evidence(): RecordStream<EvidenceRecord>;
}
