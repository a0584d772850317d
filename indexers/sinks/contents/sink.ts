import type { HeaderBook } from '../../follow/book.js';
import type { ChainEvent } from '../../log/event.js';
import type { EventLog } from '../../log/eventLog.js';
import type { IndexReader, IndexSets } from '../../store/indexStore.js';
import type { NumberRange } from '../../store/view.js';
import { Rate } from '../rate.js';
import { RetryLoop } from '../retryLoop.js';
import { FirstConnects } from './firstConnects.js';
import { backfillChunk, gapsBelow, joined, liveStart, sizeOf } from './ranges.js';
import { type BlockSource, type ContentsBuilder, ContentsWriter } from './writer.js';

/** What the sink of contents needs of an index. */
export interface ContentsIndex extends Pick<IndexReader, 'header' | 'reorganisations'> {
  readonly sets: Pick<IndexSets, 'writer'>;
}

export interface ContentsSinkOptions {
  readonly chain: string;
  readonly build: ContentsBuilder;
  readonly log: Pick<EventLog, 'read'>;
  readonly index: ContentsIndex;
  readonly blocks: BlockSource;
  readonly book: Pick<HeaderBook, 'isBest' | 'applied' | 'tip'>;
  /** Blocks below the tip whose contents are fetched, besides those that come. Default: all. */
  readonly depth?: number;
  /** The live work begins so many events before the end at most. Default 64. */
  readonly near?: number;
  /** Events of one backfill step. Default 512. */
  readonly chunk?: number;
  /** Blocks that each of both fetches at once. Default 4. */
  readonly parallel?: number;
  readonly writeBytes?: number;
  readonly idleMs?: number;
  readonly retryMs?: number;
  readonly onError?: (error: unknown) => void;
}

export interface ContentsStatus {
  readonly chain: string;
  /** Number of the last event that the live work has done; 0 before. */
  readonly done: number;
  /** Number of the newest event whose header is in the index. */
  readonly last: number;
  /** Failures in a row, of the live work and of the backfill. */
  readonly failures: number;
  readonly backfillFailures: number;
  readonly lastError: string | undefined;
  /** Since the start. */
  readonly blocks: number;
  readonly bytes: number;
  /** Blocks off the best chain that no source had any more, since the start. */
  readonly skipped: number;
  /** Blocks that this program cannot read, since the start. */
  readonly unreadable: number;
  readonly backfill: BackfillStatus;
}

export interface BackfillStatus {
  /** Events that are still to be done; 0 once all is there. */
  readonly left: number;
  /** Number of the oldest of them. */
  readonly oldest: number | undefined;
  /** Events a second. */
  readonly perSecond: number;
  /** `undefined` while nothing moves. */
  readonly secondsLeft: number | undefined;
}

/**
 * Contents of blocks into the index, live and below at once: the live work keeps to the newest blocks, and where it has missed more
 * than it should catch up with, leaves that to the backfill, which goes downwards. What is done is told by the set itself, so that
 * either can be killed anywhere, and begins over in a new set.
 */
export class ContentsSink {
  readonly #options: ContentsSinkOptions;
  readonly #live: RetryLoop;
  readonly #backfill: RetryLoop;
  readonly #writers: { readonly live: ContentsWriter; readonly backfill: ContentsWriter };
  readonly #first: { readonly live: FirstConnects; readonly backfill: FirstConnects };
  readonly #rate = new Rate();
  /** Events of blocks that cannot be read: they count as done until the next start. */
  #unreadable: readonly NumberRange[] = [];
  #done = 0;
  #last = 0;
  #left = 0;
  #oldest: number | undefined;
  #blocks = 0;
  #bytes = 0;

  constructor(options: ContentsSinkOptions) {
    this.#options = options;
    const { chain, index, idleMs = 5000, retryMs = 500, onError } = options;
    const loop = (step: () => Promise<boolean>) =>
      new RetryLoop({ step, idleMs, retryMs, ...(onError === undefined ? {} : { onError }) });
    this.#live = loop(() => this.#liveStep());
    this.#backfill = loop(() => this.#backfillStep());
    this.#first = { live: new FirstConnects(chain, index), backfill: new FirstConnects(chain, index) };
    this.#writers = { live: this.#writer('live'), backfill: this.#writer('backfill') };
  }

