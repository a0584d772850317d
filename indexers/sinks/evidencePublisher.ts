import type { KeyValueStore } from '../../storage/keyValue.js';
import type { EvidenceBook, NumberedEvidence } from '../follow/evidence.js';
import { readUint64, Table, tableKey, uint64 } from '../keys.js';
import type { EvidenceRecord } from '../log/records.js';
import type { LogStreams, RecordStream } from '../log/streams.js';
import { pause } from '../pause.js';

export interface EvidencePublisherOptions {
  readonly streams: Pick<LogStreams, 'evidence'>;
  readonly chain: string;
  readonly evidence: Pick<EvidenceBook, 'list'>;
  /** Has the evidence, and the cursor. */
  readonly store: KeyValueStore;
  /** Default 2000. */
  readonly pollMs?: number;
  readonly onError?: (error: unknown) => void;
}

/** The book keeps so many. */
const KEPT = 1000;
const BATCH = 50;
const MAX_RETRY_MS = 30_000;
/** Most characters of a message; the record has room for 64 KiB. */
const MAX_TEXT = 8192;

/** Publishes what the evidence book of one chain has, oldest first; its cursor moves once a batch is durable. */
export class EvidencePublisher {
  readonly #options: EvidencePublisherOptions;
  readonly #key: Uint8Array;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: EvidencePublisherOptions) {
    this.#options = options;
    this.#key = tableKey(Table.logCursor, 'evidence-publisher', options.chain);
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { streams, pollMs = 2000, onError } = this.#options;
    const { signal } = this.#stop;
    const stream = streams.evidence();
    for (let failures = 0; !signal.aborted; ) {
      let wait = pollMs;
      try {
        await this.#publish(stream);
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        onError?.(error);
        wait = Math.min(MAX_RETRY_MS, pollMs * 2 ** Math.min(10, failures++));
      }
      await pause(wait, signal);
    }
    await stream.stop();
  }

  async #publish(stream: RecordStream<EvidenceRecord>): Promise<void> {
    const { chain, evidence, store } = this.#options;
    const kept = store.get(this.#key);
    const done = kept === undefined ? 0 : readUint64(kept);
    const [newest] = await evidence.list(chain, 1);
    if (newest === undefined || newest.number <= done) return;
    const found = await evidence.list(chain, Math.min(KEPT, newest.number - done));
    const open = found.filter(({ number }) => number > done).reverse();
    for (let at = 0; at < open.length && !this.#stop.signal.aborted; at += BATCH) {
      const batch = open.slice(at, at + BATCH);
      await stream.publish(batch.map((one) => ({ chain, evidence: encoded(one) })));
      const last = batch.at(-1)?.number ?? done;
      await store.batch([{ type: 'put', key: this.#key, value: uint64(last) }]);
    }
  }
}

function encoded(evidence: NumberedEvidence): Uint8Array {
  const { message, source } = evidence;
  return new TextEncoder().encode(
    JSON.stringify({ ...evidence, message: message.slice(0, MAX_TEXT), source: source.slice(0, 256) }),
  );
}
