import { join } from 'node:path';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { IndexConfig } from '../../config/index.js';
import type { LogConfig } from '../../config/log.js';
import { type SharedChain, SharedChains } from '../../indexers/group/sharedChains.js';
import type { SharedUnit } from '../../indexers/group/unitRunner.js';
import { MAIN_UNIT } from '../../indexers/log/kafka/topics.js';
import { BlockCache } from '../../indexers/sinks/blockCache.js';
import type { RebuildContents } from '../../indexers/sinks/rebuild/rebuild.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import { watchClock } from '../clock.js';
import { showDisk } from '../diskMetrics.js';
import { showIndex } from '../indexMetrics.js';
import { openLog } from '../openLog.js';
import { showGroup, showSources } from '../sourceMetrics.js';
import type { ChainInit } from './chainInit.js';
import { indexing } from './indexing.js';
import { openMeasuredIndex } from './indexStore.js';
import { mayReverseFinality, openChain } from './openChain.js';
import { type Running, starting, stopPatiently } from './running.js';
import { StatusServer } from './statusServer.js';
import { openStore } from './store.js';

export interface IndexRoleOptions {
  /** Its own: what it copies from the log, and how far its sinks are. */
  readonly dataDir: string;
  readonly genesis: Genesis;
  /** JSON-RPC of every delegate, `http://…`. */
  readonly nodes: readonly string[];
  readonly chains: readonly ChainInit[];
  readonly http: { readonly host: string; readonly port: number };
  readonly log: LogConfig;
  readonly index: IndexConfig;
  /** Whether the index is made anew first, and where its blocks' contents come from. */
  readonly rebuild?: RebuildContents | undefined;
}

/** Group in which indexers share the chains and the main chain's blocks. */
const GROUP = 'indexers';

/** Follows those chains that are its own into the log and publishes the main chain's blocks; others take over within seconds. */
export function startIndex(options: IndexRoleOptions, log: Logger): Promise<Running> {
  return starting(async (stopping) => {
    const store = await openStore(options.dataDir);
    stopping.add(() => store.close());
    const warn = (what: string) => (error: unknown) => log.warn({ err: error }, what);
    const handle = await openLog(options.log, store, warn('the event log'));
    stopping.add(() => handle.close());
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    handle.show(registry);
    showDisk(options.dataDir, registry);

    const opened = await Promise.all(
      options.chains.map(async (init) => {
        const chain = await openChain(init, store, log);
        stopping.add(() => chain.opened.close());
        return chain;
      }),
    );
    for (const { opened: sources } of opened) {
      sources.lightClient?.start();
      stopping.add(() => sources.lightClient?.stop());
    }
    stopping.add(
      watchClock(
        opened.flatMap((chain) => chain.opened.sources),
        registry,
        log,
      ),
    );
    const blocks = new BlockCache({
      sources: new Map(opened.map(({ name, opened: { sources } }) => [name, sources])),
      onFailure: (chain, source, error) => {
        log.warn({ err: error, chain, source: source.name }, 'a source failed');
        const blamed = shared.follower(chain)?.blame(source, error);
        blamed?.catch((failure: unknown) => log.error({ err: failure }, 'no evidence kept'));
      },
    });
    const { service, ...indexed } = indexing({
      ...{ store, blocks, chains: opened, log: handle.log, logger: log },
      ...{ genesis: options.genesis, nodes: options.nodes, rebuild: options.rebuild },
      index: openMeasuredIndex(options.index, join(options.dataDir, 'index'), registry, log),
      follower: (name) => shared.follower(name),
      book: (name) => shared.book(name),
    });
    stopping.add(() => service.stop());
    const chains = opened.map((chain): SharedChain => {
      const { name, kind, checkpoint, onError } = chain;
      return {
        follower: {
          ...{ chain: name, kind, checkpoint, store, onError, log: handle.log },
          sources: chain.opened.sources,
          pollMs: chain.init.pollMilliseconds,
          finalityReversal: mayReverseFinality(chain),
        },
        begin: async ({ evidence }) => indexed.chain(name, evidence),
      };
    });
    const main: SharedUnit = {
      name: MAIN_UNIT,
      open: async () => ({ ended: new Promise<never>(() => undefined), stop: indexed.main() }),
    };
    const shared = new SharedChains({
      chains,
      units: [main],
      group: handle.group(GROUP),
      onError: (error, unit) => log.warn({ err: error, unit }, 'shared work'),
      onChange: () => log.info({ units: shared.chains }, 'shared work'),
    });
    const names = options.chains.map(({ name }) => name);
    showIndex(service, handle.log, registry);
    showGroup([...names, MAIN_UNIT], () => shared, registry);
    showSources(
      () => names.map((chain) => ({ chain, sources: shared.follower(chain)?.status().sources ?? [] })),
      registry,
    );
    const status = await StatusServer.start({
      ...options.http,
      registry,
      checks: {
        async work() {
          const troubled = shared.status().find(({ lastError }) => lastError !== undefined);
          if (troubled !== undefined) throw new Error(`${troubled.unit}: ${troubled.lastError}`);
        },
      },
    });
    stopping.add(() => status.close());
    shared.start();
    stopping.add(() => shared.stop());
    return { url: status.url, stop: () => stopPatiently(stopping, handle) };
  });
}
