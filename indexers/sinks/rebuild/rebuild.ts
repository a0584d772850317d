import type { ChainKind } from '../../../adapters/types.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import type { HeaderBook } from '../../follow/book.js';
import type { EventLog } from '../../log/eventLog.js';
import type { BlockRecord, EvidenceRecord } from '../../log/records.js';
import type { LogStreams, RecordStream } from '../../log/streams.js';
import { pause } from '../../pause.js';
import type { IndexSets, IndexWriter, SetWriter } from '../../store/indexStore.js';
import type { NumberRange } from '../../store/view.js';
import { joined, sizeOf } from '../contents/ranges.js';
import { type BlockSource, ContentsWriter, contentsBuilder } from '../contents/writer.js';
import { RebuildStoppedError } from '../errors.js';
import { EVIDENCE_STREAM, evidenceEffect } from '../evidenceSink.js';
import { MAIN_STREAM, type MainSinkOptions, mainEffect } from '../mainSink.js';
import { Rate } from '../rate.js';
import { followInto, onlySet, type SetEffect } from '../streamSink.js';
import type { RebuildPhase, RebuildProgress } from './progress.js';
import { UndoneBlocks } from './undoneBlocks.js';

/** Where blocks' contents come from: carried over from the set in use, fetched anew, or left to the backfill after the swap. */
export type RebuildContents = 'copy' | 'fetch' | 'later';

export interface RebuildChain {
  readonly name: string;
  readonly kind: Pick<ChainKind, 'name'>;
  readonly book: Pick<HeaderBook, 'isBest' | 'applied' | 'tip'>;
}

export interface RebuildOptions {
  readonly log: Pick<EventLog, 'read' | 'last' | 'catchUp'>;
  readonly streams: LogStreams;
  readonly index: Pick<IndexWriter, 'contentsProgress'> & { readonly sets: IndexSets };
  readonly chains: readonly RebuildChain[];
  readonly blocks: BlockSource;
  readonly main: MainSinkOptions;
  /** Default `copy`. */
  readonly contents?: RebuildContents;
  /** Events of one write of headers. Default 20,000. */
  readonly batch?: number;
  /** Told at most each half second. */
  readonly onProgress?: (progress: RebuildProgress) => void;
  readonly signal?: AbortSignal;
  /** Told of what is tried again. */
  readonly onError?: (error: unknown) => void;
}

const ATTEMPTS = 6;
/** Events that are copied or fetched in one step. */
const CHUNK = 2000;
const PROGRESS_MS = 500;
/** After so many rounds of catching up, what is still coming is left to the live work. */
const MAX_ROUNDS = 20;

/**
 * Makes all tables anew from the log, in a set of their own beside the one in use, into which live work goes on; catches up; and swaps the
 * new set in at once. Memory is one batch. Killed, it has changed nothing: the next one drops what it left and begins again.
 */
export class IndexRebuild {
  readonly #options: RebuildOptions;
  readonly #done = new Map<string, NumberRange[]>();
  readonly #undoneOf = new Map<string, UndoneBlocks>();
  #told = 0;
  #rate = new Rate();

  constructor(options: RebuildOptions) {
    this.#options = options;
  }

