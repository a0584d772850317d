import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { chainKinds } from '../../adapters/registry.js';
import { parseGenesisFile } from '../../mainchain/genesis/file.js';
import { FileKeys } from '../../mainchain/node/keys.js';
import { MainChainNode } from '../../mainchain/node/node.js';
import { LocalClient } from '../../mainchain/rpc/local.js';
import { RpcServer } from '../../mainchain/rpc/server.js';
import { RegistrationType } from '../../proofs/containers/calls.js';
import { SourceAttestor } from '../attestor.js';
import { watchClock } from '../clock.js';
import { showDisk } from '../diskMetrics.js';
import { nodeMetrics } from '../nodeMetrics.js';
import { passphraseOf } from '../passphrase.js';
import { openSources, sourcePlaces } from '../sources.js';
import type { ChainInit } from './chainInit.js';
import { type Running, starting } from './running.js';
import { openStore } from './store.js';

/** Where somebody listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface NodeOptions {
  /** The delegate's folder: `keys` and `chain` in it. */
  readonly dataDir: string;
  /** Of its keys; by default the folder's own. */
  readonly passphrase?: string | undefined;
  readonly genesisFile: string;
  /** For the other delegates. */
  readonly listen: Endpoint;
  /** For JSON-RPC and `/metrics`. */
  readonly rpc: Endpoint;
  /** The other delegates. */
  readonly peers: readonly Endpoint[];
  readonly chains: readonly ChainInit[];
}

/** One delegate: its node, its RPC, its own eyes on the foreign chains. */
export function startNode(options: NodeOptions, log: Logger): Promise<Running> {
  return starting(async (stopping) => {
    const genesis = parseGenesisFile(await readFile(options.genesisFile, 'utf8'));
    const passphrase = await passphraseOf(options.dataDir, options.passphrase);
    const keys = await FileKeys.open(join(options.dataDir, 'keys'), passphrase);
    const chains = options.chains.map((chain) => {
      const registration = RegistrationType.deserialize(chain.registration);
      const start = { ...registration.spec.checkpoint, header: registration.checkpointHeader };
      log.info({ chain: chain.name, sources: sourcePlaces(chain.sources) }, 'sources');
      const sources = openSources(chain.name, chain.sources, start);
      stopping.add(() => Promise.all(sources.map((source) => source.close())));
      return { registration, wanted: chain.wanted, sources };
    });
    const store = await openStore(join(options.dataDir, 'chain'));
    stopping.add(() => store.close());
    const metrics = nodeMetrics();
    showDisk(options.dataDir, metrics.registry);
    stopping.add(
      watchClock(
        chains.flatMap(({ sources }) => sources),
        metrics.registry,
        log,
      ),
    );
    const node = await MainChainNode.start({
      metrics,
      store,
      genesis,
      kinds: chainKinds,
      keys,
      attestor: new SourceAttestor(chains),
      listen: options.listen,
      peers: options.peers,
      logger: log,
      onFatal: (error) => {
        throw error;
      },
    });
    stopping.add(() => node.stop());
    const rpc = await RpcServer.start({
      client: new LocalClient(node),
      ...options.rpc,
      logger: log,
      metrics: () => metrics.text(),
    });
    stopping.add(() => rpc.stop());
    return { url: rpc.url, stop: () => stopping.stop() };
  });
}
