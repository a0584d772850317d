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
import { type BeaconSourceConfig, isBeaconSource, type SourceConfig } from '../config/schema.js';

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
  return configs.flatMap((config) => (isBeaconSource(config) ? [] : [openSource(chain, config, start)]));
}

/** Those of a chain's sources that give its finality, opened; none for a chain that is not followed by sync committee. @throws UnknownNetworkError */
export function openBeaconSources(chain: string, configs: readonly SourceConfig[]): BeaconSource[] {
  return configs.filter(isBeaconSource).map((config) => openBeaconSource(chain, config));
}

function openBeaconSource(chain: string, config: BeaconSourceConfig): BeaconSource {
  const network = beaconNetwork(chain);
  if (config.type === 'beacon-file') return new BeaconFile(network, { path: config.path });
  return new BeaconApi(network, { url: config.url, requestsPerSecond: config.requestsPerSecond });
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
  start?: SourceStart,
): Source {
  if (config.type === 'ethereum-rpc') {
    const { url, requestsPerSecond } = config;
    return new EthereumRpcSource({ chain, url, requestsPerSecond });
  }
  if (config.type === 'bitcoin-p2p') {
    const { address } = config;
    return new P2pSource({ chain, address, ...(start === undefined ? {} : { checkpoint: start }) });
  }
  if (config.type === 'bitcoin-rest') return new CoreRestSource({ chain, url: config.url });
  if (config.type === 'esplora') {
    const { url, requestsPerSecond } = config;
    return new EsploraSource({ chain, url, requestsPerSecond });
  }
  if (config.type === 'bitcoin-headers-file')
    return new HeadersFileSource({ chain, path: config.path, checkpoint: start });
  const { url, user, password, cookieFile } = config;
  const auth =
    cookieFile !== undefined
      ? { cookieFile }
      : user !== undefined
        ? { user, password: password ?? '' }
        : undefined;
  return new CoreRpcSource({ chain, url, ...(auth === undefined ? {} : { auth }) });
}
