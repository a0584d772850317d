import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { LogConfig } from '../../config/log.js';
import type { Follower } from '../../indexers/follow/follower.js';
import { type SharedChain, SharedChains } from '../../indexers/group/sharedChains.js';
import type { SharedUnit } from '../../indexers/group/unitRunner.js';
import { MAIN_UNIT } from '../../indexers/log/kafka/topics.js';
import { EvidencePublisher } from '../../indexers/sinks/evidencePublisher.js';
import { MainPublisher } from '../../indexers/sinks/mainPublisher.js';
import { httpClient } from '../../mainchain/rpc/http.js';
import { type Genesis, GenesisType } from '../../proofs/containers/genesis.js';
import { publishedMain } from '../../relay/bindMain.js';
import { failoverClient } from '../../relay/submit/failover.js';
import { LevelStore } from '../../storage/level.js';
import { openLog } from '../openLog.js';
import { showGroup, showSources } from '../sourceMetrics.js';
import type { ChainInit } from './chainInit.js';
import { mayReverseFinality, openChain } from './openChain.js';
import { type Running, starting } from './running.js';
import { StatusServer } from './statusServer.js';

export interface IndexRoleOptions {
  /** Its own: what it copies from the log, and how far its sinks are. */
  readonly dataDir: string;
  readonly genesis: Genesis;
  /** JSON-RPC of every delegate, `http://…`. */
  readonly nodes: readonly string[];
  readonly chains: readonly ChainInit[];
  readonly http: { readonly host: string; readonly port: number };
  readonly log: LogConfig;
}

/** Group in which indexers share the chains and the main chain's blocks. */
const GROUP = 'indexers';

/** Follows those chains that are its own into the log and publishes the main chain's blocks; others take over within seconds. */
export function startIndex(options: IndexRoleOptions, log: Logger): Promise<Running> {
  return starting(async (stopping) => {
    const store = await LevelStore.open(options.dataDir);
    stopping.add(() => store.close());
    const warn = (what: string) => (error: unknown) => log.warn({ err: error }, what);
    const handle = await openLog(options.log, store, warn('the event log'));
    stopping.add(() => handle.close());
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    handle.show(registry);

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
    const chains = opened.map((chain): SharedChain => {
      const { name, kind, checkpoint, onError } = chain;
      return {
        follower: {
          ...{ chain: name, kind, checkpoint, store, onError, log: handle.log },
          sources: chain.opened.sources,
          pollMs: chain.init.pollMilliseconds,
          finalityReversal: mayReverseFinality(chain),
        },
        begin: (follower) => along(follower),
      };
    });
    const along = async ({ chain, evidence }: Follower) => {
      const onError = warn(`evidence of ${chain} is not published yet`);
      const publisher = new EvidencePublisher({ streams: handle.log, chain, evidence, store, onError });
      publisher.start();
      return () => publisher.stop();
    };

    const client = failoverClient(
      options.nodes.map((url, i) => ({ name: `delegate ${i}`, client: httpClient({ url }) })),
    );
    const main: SharedUnit = {
      name: MAIN_UNIT,
      async open() {
        const publisher = new MainPublisher({
          streams: handle.log,
          main: publishedMain(client, GenesisType.hashTreeRoot(options.genesis)),
          store,
          onError: warn('the main chain is not published; it tries again'),
        });
        publisher.start();
        return { ended: new Promise<never>(() => undefined), stop: () => publisher.stop() };
      },
    };
    const shared = new SharedChains({
      chains,
      units: [main],
      group: handle.group(GROUP),
      onError: (error, unit) => log.warn({ err: error, unit }, 'shared work'),
      onChange: () => log.info({ units: shared.chains }, 'shared work'),
    });
    const names = options.chains.map(({ name }) => name);
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
    return { url: status.url, stop: () => stopping.stop() };
  });
}
