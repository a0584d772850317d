import type { ChainKind } from '../../adapters/types.js';
import type { HeaderBook } from '../follow/book.js';
import type { SourceHealth } from '../follow/sourceMonitor.js';
import type { EventLog } from '../log/eventLog.js';
import type { BlockRecord, EvidenceRecord } from '../log/records.js';
import type { LogStreams, RecordStream } from '../log/streams.js';
import type { IndexStore } from '../store/indexStore.js';
import type { Mended } from '../store/mend/mend.js';
import type { CertificateVerdict } from './certificates.js';
import type { ConsumerStatus, LogConsumer } from './consumer.js';
import { ContentsSink, type ContentsStatus } from './contents/sink.js';
import { type BlockSource, contentsBuilder } from './contents/writer.js';
import { OtherLogError } from './errors.js';
import { EVIDENCE_STREAM, evidenceEffect } from './evidenceSink.js';
import { headerSink } from './headerSink.js';
import { SeenTimes, writtenAt } from './lag.js';
import { MAIN_STREAM, type MainSinkOptions, mainEffect } from './mainSink.js';
import { Mending } from './mending.js';
import { checkSameLog } from './sameLog.js';
import { type DroppedProofs, type Lag, Sampler } from './sampler.js';
import { type ChosenSet, followInto } from './streamSink.js';

/** A chain that is indexed. */
export interface IndexChain {
  readonly name: string;
  readonly kind: ChainKind;
  /** The header book that a follower or a replica of this process keeps in step with the same log; none before it is there. */
  readonly book: () => Pick<HeaderBook, 'isBest' | 'applied' | 'tip'> | undefined;
  /** Root of its spec, by which the main chain's commitments name it. */
  readonly specRoot?: Uint8Array;
  /** Blocks below the tip whose contents are indexed, besides those that come. Default: all that the log has. */
  readonly depth?: number;
  /** Of its sources, for the series; none where they are another process's. */
  readonly health?: () => readonly SourceHealth[];
}

/** The header book of the moment. Without one nothing is known: no block counts as off the best chain. */
export function bookOf({ book }: Pick<IndexChain, 'book'>): Pick<HeaderBook, 'isBest' | 'applied' | 'tip'> {
  return {
    isBest: (block) => book()?.isBest(block) ?? false,
    applied: () => book()?.applied() ?? 0,
    tip: () => book()?.tip(),
  };
}

export interface LiveIndexOptions {
  readonly log: EventLog;
  readonly streams: LogStreams;
  readonly index: IndexStore;
  readonly chains: readonly IndexChain[];
  readonly blocks: BlockSource;
  readonly main: MainSinkOptions;
  /** Default 5000. */
  readonly sampleMs?: number;
  /** Time for headers to gather at the log's end. Default 500. */
  readonly gatherMs?: number;
  /** First wait of headers and contents after a failure. Default 500. */
  readonly retryMs?: number;
  /** The live contents begin so many events before the end at most. Default 64. */
  readonly near?: number;
  /** Told, over and over, that the index was filled from another log. */
  readonly onOtherLog?: (error: OtherLogError) => void;
  readonly onError?: (error: unknown) => void;
}

export interface StreamStatus {
  readonly stream: 'main' | 'evidence';
  /** Records that are not in the index yet. */
  readonly lag: number;
}

/** What the sinks of this process have done and what is left. */
export interface LiveIndexStatus {
  readonly headers: readonly ConsumerStatus[];
  readonly contents: readonly ContentsStatus[];
  readonly streams: readonly StreamStatus[];
  readonly rows: IndexRows;
  readonly certificates: CertificateCounts;
  /** What this process found to be lost, and takes from the log again. */
  readonly repaired: Mended;
  /** Samples that were not written. */
  readonly lost: number;
  readonly dropped: DroppedProofs;
}

/** Written by this process since its start, repeats included. */
export interface IndexRows {
  readonly events: number;
  readonly batches: number;
  readonly blocks: number;
  readonly mainBlocks: number;
  readonly evidence: number;
}

/** Certificates of main-chain blocks that this process took in since its start, by what they were found to be. */
export type CertificateCounts = Readonly<Record<CertificateVerdict['type'], number>>;

