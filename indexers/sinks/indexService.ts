import type { ChainKind, ForeignHeader } from '../../adapters/types.js';
import type { EventLog } from '../log/eventLog.js';
import { openIndexStore } from '../store/chdbStore.js';
import { IndexUnavailableError } from '../store/errors.js';
import type { FormerIndexStore as IndexStore } from '../store/former.js';
import { UnavailableIndexStore } from '../store/unavailable.js';
import type { ConsumerStatus, LogConsumer } from './consumer.js';
import { indexSink, rebuildIndex } from './indexSink.js';

export interface IndexServiceOptions {
  /** Folder of the embedded index. */
  readonly folder: string;
  readonly log: EventLog;
  readonly chains: readonly { readonly name: string; readonly kind: ChainKind }[];
  /** Opens the store. Default: chDB in `folder`. */
  readonly open?: (folder: string, onError?: (error: IndexUnavailableError) => void) => Promise<IndexStore>;
  readonly onError?: (error: unknown) => void;
}

/** The index and its sinks. It opens in the background and may be missing: queries then say why, the rest goes on. */
export class IndexService {
  readonly #options: IndexServiceOptions;
  #store: IndexStore = new UnavailableIndexStore(new IndexUnavailableError('it is still being opened'));
  #sinks = new Map<string, LogConsumer>();
  #opening: Promise<void> | undefined;
  #stopped = false;

  constructor(options: IndexServiceOptions) {
    this.#options = options;
  }

  /** For queries. */
  get store(): IndexStore {
    return this.#store;
  }

  get available(): boolean {
    return !(this.#store instanceof UnavailableIndexStore);
  }

  status(): readonly ConsumerStatus[] {
    return [...this.#sinks.values()].map((sink) => sink.status());
  }

  start(): void {
    this.#opening ??= this.#open();
  }

  /** Resolves once the store is open, or known to be unavailable. */
  async opened(): Promise<void> {
    await this.#opening;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#opening;
    await Promise.all([...this.#sinks.values()].map((sink) => sink.stop()));
    const store = this.#store;
    this.#store = new UnavailableIndexStore(new IndexUnavailableError('it has been closed'));
    await store.close();
  }

  /** Best-chain headers from `from` upwards, at most `limit`. @throws IndexUnavailableError, IndexQueryError */
  async page(chain: string, from: number, limit: number): Promise<ForeignHeader[]> {
    const kind = this.#options.chains.find((one) => one.name === chain)?.kind;
    if (kind === undefined) return [];
    const rows = await this.#store.headers(chain, { from, limit });
    return rows.map((row) => kind.decode(row.raw, row.height));
  }

  /** Makes the index of every chain anew from the log. @throws IndexUnavailableError, IndexQueryError */
  async rebuild(): Promise<void> {
    if (!this.available) await this.#store.counts();
    for (const sink of this.#sinks.values()) await rebuildIndex(sink, this.#store);
  }

  async #open(): Promise<void> {
    const { folder, log, chains, onError, open = openIndexStore } = this.#options;
    try {
      this.#store = await open(folder, onError);
    } catch (error) {
      this.#store = new UnavailableIndexStore(new IndexUnavailableError('it could not be opened', error));
      onError?.(error);
    }
    if (!this.available || this.#stopped) return;
    for (const { name } of chains) {
      const sink = indexSink({
        log,
        chain: name,
        store: this.#store,
        ...(onError === undefined ? {} : { onError }),
      });
      this.#sinks.set(name, sink);
      sink.start();
    }
  }
}
