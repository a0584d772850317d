import { bytesEqual } from '../../proofs/bytes.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { readUint64, Table, tableKey, uint64 } from '../keys.js';
import type { BlockRecord } from '../log/records.js';
import type { LogStreams, RecordStream, StreamStep } from '../log/streams.js';
import { pause } from '../pause.js';
import { MainBlockMissingError, MainConflictError } from './errors.js';
import { type MainBlock, type MainTip, mainBlock, mainStep } from './mainChain.js';

/** The main chain as far as it is published. Failures are tried again. */
export interface MainBlocks {
  readonly genesisRoot: Uint8Array;
  finalizedHeight(): Promise<number>;
  /** The finalised block of a height; `undefined` if no node has it now. */
  block(height: number): Promise<BlockRecord | undefined>;
}

export interface MainPublisherOptions {
  readonly streams: Pick<LogStreams, 'blocks'>;
  readonly main: MainBlocks;
  /** The log's local store: how far the stream was read. */
  readonly store: KeyValueStore;
  /** Default 1000. */
  readonly pollMs?: number;
  readonly onError?: (error: unknown) => void;
}

export interface MainPublisherStatus {
  /** Newest height in the stream, as far as it was read or written. */
  readonly published: number | undefined;
  readonly finalized: number | undefined;
  /** Failures in a row. */
  readonly failures: number;
  readonly lastError: string | undefined;
}

const NAME = 'publisher';
/** Blocks of one publish, and of them fetched at once. */
const BATCH = 64;
const PARALLEL = 8;
const MAX_RETRY_MS = 30_000;

/**
 * Publishes every finalised block of the main chain, once and in order. It goes on from what the stream has, which it reads
 * all the time; where two publish at once, readers drop what comes twice.
 */
export class MainPublisher {
  readonly #options: MainPublisherOptions;
  readonly #stop = new AbortController();
  #stream: RecordStream<BlockRecord> | undefined;
  #loop: Promise<void> | undefined;
  /** The last block of the stream, by `mainStep`. */
  #end: MainTip | undefined;
  /** The last that this process published. */
  #sent: MainTip | undefined;
  #finalized: number | undefined;
  #failures = 0;
  #lastError: string | undefined;

  constructor(options: MainPublisherOptions) {
    this.#options = options;
  }

  status(): MainPublisherStatus {
    return {
      published: this.#tip()?.height,
      finalized: this.#finalized,
      failures: this.#failures,
      lastError: this.#lastError,
    };
  }

  start(): void {
    if (this.#loop !== undefined) return;
    this.#end = this.#kept();
    const stream = this.#options.streams.blocks();
    this.#stream = stream;
    stream.follow(NAME, async (values, step) => this.#read(values, step));
    this.#loop = this.#run(stream);
  }

  /** A publish under way is finished first, or fails by its own limit. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#stream?.stop();
    await this.#loop;
  }

  /** Takes in what the stream has; nothing is set aside here, which is for the sinks. */
  #read(values: readonly BlockRecord[], _step: StreamStep) {
    for (const value of values) {
      const block = mainBlock(value);
      if (mainStep(this.#end, block, this.#options.main.genesisRoot).type === 'next') this.#end = block;
    }
    return this.#end === undefined
      ? []
      : [
          {
            type: 'put' as const,
            key: endKey,
            value: new Uint8Array([...uint64(this.#end.height), ...this.#end.hash]),
          },
        ];
  }

  #kept(): MainTip | undefined {
    const value = this.#options.store.get(endKey);
    return value && { height: readUint64(value), hash: value.slice(8) };
  }

  #tip(): MainTip | undefined {
    const [end, sent] = [this.#end, this.#sent];
    return sent !== undefined && sent.height > (end?.height ?? -1) ? sent : end;
  }

  async #run(stream: RecordStream<BlockRecord>): Promise<void> {
    const { pollMs = 1000, onError } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      let wait = pollMs;
      try {
        // After a failure it is not known what arrived: the stream tells.
        if (this.#sent === undefined) await stream.caughtUp();
        while (!signal.aborted && (await this.#publish(stream)));
        this.#failures = 0;
        this.#lastError = undefined;
      } catch (error) {
        if (signal.aborted) return;
        this.#sent = undefined;
        this.#lastError = error instanceof Error ? error.message : String(error);
        onError?.(error);
        wait = Math.min(MAX_RETRY_MS, pollMs * 2 ** Math.min(10, this.#failures++));
      }
      await pause(wait, signal);
    }
  }

  /** @returns whether there may be more */
  async #publish(stream: RecordStream<BlockRecord>): Promise<boolean> {
    const { main } = this.#options;
    this.#finalized = await main.finalizedHeight();
    const tip = this.#tip();
    const from = tip === undefined ? 0 : tip.height + 1;
    const to = Math.min(this.#finalized, from + BATCH - 1);
    if (from > to) {
      if (tip !== undefined && tip.height <= this.#finalized) await this.#compare(tip);
      return false;
    }
    const blocks = await this.#blocks(from, to);
    let last = tip;
    for (const block of blocks) {
      const step = mainStep(last, block, main.genesisRoot);
      if (step.type !== 'next')
        throw new MainConflictError(block.height, step.type === 'refused' ? step.reason : 'it comes again');
      last = block;
    }
    await stream.publish(blocks.map(({ record }) => record));
    this.#sent = last;
    return to < this.#finalized;
  }

  /** Once a round at the end: whether the stream's last block is the main chain's. */
  async #compare(tip: MainTip): Promise<void> {
    const [block] = await this.#blocks(tip.height, tip.height);
    if (block !== undefined && !bytesEqual(block.hash, tip.hash))
      throw new MainConflictError(tip.height, 'the main chain has another one there, and both are final');
  }

  async #blocks(from: number, to: number): Promise<MainBlock[]> {
    const blocks: MainBlock[] = [];
    for (let at = from; at <= to; at += PARALLEL) {
      const heights = Array.from({ length: Math.min(PARALLEL, to - at + 1) }, (_, i) => at + i);
      const found = await Promise.all(heights.map((height) => this.#options.main.block(height)));
      for (const [i, record] of found.entries()) {
        if (record === undefined) throw new MainBlockMissingError(at + i);
        blocks.push(mainBlock(record));
      }
    }
    return blocks;
  }
}

const endKey = tableKey(Table.streamTip, 'blocks', NAME);
