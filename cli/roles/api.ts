import { rm } from 'node:fs/promises';
import type { Logger } from 'pino';
import { ApiService } from '../../relay/apiService.js';
import { bookPages } from '../../relay/bind.js';
import { withIndex } from '../../relay/indexed.js';
import { relayMetrics } from '../../relay/metrics.js';
import { watchClock } from '../clock.js';
import { showDisk } from '../diskMetrics.js';
import { showConsumers, showDropped } from '../indexMetrics.js';
import { openLog } from '../openLog.js';
import { commonAnswers } from './answers.js';
import { openMeasuredIndex, presentStore } from './indexStore.js';
import { openBlockSources } from './openChain.js';
import type { RelayOptions } from './relay.js';
import { replicate } from './replicated.js';
import { type Running, starting } from './running.js';
import { openStore } from './store.js';
import { throwAwayFolder } from './throwAway.js';

export type ApiOptions = Omit<RelayOptions, 'dataDir' | 'operatorDir' | 'passphrase'>;

/** Answers from the log, the index and its own sources of blocks. It has no keys, and keeps nothing beyond its end. */
export function startApi(options: ApiOptions, log: Logger): Promise<Running> {
  return starting(async (stopping) => {
    const folder = await throwAwayFolder();
    stopping.add(() => rm(folder, { recursive: true, force: true }));
    const store = await openStore(folder);
    stopping.add(() => store.close());
    const eventLog = await openLog(options.log, store, (trouble) =>
      log.warn({ err: trouble }, 'the event log'),
    );
    stopping.add(() => eventLog.close());
    const chains = options.chains.map((init) => {
      const chain = openBlockSources(init, log);
      stopping.add(() => chain.opened.close());
      return chain;
    });
    const { books, consumers, ...replicated } = replicate(chains, eventLog.log, store, log);
    const metrics = relayMetrics();
    const index = openMeasuredIndex(options.index, undefined, metrics.registry, log);
    stopping.add(() => index.close());
    const indexed = withIndex(presentStore(index), (error) =>
      log.debug({ err: error }, 'proofs that were sent are not noted yet'),
    );
    const service = await ApiService.start({
      ...commonAnswers({ ...options, log }),
      ...replicated,
      workers: [...replicated.workers, indexed.worker],
      pages: bookPages(books),
      index: indexed.index,
      onProof: indexed.onProof,
      metrics,
    });
    stopping.add(() => service.stop());
    eventLog.show(metrics.registry);
    showDisk(folder, metrics.registry);
    stopping.add(
      watchClock(
        chains.flatMap(({ opened }) => opened.sources),
        metrics.registry,
        log,
      ),
    );
    showDropped(indexed.dropped, metrics.registry);
    showConsumers(consumers, eventLog.log, metrics.registry);
    return { url: service.url, stop: () => stopping.stop() };
  });
}
