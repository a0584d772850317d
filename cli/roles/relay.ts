import { join } from 'node:path';
import type { Logger } from 'pino';
import type { IndexConfig } from '../../config/index.js';
import type { LogConfig } from '../../config/log.js';
import { FileKeys } from '../../mainchain/node/keys.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import { bookPages } from '../../relay/bind.js';
import { withIndex } from '../../relay/indexed.js';
import { relayMetrics } from '../../relay/metrics.js';
import { RelayService } from '../../relay/service.js';
import { watchClock } from '../clock.js';
import { showDisk } from '../diskMetrics.js';
import { showConsumers } from '../indexMetrics.js';
import { openLog } from '../openLog.js';
import { passphraseOf } from '../passphrase.js';
import { showGroup } from '../sourceMetrics.js';
import { commonAnswers, type HttpOptions, LOW_BALANCE, scheme } from './answers.js';
import type { ChainInit } from './chainInit.js';
import { openMeasuredIndex, presentStore } from './indexStore.js';
import { openChain } from './openChain.js';
import { replicate } from './replicated.js';
import { type Running, starting } from './running.js';
import { openStore } from './store.js';

export interface RelayOptions {
  /** Its own: what it copies from the log. */
  readonly dataDir: string;
  /** `keys` of its account, which no other relay has. */
  readonly operatorDir: string;
  /** Of its keys; by default the folder's own. */
  readonly passphrase?: string | undefined;
  readonly genesis: Genesis;
  /** JSON-RPC of every delegate, `http://…`. */
  readonly nodes: readonly string[];
  readonly chains: readonly ChainInit[];
  readonly http: HttpOptions;
  readonly log: LogConfig;
  readonly index: IndexConfig;
}

/** Group in which relays share the chains. */
const GROUP = 'relays';

/** Submits to the main chain what others follow into the log, sharing the chains with other relays; answers like an API server. */
export function startRelay(options: RelayOptions, log: Logger): Promise<Running> {
  return starting(async (stopping) => {
    const { operatorDir } = options;
    const passphrase = await passphraseOf(operatorDir, options.passphrase);
    const keys = await FileKeys.open(join(operatorDir, 'keys'), passphrase);
    const store = await openStore(options.dataDir);
    stopping.add(() => store.close());
    const eventLog = await openLog(options.log, store, (trouble) =>
      log.warn({ err: trouble }, 'the event log'),
    );
    stopping.add(() => eventLog.close());
    const chains = await Promise.all(
      options.chains.map(async (init) => {
        const chain = await openChain(init, store, log);
        stopping.add(() => chain.opened.close());
        return chain;
      }),
    );
    const replicated = replicate(chains, eventLog.log, store, log);
    const metrics = relayMetrics();
    const index = openMeasuredIndex(options.index, undefined, metrics.registry, log);
    stopping.add(() => index.close());
    const indexed = withIndex(presentStore(index), (error) =>
      log.debug({ err: error }, 'proofs that were sent are not noted yet'),
    );
    const service = await RelayService.start({
      ...commonAnswers({ ...options, log }),
      chains: replicated.chains,
      data: replicated.data,
      pages: bookPages(replicated.books),
      workers: [...replicated.workers, indexed.worker],
      index: indexed.index,
      onProof: indexed.onProof,
      metrics,
      operator: keys.account,
      scheme,
      store,
      lowBalance: LOW_BALANCE,
      group: eventLog.group(GROUP),
    });
    stopping.add(() => service.stop());
    eventLog.show(metrics.registry);
    showDisk(options.dataDir, metrics.registry);
    stopping.add(
      watchClock(
        chains.flatMap(({ opened }) => opened.sources),
        metrics.registry,
        log,
      ),
    );
    showConsumers(replicated.consumers, eventLog.log, metrics.registry);
    const group = () => ({ chains: service.group.units, losses: service.group.losses });
    const names = chains.map(({ name }) => name);
    showGroup(names, group, metrics.registry);
    return { url: service.url, stop: () => stopping.stop() };
  });
}