  /** @returns the number of the set that is now in use @throws RebuildStoppedError; as log, sources and index do */
  async run(): Promise<number> {
    const { index, chains } = this.#options;
    const set = await index.sets.newSet();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      let moved = 0;
      for (const chain of chains) {
        moved += await this.#headers(set, chain, round);
        moved += await this.#contents(set, chain, round);
      }
      moved += await this.#streams(set, round);
      if (moved === 0) break;
    }
    this.#check();
    this.#tell('swap', undefined, 1, 1, true);
    await index.sets.swap(set);
    return set.set;
  }

  /** @returns how many events were new */
  async #headers(set: SetWriter, { name }: RebuildChain, round: number): Promise<number> {
    const { log, batch = 20_000 } = this.#options;
    await log.catchUp?.(name);
    const total = (await log.last(name))?.number ?? 0;
    const from = await set.lastNumber(name);
    this.#rate = new Rate();
    for (let done = from; done < total; ) {
      this.#check();
      const events = await log.read(name, done + 1, Math.min(batch, total - done));
      const last = events.at(-1);
      if (last === undefined) break;
      await set.writeEvents(name, events);
      await this.#undone(name).add(events);
      this.#rate.add(events.length);
      done = last.number;
      this.#tell(round === 0 ? 'headers' : 'catching up', name, done, total);
    }
    return total - from;
  }

  /** Contents of what the set in use has, newest first. @returns how many events were new */
  async #contents(set: SetWriter, chain: RebuildChain, round: number): Promise<number> {
    const { index, contents = 'copy' } = this.#options;
    const build = contentsBuilder(chain.kind);
    if (build === undefined || contents === 'later') return 0;
    const { name } = chain;
    const last = await set.lastNumber(name);
    const wanted = missing(await index.contentsProgress(name), this.#done.get(name) ?? [], last);
    const total = sizeOf(wanted);
    const write = contents === 'copy' ? this.#copy(set, name) : this.#fetch(set, chain, build);
    this.#rate = new Rate();
    let done = 0;
    for (const range of wanted.reverse())
      for (let to = range.to; to >= range.from; to -= CHUNK) {
        this.#check();
        const chunk = { from: Math.max(range.from, to - CHUNK + 1), to };
        await this.#patiently(() => write(chunk));
        this.#done.set(name, joined([...(this.#done.get(name) ?? []), chunk]));
        this.#rate.add(sizeOf([chunk]));
        done += sizeOf([chunk]);
        this.#tell(round === 0 ? 'contents' : 'catching up', name, done, total);
      }
    return total;
  }

  /** A source or a server that is away for a while must not cost hours of work. */
  async #patiently(task: () => Promise<void>): Promise<void> {
    const { signal, onError } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        await task();
        return;
      } catch (error) {
        this.#check();
        if (attempt >= ATTEMPTS || !isRetryable(error)) throw error;
        onError?.(error);
        await pause(1000 * 2 ** (attempt - 1), signal);
      }
    }
  }

  #undone(chain: string): UndoneBlocks {
    const known = this.#undoneOf.get(chain) ?? new UndoneBlocks(this.#options.log);
    this.#undoneOf.set(chain, known);
    return known;
  }

  #copy(set: SetWriter, chain: string): (events: NumberRange) => Promise<void> {
    return async (events) => {
      await this.#options.index.sets.copyContents(set, chain, events);
      await set.publishContents(chain, events);
    };
  }

  #fetch(
    set: SetWriter,
    { name: chain, book }: RebuildChain,
    build: NonNullable<ReturnType<typeof contentsBuilder>>,
  ): (events: NumberRange) => Promise<void> {
    const { blocks, log, signal, onError } = this.#options;
    const first = this.#undone(chain);
    const writer = new ContentsWriter({
      ...{ chain, build, blocks, book, first },
      ...(signal === undefined ? {} : { signal }),
      ...(onError === undefined ? {} : { onUnreadable: onError }),
    });
    return async ({ from, to }) => {
      const events = await log.read(chain, from, to - from + 1);
      await writer.write(set, events.reverse());
    };
  }

  /** @returns how many records were new */
  async #streams(set: SetWriter, round: number): Promise<number> {
    const { streams, main } = this.#options;
    const phase = (name: RebuildPhase) => (round === 0 ? name : 'catching up');
    // What is set aside was told when the live sink read it.
    const effect = mainEffect({ ...main, onConflict: () => undefined });
    const blocks = await this.#stream<BlockRecord>(set, streams.blocks(), MAIN_STREAM, phase('main'), effect);
    const faults = streams.evidence();
    return (
      blocks +
      (await this.#stream<EvidenceRecord>(set, faults, EVIDENCE_STREAM, phase('evidence'), evidenceEffect))
    );
  }

  async #stream<T>(
    set: SetWriter,
    stream: RecordStream<T>,
    name: string,
    phase: RebuildPhase,
    effect: SetEffect<T>,
  ): Promise<number> {
    const from = await set.position(name);
    this.#rate = new Rate();
    followInto<T>(stream, name, onlySet(set), async (writer, values, step) => {
      this.#check();
      await effect(writer, values, step);
      this.#rate.add(values.length);
      this.#tell(phase, undefined, step.next - from, step.next - from + stream.lag);
    });
    try {
      await this.#orStopped(stream.caughtUp());
    } finally {
      await stream.stop();
    }
    return (await set.position(name)) - from;
  }

  async #orStopped<T>(task: Promise<T>): Promise<T> {
    const { signal } = this.#options;
    if (signal === undefined) return task;
    let stop: () => void = () => undefined;
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(new RebuildStoppedError());
      signal.addEventListener('abort', stop, { once: true });
    });
    // Once it was stopped, so is the stream, and its end is nobody's failure.
    return Promise.race([task, stopped]).finally(() => signal.removeEventListener('abort', stop));
  }

  #check(): void {
    if (this.#options.signal?.aborted === true) throw new RebuildStoppedError();
  }

  #tell(phase: RebuildPhase, chain: string | undefined, done: number, total: number, now = false): void {
    const { onProgress } = this.#options;
    if (onProgress === undefined) return;
    const at = performance.now();
    if (!now && done < total && at - this.#told < PROGRESS_MS) return;
    this.#told = at;
    onProgress({
      ...{ phase, done, total, perSecond: this.#rate.perSecond() },
      ...(chain === undefined ? {} : { chain }),
      secondsLeft: this.#rate.secondsLeft(total - done),
    });
  }
}

/** What of `wanted`, up to number `last`, is not in `done`; ascending. */
function missing(wanted: readonly NumberRange[], done: readonly NumberRange[], last: number): NumberRange[] {
  let left = wanted.map(({ from, to }) => ({ from, to: Math.min(to, last) }));
  for (const { from, to } of done)
    left = left.flatMap((range) => [
      { from: range.from, to: Math.min(range.to, from - 1) },
      { from: Math.max(range.from, to + 1), to: range.to },
    ]);
  return joined(left);
}

function isRetryable(error: unknown): boolean {
  return error instanceof CrossrootError && error.retryable;
}