/** Looks in a row that must find another log before it is believed. */
const OTHER_LOG_TIMES = 3;

interface ChainSinks {
  readonly headers: LogConsumer;
  readonly contents: ContentsSink | undefined;
}

/**
 * The sinks that fill an open index: of each chain that this process has its headers and contents, and the streams of the main chain. Each
 * tells the index how far it is, so that any process can go on where another one ended, and two at once do no harm.
 */
export class LiveIndex {
  readonly #options: LiveIndexOptions;
  readonly #chains = new Map<string, ChainSinks>();
  readonly #streams = new Map<StreamStatus['stream'], RecordStream<unknown>>();
  readonly #sampler: Sampler;
  readonly #rows = { events: 0, batches: 0, mainBlocks: 0, evidence: 0 };
  readonly #seen = new Map<string, SeenTimes>();
  readonly #mending: Mending;
  readonly #certificates = { verified: 0, unverified: 0, wrong: 0 };

  constructor(options: LiveIndexOptions) {
    this.#options = options;
    const { index, chains, sampleMs, onError } = options;
    this.#mending = new Mending(index, onError);
    this.#sampler = new Sampler({
      index,
      sources: () => {
        const mine = chains.filter(({ name, health }) => health !== undefined && this.#chains.has(name));
        return new Map(mine.map(({ name, health }) => [name, health?.() ?? []]));
      },
      lags: () => this.lags(),
      ...(sampleMs === undefined ? {} : { intervalMs: sampleMs }),
      ...(onError === undefined ? {} : { onError }),
    });
    this.#sampler.start();
  }

  get sampler(): Sampler {
    return this.#sampler;
  }

  /** Begins with a chain, unless it is under way. @returns what ends it */
  beginChain(name: string): () => Promise<void> {
    const chain = this.#options.chains.find((one) => one.name === name);
    if (chain === undefined) throw new RangeError(`the index has no chain ${name}`);
    const sinks = this.#chains.get(name) ?? this.#open(chain);
    this.#chains.set(name, sinks);
    return async () => {
      if (this.#chains.get(name) === sinks) this.#chains.delete(name);
      await Promise.all([sinks.headers.stop(), sinks.contents?.stop()]);
    };
  }

  /** As `LogConsumer` tells it, of every sink of a chain. */
  consumers(): ConsumerStatus[] {
    const { headers, contents } = this.status();
    return [
      ...headers,
      ...contents.map(({ chain, done, failures, lastError }) => ({
        ...{ name: 'contents', chain, done, failures, lastError },
      })),
    ];
  }

  /** Begins with the streams of the main chain and of evidence, unless they are under way. @returns what ends it */
  beginStreams(): () => Promise<void> {
    if (this.#streams.size === 0) this.#openStreams();
    const mine = [...this.#streams.values()];
    return async () => {
      this.#streams.clear();
      await Promise.all(mine.map((stream) => stream.stop()));
    };
  }

  status(): LiveIndexStatus {
    const chains = [...this.#chains.values()];
    const contents = chains.flatMap((sinks) => sinks.contents?.status() ?? []);
    return {
      headers: chains.map(({ headers }) => headers.status()),
      contents,
      streams: [...this.#streams].map(([stream, { lag }]) => ({ stream, lag })),
      rows: { ...this.#rows, blocks: contents.reduce((sum, { blocks }) => sum + blocks, 0) },
      certificates: { ...this.#certificates },
      repaired: this.#mending.repaired,
      lost: this.#sampler.lost,
      dropped: this.#sampler.dropped,
    };
  }

  /** How far behind everything is that this process does. */
  async lags(): Promise<Lag[]> {
    const { log, index } = this.#options;
    const now = Date.now();
    const lags: Lag[] = [];
    for (const [chain, { headers, contents }] of this.#chains) {
      const last = (await log.last(chain))?.number ?? 0;
      const unread = log.lag?.(chain) ?? 0;
      const behind = async (stream: string, done: number, left = Math.max(0, last - done)): Promise<Lag> => {
        // Of what is not in the local store yet, nobody knows the time: it counts from when it was seen.
        const since = this.#seenOf(`${chain} ${stream}`).look(now, done, last + unread);
        const written = left > 0 ? await writtenAt(log, chain, done + 1, now) : undefined;
        const seconds = written === undefined ? since : (now - written) / 1000;
        return { chain, stream, events: left + unread, seconds };
      };
      lags.push(await behind('headers', headers.status().done));
      if (contents === undefined) continue;
      const { done, backfill } = contents.status();
      lags.push(await behind('contents', done));
      const { left, oldest } = backfill;
      const begun = oldest === undefined ? undefined : await writtenAt(log, chain, oldest, now);
      const seconds = left === 0 || begun === undefined ? 0 : (now - begun) / 1000;
      lags.push({ chain, stream: 'backfill', events: left, seconds });
    }
    for (const [stream, { lag }] of this.#streams) {
      const done = lag === 0 ? 0 : await index.position(stream);
      const seconds = lag === 0 ? 0 : this.#seenOf(stream).look(now, done, done + lag);
      if (lag === 0) this.#seen.delete(stream);
      lags.push({ chain: '', stream, events: lag, seconds });
    }
    return lags;
  }

  #seenOf(what: string): SeenTimes {
    const known = this.#seen.get(what) ?? new SeenTimes();
    this.#seen.set(what, known);
    return known;
  }

  /** Ends everything; steps under way are finished first. */
  async stop(): Promise<void> {
    const chains = [...this.#chains.values()];
    const streams = [...this.#streams.values()];
    this.#chains.clear();
    this.#streams.clear();
    await Promise.all([
      ...chains.flatMap(({ headers, contents }) => [headers.stop(), contents?.stop()]),
      ...streams.map((stream) => stream.stop()),
      this.#sampler.stop(),
    ]);
  }

  #open(of: IndexChain): ChainSinks {
    const { name: chain, kind, depth } = of;
    const { log, index, blocks, gatherMs, retryMs, near, onOtherLog, onError } = this.#options;
    const build = contentsBuilder(kind);
    const told = {
      ...(onError === undefined ? {} : { onError }),
      ...(retryMs === undefined ? {} : { retryMs }),
    };
    const contents =
      build &&
      new ContentsSink({
        ...{ chain, build, log, index, blocks, book: bookOf(of) },
        ...(depth === undefined ? {} : { depth }),
        ...(near === undefined ? {} : { near }),
        ...told,
      });
    let otherLog = 0;
    const headers = headerSink({
      ...{ log, chain, index },
      check: async () => {
        await this.#mending.chain(chain);
        try {
          await checkSameLog(log, index, chain);
          otherLog = 0;
        } catch (error) {
          // The set may have been swapped a moment ago: what is so stays so.
          if (error instanceof OtherLogError && ++otherLog >= OTHER_LOG_TIMES) onOtherLog?.(error);
          throw error;
        }
      },
      ...(gatherMs === undefined ? {} : { gatherMs }),
      onWritten: (events, last) => {
        this.#rows.events += events;
        this.#rows.batches++;
        contents?.wake();
        this.#mending.written(chain, last);
      },
      ...told,
    });
    headers.start();
    contents?.start();
    return { headers, contents };
  }

  #openStreams(): void {
    const { streams, index, main } = this.#options;
    const [blocks, faults] = [streams.blocks(), streams.evidence()];
    const sets: ChosenSet = {
      writer: async () => {
        await this.#mending.records();
        return index.sets.writer();
      },
    };
    const mainBlocks = mainEffect({
      ...main,
      onCertificate: (verdict) => {
        this.#certificates[verdict]++;
      },
    });
    followInto<BlockRecord>(blocks, MAIN_STREAM, sets, async (writer, values, step) => {
      await mainBlocks(writer, values, step);
      this.#rows.mainBlocks += values.length;
    });
    followInto<EvidenceRecord>(faults, EVIDENCE_STREAM, sets, async (writer, values, step) => {
      await evidenceEffect(writer, values, step);
      this.#rows.evidence += values.length;
    });
    this.#streams.set('main', blocks);
    this.#streams.set('evidence', faults);
  }
}
