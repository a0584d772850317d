import { type ChainConfig, hasLocalBeacon, type SourceConfig } from '../../config/schema.js';
import { DRIVEN, launchAnvil } from '../../devnet/anvil.js';
import { cookiePath } from '../../devnet/bitcoin/rpc/cookie.js';
import { launchBitcoin } from '../../devnet/bitcoind.js';
import { PortInUseError } from '../../devnet/errors.js';
import type { ForeignNode } from '../../devnet/foreignNode.js';
import type { RpcEndpoint } from '../../devnet/rpcClient.js';
import type { DataFolder } from '../init/data.js';
import { ServicePortError } from './errors.js';
import { devnetPort } from './ports.js';

/** Milliseconds between blocks of the local chains. */
const BITCOIN_BLOCK_MS = 2000;
const ETHEREUM_BLOCK_MS = 1000;

/** A local foreign node that `up` runs. */
export interface RunningForeign {
  readonly chain: string;
  readonly node: ForeignNode;
  readonly sources: readonly SourceConfig[];
  /** How payments reach it. */
  readonly endpoint: RpcEndpoint;
}

/**
 * Starts the node of a chain configured as `devnet`.
 * @param setting where the configuration has its port
 * @throws MissingBinaryError, ServicePortError, NodeStartError
 */
export async function startForeign(
  chain: ChainConfig,
  data: DataFolder,
  setting: string,
): Promise<RunningForeign> {
  try {
    return await launch(chain, data);
  } catch (error) {
    if (!(error instanceof PortInUseError)) throw error;
    throw new ServicePortError(`the local ${chain.name} node`, error.port, setting);
  }
}

async function launch(chain: ChainConfig, data: DataFolder): Promise<RunningForeign> {
  const dataDir = data.foreign(chain.name);
  const port = devnetPort(chain.name, chain.devnet?.port);
  const every = chain.devnet?.blockMilliseconds;
  if (chain.name === 'ethereum-local') {
    const node = await launchAnvil({
      dataDir,
      port,
      ...(hasLocalBeacon(chain)
        ? DRIVEN
        : { blockTime: Math.max(1, Math.round((every ?? ETHEREUM_BLOCK_MS) / 1000)) }),
    });
    return {
      chain: chain.name,
      node,
      sources: [{ type: 'ethereum-rpc', url: node.url }],
      endpoint: { url: node.url },
    };
  }
  const bitcoind = chain.devnet?.bitcoind;
  const node = await launchBitcoin({
    dataDir,
    port,
    p2pPort: 0,
    blockIntervalMs: every ?? BITCOIN_BLOCK_MS,
    ...(bitcoind === undefined ? {} : { bitcoind }),
  });
  return {
    chain: chain.name,
    node,
    sources: [
      ...(node.p2p === undefined ? [] : [{ type: 'bitcoin-p2p' as const, address: node.p2p }]),
      { type: 'bitcoin-core', url: node.url, cookieFile: cookiePath(dataDir) },
    ],
    endpoint: { url: node.url, ...(node.auth === undefined ? {} : { auth: node.auth }) },
  };
}

/** What the node is, for people. */
export function foreignWords(node: ForeignNode): string {
  const names = {
    anvil: 'Ethereum node (anvil)',
    bitcoind: 'Bitcoin node (bitcoind, regtest)',
    regtest: 'Bitcoin node (built-in, regtest)',
  };
  return names[node.kind];
}
