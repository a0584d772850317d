import type { EventLog } from '../log/eventLog.js';
import type { IndexWriter } from '../store/indexStore.js';
import { LogConsumer } from './consumer.js';

export interface HeaderSinkOptions {
  readonly log: EventLog;
  readonly chain: string;
  readonly index: Pick<IndexWriter, 'writeEvents' | 'lastNumber'>;
  /** Most events of one write. Default 20,000: some 10 MB. */
  readonly batch?: number;
  /** Time for writes to gather at the log's end. Default 500 ms. */
  readonly gatherMs?: number;
  readonly retryMs?: number;
  /** Asked before the first step, and whenever the index is elsewhere than this sink left it. */
  readonly check?: () => Promise<void>;
  /** Told of each write: how many events, and the number of the last. */
  readonly onWritten?: (events: number, last: number) => void;
  readonly onError?: (error: unknown) => void;
}

/**
 * Takes one chain's events into the index, in batches beside the live work. The index says how far it is, so that one that lost rows, or
 * another set of tables, gets what it lacks.
 */
export function headerSink(options: HeaderSinkOptions): LogConsumer {
  const { log, chain, index, retryMs, check, onWritten, onError } = options;
  let left: number | undefined;
  return new LogConsumer({
    log,
    chain,
    name: 'index',
    batch: options.batch ?? 20_000,
    gatherMs: options.gatherMs ?? 500,
    survived: async () => {
      let number = await index.lastNumber(chain);
      if (number !== left && check !== undefined) {
        await check();
        // It may have been stepped back.
        number = await index.lastNumber(chain);
      }
      left = number;
      return number;
    },
    handle: async (events) => {
      await index.writeEvents(chain, events);
      left = events.at(-1)?.number;
      onWritten?.(events.length, left ?? 0);
      return [];
    },
    ...(retryMs === undefined ? {} : { retryMs }),
    ...(onError === undefined ? {} : { onError }),
  });
}
