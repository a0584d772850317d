import type { Logger } from 'pino';
import type { HeaderBook } from '../../indexers/follow/book.js';
import { LogReplica } from '../../indexers/follow/replica.js';
import type { EventLog } from '../../indexers/log/eventLog.js';
import type { ConsumerStatus } from '../../indexers/sinks/consumer.js';
import { transactionSink } from '../../indexers/sinks/transactionSink.js';
import type { ApiConfig, Worker } from '../../relay/apiService.js';
import { replicatedChain } from '../../relay/bind.js';
import type { RelayChain } from '../../relay/ports.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { proofData } from './answers.js';
import { lightClientWorkers, type OpenedChain } from './openChain.js';

/** What a process that others follow the chains for answers from. */
export interface Replicated {
  readonly chains: readonly RelayChain[];
  readonly books: readonly HeaderBook[];
  readonly data: ApiConfig['data'];
  readonly workers: readonly Worker[];
  /** How far each consumer of the log is. */
  readonly consumers: () => readonly ConsumerStatus[];
}

/** Headers from the log, blocks from own sources, places of transactions in the own store. */
export function replicate(
  opened: readonly OpenedChain[],
  eventLog: EventLog,
  store: KeyValueStore,
  log: Logger,
): Replicated {
  const onError = (error: unknown, what: string) => log.warn({ err: error }, what);
  const replicas = opened.map(({ name, kind, checkpoint }) => {
    const told = (error: unknown) => onError(error, `the replica of ${name} failed; it tries again`);
    return new LogReplica({ chain: name, kind, checkpoint, log: eventLog, store, onError: told });
  });
  const books = replicas.map(({ book }) => book);
  const byName = new Map(replicas.map(({ chain, book }) => [chain, book]));
  const { blocks, data } = proofData(opened, byName, store, (chain, source, error) =>
    log.warn({ err: error, chain, source: source.name }, 'a source failed'),
  );
  const sinkError = (error: unknown) => onError(error, 'a sink failed; it tries again');
  const sinks = books.map((book) =>
    transactionSink({ log: eventLog, store, book, blocks, onError: sinkError }),
  );
  const chains = opened.map((chain, i): RelayChain => {
    const { name, kind, registration, init } = chain;
    const { sources, lightClient } = chain.opened;
    const replica = replicas[i];
    if (replica === undefined) throw new RangeError(`no replica of ${name}`);
    const local = replicatedChain(replica, { sources, ...(lightClient ? { lightClient } : {}) });
    return { name, kind, registration, wanted: init.wanted, local, finality: lightClient };
  });
  return {
    chains,
    books,
    data,
    workers: [
      ...replicas.map((replica) => ({
        name: `replica of ${replica.chain}`,
        start: () => replica.start(),
        stop: () => replica.stop(),
      })),
      ...lightClientWorkers(opened),
      ...sinks.map((sink) => ({
        name: `transactions of ${sink.status().chain}`,
        start: () => sink.start(),
        stop: () => sink.stop(),
      })),
    ],
    consumers: () => sinks.map((sink) => sink.status()),
  };
}
