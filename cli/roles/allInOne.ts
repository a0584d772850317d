import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { IndexConfig } from '../../config/index.js';
import type { LogConfig } from '../../config/log.js';
import type { HeaderBook } from '../../indexers/follow/book.js';
import { Follower } from '../../indexers/follow/follower.js';
import type { EventLog } from '../../indexers/log/eventLog.js';
import type { RebuildContents } from '../../indexers/sinks/rebuild/rebuild.js';
import { transactionSink } from '../../indexers/sinks/transactionSink.js';
import { parseGenesisFile } from '../../mainchain/genesis/file.js';
import { FileKeys } from '../../mainchain/node/keys.js';
import type { Worker } from '../../relay/apiService.js';
import { bookPages, followedChain } from '../../relay/bind.js';
import type { RelayListener } from '../../relay/events.js';
import { relayMetrics } from '../../relay/metrics.js';
import type { RelayChain } from '../../relay/ports.js';
import { RelayService } from '../../relay/service.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { watchClock } from '../clock.js';
import { showDisk } from '../diskMetrics.js';
import { showIndex } from '../indexMetrics.js';
import { openLog } from '../openLog.js';
import { passphraseOf } from '../passphrase.js';
import { showSources } from '../sourceMetrics.js';
import { commonAnswers, type HttpOptions, LOW_BALANCE, proofData, scheme } from './answers.js';
import type { ChainInit } from './chainInit.js';
import { indexing } from './indexing.js';
import { openMeasuredIndex, presentStore } from './indexStore.js';
import { lightClientWorkers, mayReverseFinality, type OpenedChain, openChain } from './openChain.js';
import { type Running, starting, stopPatiently } from './running.js';
import { openStore } from './store.js';

export interface AllInOneOptions {
  /** `relay` and `index` are in it. */
  readonly dataDir: string;
  readonly genesisFile: string;
  readonly operatorDir: string;
  /** Of the operator's keys; by default the folder's own. */
  readonly passphrase?: string | undefined;
  /** JSON-RPC of every delegate, `http://…`. */
  readonly nodes: readonly string[];
  readonly chains: readonly ChainInit[];
  readonly http: HttpOptions;
  /** Where the event log is. */
  readonly log: LogConfig;
  /** Where the index is. */
  readonly index: IndexConfig;
  /** Whether the index is made anew first, and where its blocks' contents come from. */
  readonly rebuild?: RebuildContents | undefined;
  readonly onEvent: RelayListener;
}

interface Followed {
  readonly opened: OpenedChain;
  readonly follower: Follower;
  readonly chain: RelayChain;
}

/** Everything beside the delegates in one process: followers, log, index, submitters, API and page. */
export function startAllInOne(options: AllInOneOptions, log: Logger): Promise<Running> {
  return starting(async (stopping) => {
    const genesis = parseGenesisFile(await readFile(options.genesisFile, 'utf8'));
    const { operatorDir, dataDir } = options;
    const passphrase = await passphraseOf(operatorDir, options.passphrase);
    const keys = await FileKeys.open(join(operatorDir, 'keys'), passphrase);
    const store = await openStore(join(dataDir, 'relay'));
    stopping.add(() => store.close());
    const logHandle = await openLog(options.log, store, (trouble) =>
      log.warn({ err: trouble }, 'the event log'),
    );
    stopping.add(() => logHandle.close());
    const eventLog = logHandle.log;
    const followed = await Promise.all(options.chains.map((init) => follow(init, eventLog, store, log)));
    for (const { opened } of followed) stopping.add(() => opened.opened.close());
    const books = new Map<string, HeaderBook>(
      followed.map(({ follower }) => [follower.chain, follower.book]),
    );
    const chains = followed.map(({ opened }) => opened);
    const { blocks, data } = proofData(chains, books, store, (chain, source, error) => {
      log.warn({ err: error, chain, source: source.name }, 'a source failed');
      const of = followed.find(({ follower }) => follower.chain === chain);
      of?.follower.blame(source, error).catch((failure) => log.error({ err: failure }, 'no evidence kept'));
    });
    const metrics = relayMetrics();
    const follower = (name: string) => followed.find((one) => one.follower.chain === name)?.follower;
    const { service: index, ...indexed } = indexing({
      ...{ store, genesis, chains, follower, blocks, nodes: options.nodes, log: eventLog, logger: log },
      index: openMeasuredIndex(options.index, join(dataDir, 'index'), metrics.registry, log),
      book: (name) => books.get(name),
      rebuild: options.rebuild,
    });
    stopping.add(() => index.stop());
    const onError = (error: unknown) => log.warn({ err: error }, 'a sink failed; it tries again');
    const workers: Worker[] = [
      ...followed.map(({ follower }) => ({
        name: `follower of ${follower.chain}`,
        start: () => follower.start(),
        stop: () => follower.stop(),
      })),
      ...lightClientWorkers(chains),
      ...followed.map(({ follower }) => {
        const sink = transactionSink({ log: eventLog, store, book: follower.book, blocks, onError });
        return {
          name: `transactions of ${follower.chain}`,
          start: () => sink.start(),
          stop: () => sink.stop(),
        };
      }),
      ...followed.map(({ follower: { chain, evidence } }) =>
        worker(`index of ${chain}`, () => indexed.chain(chain, evidence)),
      ),
      worker('the main chain’s blocks', () => indexed.main()),
    ];
    const fallback = bookPages([...books.values()]);
    const service = await RelayService.start({
      ...commonAnswers({ ...options, genesis, log }),
      operator: keys.account,
      chains: followed.map(({ chain }) => chain),
      data,
      pages: { page: (chain, from, limit) => (index.available ? index : fallback).page(chain, from, limit) },
      scheme,
      index: presentStore(index),
      onProof: (proof) => index.served(proof),
      workers,
      store,
      metrics,
      lowBalance: LOW_BALANCE,
    });
    stopping.add(() => service.stop());
    logHandle.show(metrics.registry);
    showDisk(dataDir, metrics.registry);
    stopping.add(
      watchClock(
        followed.flatMap(({ opened }) => opened.opened.sources),
        metrics.registry,
        log,
      ),
    );
    showIndex(index, eventLog, metrics.registry);
    showSources(
      () => [...books.keys()].map((chain) => ({ chain, sources: follower(chain)?.status().sources ?? [] })),
      metrics.registry,
    );
    return {
      url: service.url,
      stop: () => stopPatiently(stopping, logHandle),
    };
  });
}

/** Work that is begun and ended by one function each. */
function worker(name: string, begin: () => () => Promise<void>): Worker {
  let end: (() => Promise<void>) | undefined;
  return {
    name,
    start() {
      end = begin();
    },
    stop: async () => end?.(),
  };
}

async function follow(
  init: ChainInit,
  eventLog: EventLog,
  store: KeyValueStore,
  log: Logger,
): Promise<Followed> {
  const opened = await openChain(init, store, log);
  const { name, kind, registration, checkpoint } = opened;
  const { lightClient, sources } = opened.opened;
  const follower = await Follower.open({
    ...{ chain: name, kind, checkpoint, sources, log: eventLog, store },
    pollMs: init.pollMilliseconds,
    finalityReversal: mayReverseFinality(opened),
    onError: opened.onError,
  });
  const local = followedChain(follower, lightClient);
  return {
    opened,
    follower,
    chain: { name, kind, registration, wanted: init.wanted, local, finality: lightClient },
  };
}
