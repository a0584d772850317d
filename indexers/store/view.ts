/**
 * The state of one chain after one of its events: what an answer of the index is of. Events are numbered from 1 without gaps;
 * number 0, height 0 and a hash of zeros are the state before the first.
 */
export interface View {
  readonly chain: string;
  /** Event number. */
  readonly number: number;
  /** Of the best chain's tip after that event. */
  readonly height: number;
  /** Internal byte order. */
  readonly hash: Uint8Array;
}

/** Rows that all are of one view. */
export interface Page<T> {
  readonly view: View;
  readonly rows: readonly T[];
  /** Opaque: what the next page's `cursor` takes; absent at the end. It holds the view, so that all pages are of one. */
  readonly next?: string;
}

/** Which part of the rows, and of which view. */
export interface PageQuery {
  /** Rows, 1 to `MAX_PAGE`. */
  readonly limit: number;
  /** `next` of the page before, to the same question. */
  readonly cursor?: string;
  /** An earlier event number to read at; the newest by default. A cursor's own view goes before it. */
  readonly at?: number;
}

/** One thing, or that it is not there, in one view. */
export interface Answer<T> {
  readonly view: View;
  readonly row: T | undefined;
}

/** The main chain as far as a list of its records is read: up to a finalised block that was the newest one once. */
export interface MainView {
  readonly height: number;
  readonly root: Uint8Array;
  /**
   * Height up to which it is certified: of the newest block whose certificate this index has checked, which vouches for all
   * blocks below it. `undefined` where none was checked.
   */
  readonly certified: number | undefined;
}

/** A stream of the log as far as a list of its records is read. */
export interface StreamView {
  /** Records of the stream before this position, counted from 0, are in the list. */
  readonly position: number;
}

/** When rows that many processes write were read: those that were written later are left out. */
export interface TimeView {
  /** Unix milliseconds, by the clock of the index. */
  readonly time: number;
}

/** Records that are appended and never taken back, as far as one view goes. */
export interface Listing<T, V> {
  readonly view: V;
  readonly rows: readonly T[];
  /** Opaque: it holds the view, so that all pages are of one; absent at the end. */
  readonly next?: string;
}

/** Steps of a series as they were at one time. */
export interface Series<T> {
  readonly view: TimeView;
  readonly rows: readonly T[];
}

export interface ListQuery {
  /** Rows, 1 to `MAX_PAGE`. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string;
  /** An earlier view's height, position or time; the newest by default. A cursor's own view goes before it. */
  readonly at?: number;
}

/** A series over time. */
export interface StepQuery {
  /** Unix seconds. */
  readonly from: number;
  /** Unix seconds, exclusive. */
  readonly to: number;
  /** Seconds of one step. At most `MAX_STEPS` steps. */
  readonly step: number;
}

/** A series of samples. */
export interface SampleQuery extends StepQuery {
  /** An earlier view's time; now by default. */
  readonly at?: number;
}

/** Most rows of one page. */
export const MAX_PAGE = 1000;
/** Most steps of one series. */
export const MAX_STEPS = 2000;

/** Event numbers, both inclusive. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** What one question is answered from: a set of tables, and what of them is to be seen. */
export interface Snapshot {
  /** Database that holds the set. */
  readonly database: string;
  readonly view: View;
  /**
   * Numbers of events whose blocks' contents are all in, ascending, not above the view's number: contents of blocks that
   * others connected may be there in part and must not be seen.
   */
  readonly contents: readonly NumberRange[];
}

/** Where a page ended: the sort key of its last row. */
export type PageKey = readonly (string | number)[];

/** Rows of one page before its view and cursor are added. */
export interface Slice<T> {
  readonly rows: readonly T[];
  /** Key of the last row; absent when no rows follow. */
  readonly next?: PageKey;
}
