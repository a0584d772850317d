import type { EventLog } from '../log/eventLog.js';
import type { FormerIndexStore as IndexStore } from '../store/former.js';
import { LogConsumer } from './consumer.js';

export interface IndexSinkOptions {
  readonly log: EventLog;
  readonly chain: string;
  readonly store: IndexStore;
  /** Most events of one write. Default 5000. */
  readonly batch?: number;
  /** Time for writes to gather at the log's end. Default 500 ms. */
  readonly gatherMs?: number;
  readonly retryMs?: number;
  readonly onError?: (error: unknown) => void;
}

/** Takes one chain's events into the index, in batches beside the live work. A store that lost rows gets them again. */
export function indexSink(options: IndexSinkOptions): LogConsumer {
  const { log, chain, store, retryMs, onError } = options;
  return new LogConsumer({
    log,
    chain,
    name: 'index',
    batch: options.batch ?? 5000,
    gatherMs: options.gatherMs ?? 500,
    survived: () => store.lastNumber(chain),
    handle: async (events) => {
      await store.writeEvents(chain, events);
      return [];
    },
    ...(retryMs === undefined ? {} : { retryMs }),
    ...(onError === undefined ? {} : { onError }),
  });
}

/** Makes the index of one chain anew from the log. */
export async function rebuildIndex(sink: LogConsumer, store: IndexStore): Promise<void> {
  await store.clear(sink.status().chain);
  await sink.drain();
}
