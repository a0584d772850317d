import type { Logger } from 'pino';
import type { HeaderBook } from '../../indexers/follow/book.js';
import type { EvidenceBook } from '../../indexers/follow/evidence.js';
import type { Follower } from '../../indexers/follow/follower.js';
import type { EventLog } from '../../indexers/log/eventLog.js';
import type { LogStreams } from '../../indexers/log/streams.js';
import type { BlockSource } from '../../indexers/sinks/contents/writer.js';
import { EvidencePublisher } from '../../indexers/sinks/evidencePublisher.js';
import { type IndexHandle, IndexService } from '../../indexers/sinks/indexService.js';
import { MainPublisher } from '../../indexers/sinks/mainPublisher.js';
import { progressLine } from '../../indexers/sinks/rebuild/progress.js';
import type { RebuildContents } from '../../indexers/sinks/rebuild/rebuild.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { httpClient } from '../../mainchain/rpc/http.js';
import { type Genesis, GenesisType } from '../../proofs/containers/genesis.js';
import { ChainSpecType } from '../../proofs/containers/spec.js';
import { trustFromGenesis } from '../../proofs/verify/trust.js';
import { publishedMain } from '../../relay/bindMain.js';
import { failoverClient } from '../../relay/submit/failover.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import type { OpenedChain } from './openChain.js';

export interface IndexingOptions {
  readonly index: IndexHandle;
  readonly log: EventLog & LogStreams;
  /** The log's local store. */
  readonly store: KeyValueStore;
  readonly genesis: Genesis;
  /** JSON-RPC of every delegate, `http://…`. */
  readonly nodes: readonly string[];
  readonly chains: readonly OpenedChain[];
  /** While this process follows the chain. */
  readonly follower: (chain: string) => Follower | undefined;
  /** The header book that this process keeps in step, if any at the moment. */
  readonly book: (chain: string) => HeaderBook | undefined;
  readonly blocks: BlockSource;
  /** Whether the index is made anew first, and where its blocks' contents come from. */
  readonly rebuild?: RebuildContents | undefined;
  readonly logger: Logger;
}

/** What publishes into the log besides followers, and what fills the index from it. */
export interface Indexing {
  readonly service: IndexService;
  /** Begins with a chain that this process follows. @returns what ends it */
  chain(name: string, evidence: EvidenceBook): () => Promise<void>;
  /** Begins with the main chain's blocks, which one process at a time publishes. @returns what ends it */
  main(): () => Promise<void>;
}

/** Nothing of it has begun yet. */
export function indexing(options: IndexingOptions): Indexing {
  const { index, log, store, genesis, nodes, chains, follower, book, blocks, logger } = options;
  const warn = (what: string) => (error: unknown) => logger.warn({ err: error }, what);
  const genesisRoot = GenesisType.hashTreeRoot(genesis);
  const client = failoverClient(
    nodes.map((url, i) => {
      const name = `delegate ${i}`;
      return { name, client: httpClient({ url, name }) };
    }),
    { genesisRoot },
  );
  const service = new IndexService({
    ...{ index, log, blocks, genesisRoot },
    trust: {
      trust: trustFromGenesis(genesis),
      bls: blstBls,
      handovers: (fromTerm) => client.handovers(fromTerm),
    },
    streams: log,
    chains: chains.map(({ name, kind, registration, init }) => ({
      ...{ name, kind },
      book: () => book(name),
      specRoot: ChainSpecType.hashTreeRoot(registration.spec),
      depth: init.contentsDepth,
      health: () => follower(name)?.status().sources ?? [],
    })),
    onError: warn('the index; it tries again'),
    onProgress: (progress) => logger.info(progress, progressLine(progress)),
    ...(options.rebuild === undefined ? {} : { rebuild: options.rebuild }),
  });
  return {
    service,
    chain(name, evidence) {
      const onError = warn(`evidence of ${name} is not published yet`);
      const publisher = new EvidencePublisher({ streams: log, chain: name, evidence, store, onError });
      publisher.start();
      const end = service.begin(name);
      return async () => void (await Promise.all([publisher.stop(), end()]));
    },
    main() {
      const publisher = new MainPublisher({
        streams: log,
        main: publishedMain(client, genesisRoot),
        store,
        onError: warn('the main chain is not published; it tries again'),
      });
      publisher.start();
      const end = service.beginStreams();
      return async () => void (await Promise.all([publisher.stop(), end()]));
    },
  };
}
