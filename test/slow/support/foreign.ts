import { fileURLToPath } from 'node:url';
import { launchAnvil } from '../../../devnet/anvil.js';
import { cookiePath } from '../../../devnet/bitcoin/rpc/cookie.js';
import type { ForeignNode } from '../../../devnet/foreignNode.js';
import { launchRegtest } from '../../../devnet/regtest.js';
import { callNode, type RpcEndpoint } from '../../../devnet/rpcClient.js';
import type { Ports } from './up.js';

const REGTEST = fileURLToPath(new URL('../../../dist/devnet/bitcoin/main.js', import.meta.url));

/** Foreign nodes that live apart from `up`. */
export interface ForeignNodes {
  readonly bitcoin: ForeignNode;
  readonly ethereum: ForeignNode;
  readonly bitcoinRpc: RpcEndpoint;
  readonly ethereumRpc: RpcEndpoint;
}

export async function startForeignNodes(
  folder: string,
  ports: Ports,
  blockIntervalMs: number,
): Promise<ForeignNodes> {
  const [bitcoin, ethereum] = await Promise.all([
    launchRegtest({ dataDir: `${folder}/bitcoin`, port: ports.bitcoin, blockIntervalMs }, REGTEST),
    launchAnvil({ dataDir: `${folder}/anvil`, port: ports.ethereum, blockTime: 1, stateInterval: 1 }),
  ]);
  return {
    bitcoin,
    ethereum,
    bitcoinRpc: { url: bitcoin.url, ...(bitcoin.auth === undefined ? {} : { auth: bitcoin.auth }) },
    ethereumRpc: { url: ethereum.url },
  };
}

/** Configuration of `up` over those nodes. */
export function externalChains(folder: string, nodes: ForeignNodes): object {
  return {
    chains: [
      {
        name: 'bitcoin-regtest',
        policy: 'confirmations(2)',
        pollMilliseconds: 250,
        sources: [
          { type: 'bitcoin-core', url: nodes.bitcoin.url, cookieFile: cookiePath(`${folder}/bitcoin`) },
        ],
      },
      {
        name: 'ethereum-local',
        policy: 'finalized',
        pollMilliseconds: 250,
        sources: [{ type: 'ethereum-rpc', url: nodes.ethereum.url }],
      },
    ],
  };
}

export const bitcoinHashAt = (rpc: RpcEndpoint) => async (height: number) =>
  String(await callNode(rpc, 'getblockhash', [height]));

export const ethereumHashAt = (rpc: RpcEndpoint) => async (height: number) => {
  const block = await callNode(rpc, 'eth_getBlockByNumber', [`0x${height.toString(16)}`, false]);
  return (block as { hash: string }).hash;
};
