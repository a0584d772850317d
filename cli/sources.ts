import { CoreRestSource } from '../adapters/bitcoin/sources/coreRest.js';
import { CoreRpcSource } from '../adapters/bitcoin/sources/coreRpc.js';
import { EsploraSource } from '../adapters/bitcoin/sources/esplora.js';
import { HeadersFileSource } from '../adapters/bitcoin/sources/headersFile.js';
import { P2pSource } from '../adapters/bitcoin/sources/p2p.js';
import { UnknownNetworkError } from '../adapters/errors.js';
import {
  type ConsensusNetwork,
  consensusNetwork,
  consensusNetworks,
} from '../adapters/ethereum/consensus/networks.js';
import { BeaconApi } from '../adapters/ethereum/sources/beacon/api.js';
import { BeaconFile } from '../adapters/ethereum/sources/beacon/file.js';
import type { BeaconSource } from '../adapters/ethereum/sources/beacon/source.js';
import { EthereumRpcSource } from '../adapters/ethereum/sources/jsonRpc.js';
import type { Source } from '../adapters/source.js';
import { type BeaconSourceConfig, isBeaconSource, type SourceConfig, sourceName } from '../config/schema.js';

/** Where a chain's history begins: a source without an index of heights counts from there. */
export interface SourceStart {
  readonly height: number;
  /** Internal byte order. */
  readonly hash: Uint8Array;
  /** Raw, where it is known. */
  readonly header?: Uint8Array | undefined;
}

/** Those of a chain's sources that give headers and blocks, opened. @param start by default the network's genesis */
export function openSources(chain: string, configs: readonly SourceConfig[], start?: SourceStart): Source[] {
  return configs.flatMap((config, i) =>
    isBeaconSource(config) ? [] : [openSource(chain, config, sourceName(config, i), start)],
  );
}

/** Those of a chain's sources that give its finality, opened; none for a chain that is not followed by sync committee. @throws UnknownNetworkError */
export function openBeaconSources(chain: string, configs: readonly SourceConfig[]): BeaconSource[] {
  return configs.flatMap((config, i) =>
    isBeaconSource(config) ? [openBeaconSource(chain, config, sourceName(config, i))] : [],
  );
}

/** Where each source is, for the log alone: host and port, or the file; what else a URL has may be secret. */
export function sourcePlaces(
  configs: readonly SourceConfig[],
): { readonly source: string; readonly type: SourceConfig['type']; readonly at: string }[] {
  return configs.map((config, i) => ({
    source: sourceName(config, i),
    type: config.type,
    at: 'url' in config ? new URL(config.url).host : 'path' in config ? config.path : config.address,
  }));
}

function openBeaconSource(chain: string, config: BeaconSourceConfig, name: string): BeaconSource {
  const network = beaconNetwork(chain);
  if (config.type === 'beacon-file') return new BeaconFile(network, { name, path: config.path });
  return new BeaconApi(network, { name, url: config.url, requestsPerSecond: config.requestsPerSecond });
}

/** @throws UnknownNetworkError for a chain whose beacon chain is not known */
export function beaconNetwork(chain: string): ConsensusNetwork {
  const network = consensusNetwork(chain);
  if (network !== undefined) return network;
  throw new UnknownNetworkError(
    chain,
    consensusNetworks.map(({ name }) => name),
  );
}

function openSource(
  chain: string,
  config: Exclude<SourceConfig, BeaconSourceConfig>,
  name: string,
  start?: SourceStart,
): Source {
  if (config.type === 'ethereum-rpc') {
    const { url, requestsPerSecond } = config;
    return new EthereumRpcSource({ chain, name, url, requestsPerSecond });
  }
  if (config.type === 'bitcoin-p2p') {
    const { address } = config;
    return new P2pSource({ chain, name, address, ...(start === undefined ? {} : { checkpoint: start }) });
  }
  if (config.type === 'bitcoin-rest') return new CoreRestSource({ chain, name, url: config.url });
  if (config.type === 'esplora') {
    const { url, requestsPerSecond } = config;
    return new EsploraSource({ chain, name, url, requestsPerSecond });
  }
  if (config.type === 'bitcoin-headers-file')
    return new HeadersFileSource({ chain, name, path: config.path, checkpoint: start });
  const { url, user, password, cookieFile } = config;
  const auth =
    cookieFile !== undefined
      ? { cookieFile }
      : user !== undefined
        ? { user, password: password ?? '' }
        : undefined;
  return new CoreRpcSource({
    ...{ chain, name, url },
    ...(auth === undefined ? {} : { auth }),
    ...(start === undefined ? {} : { checkpoint: start }),
  });
}