  status(): ContentsStatus {
    const { chain } = this.#options;
    return {
      chain,
      done: this.#done,
      last: this.#last,
      failures: this.#live.failures,
      backfillFailures: this.#backfill.failures,
      lastError: this.#live.lastError ?? this.#backfill.lastError,
      blocks: this.#blocks,
      bytes: this.#bytes,
      unreadable: sizeOf(this.#unreadable),
      skipped: this.#writers.live.skipped + this.#writers.backfill.skipped,
      backfill: {
        left: this.#left,
        oldest: this.#oldest,
        perSecond: this.#left === 0 ? 0 : this.#rate.perSecond(),
        secondsLeft: this.#rate.secondsLeft(this.#left),
      },
    };
  }

  start(): void {
    this.#live.start();
    this.#backfill.start();
  }

  /** There may be new headers. */
  wake(): void {
    this.#live.wake();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#live.stop(), this.#backfill.stop()]);
  }

  async #liveStep(): Promise<boolean> {
    const { chain, index, near = 64 } = this.#options;
    const writer = await index.sets.writer();
    this.#last = await writer.lastNumber(chain);
    const ranges = await writer.contentsProgress(chain);
    this.#done = ranges.at(-1)?.to ?? 0;
    const from = liveStart([...ranges, ...this.#unreadable], this.#last, near);
    if (from > this.#last) return false;
    await this.#first.live.refresh();
    const events = await this.#events({ from, to: Math.min(this.#last, from + near - 1) });
    await this.#writers.live.write(writer, events);
    this.#done = events.at(-1)?.number ?? this.#done;
    this.#backfill.wake();
    return events.length > 0;
  }

  async #backfillStep(): Promise<boolean> {
    const { chain, index, chunk = 512 } = this.#options;
    const writer = await index.sets.writer();
    const ranges = await writer.contentsProgress(chain);
    const done = [...ranges, ...this.#unreadable];
    const next = backfillChunk(done, chunk);
    const gaps = gapsBelow(done);
    const all = sizeOf(gaps);
    this.#left = next === undefined ? 0 : Math.min(all, await this.#above(next.to));
    // Where it ends above the beginning, the oldest is about as far below the newest as there are events left.
    const least = next === undefined || this.#left === all ? gaps[0]?.from : next.to - this.#left + 1;
    this.#oldest = this.#left === 0 ? undefined : Math.max(1, least ?? 1);
    if (next === undefined || this.#left === 0) return false;
    await this.#first.backfill.refresh();
    const events = await this.#events(next);
    this.#rate.add(await this.#writers.backfill.write(writer, events.reverse()));
    return events.length > 0;
  }

  /** How many blocks there are from this event's down to the depth at which the backfill ends. */
  async #above(number: number): Promise<number> {
    const { book, depth } = this.#options;
    if (depth === undefined) return Number.POSITIVE_INFINITY;
    const [event] = await this.#events({ from: number, to: number });
    const tip = book.tip()?.height;
    return event === undefined || tip === undefined ? depth : Math.max(0, event.height + depth - tip);
  }

  #events({ from, to }: NumberRange): Promise<ChainEvent[]> {
    return this.#options.log.read(this.#options.chain, from, to - from + 1);
  }

  #writer(which: 'live' | 'backfill'): ContentsWriter {
    const { chain, build, blocks, book, parallel, writeBytes, onError } = this.#options;
    return new ContentsWriter({
      ...{ chain, build, blocks, book, first: this.#first[which] },
      signal: (which === 'live' ? this.#live : this.#backfill).signal,
      ...(parallel === undefined ? {} : { parallel }),
      ...(writeBytes === undefined ? {} : { writeBytes }),
      onUnreadable: (error) => {
        this.#unreadable = joined([...this.#unreadable, { from: error.number, to: error.number }]);
        onError?.(error);
      },
      onWritten: (count, bytes) => {
        this.#blocks += count;
        this.#bytes += bytes;
      },
    });
  }
}
