import { CoreRpcSource } from '../adapters/bitcoin/sources/coreRpc.js';
import { EthereumRpcSource } from '../adapters/ethereum/sources/jsonRpc.js';
import type { Source } from '../adapters/source.js';
import type { SourceConfig } from '../config/schema.js';

/** Makes the sources that a configuration names. */
export function openSource(chain: string, config: SourceConfig): Source {
  if (config.type === 'ethereum-rpc') return new EthereumRpcSource({ chain, url: config.url });
  const { url, user, password, cookieFile } = config;
  const auth =
    cookieFile !== undefined
      ? { cookieFile }
      : user !== undefined
        ? { user, password: password ?? '' }
        : undefined;
  return new CoreRpcSource({ chain, url, ...(auth === undefined ? {} : { auth }) });
}
