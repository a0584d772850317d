import { CoreRestSource } from '../adapters/bitcoin/sources/coreRest.js';
import { CoreRpcSource } from '../adapters/bitcoin/sources/coreRpc.js';
import { EsploraSource } from '../adapters/bitcoin/sources/esplora.js';
import { HeadersFileSource } from '../adapters/bitcoin/sources/headersFile.js';
import { P2pSource } from '../adapters/bitcoin/sources/p2p.js';
import { EthereumRpcSource } from '../adapters/ethereum/sources/jsonRpc.js';
import type { Source } from '../adapters/source.js';
import type { SourceConfig } from '../config/schema.js';

/** Where a chain's history begins: a source without an index of heights counts from there. */
export interface SourceStart {
  readonly height: number;
  /** Internal byte order. */
  readonly hash: Uint8Array;
  /** Raw, where it is known. */
  readonly header?: Uint8Array | undefined;
}

/** Makes a source that a configuration names. @param start by default the network's genesis */
export function openSource(chain: string, config: SourceConfig, start?: SourceStart): Source {
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
