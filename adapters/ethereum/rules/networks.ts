import { ContainerType } from '@chainsafe/ssz';
import { fromHex, ZERO32 } from '../../../proofs/bytes.js';
import { Assurance } from '../../../proofs/containers/leaf.js';
import { Count64, Uint8 } from '../../../proofs/containers/primitives.js';
import { UnknownNetworkError } from '../../errors.js';
import type { NetworkInfo } from '../../types.js';

/** What fixes an Ethereum network besides its genesis. */
export const EthereumParametersType = new ContainerType(
  {
    /** EIP-155 */
    chainId: Count64,
    /** 1: times grow with each block and are not from the future; 0: a local network, whose clock is its own and may stand still. */
    checksTime: Uint8,
  },
  { typeName: 'EthereumParameters', jsonCase: 'eth2' },
);

/** From when on headers have more fields. */
export interface HeaderFork {
  /** Number of header fields. */
  readonly fields: number;
  /** First block height, or first block time in Unix seconds. */
  readonly from: { readonly height: number } | { readonly time: number };
}

export interface EthereumNetwork extends NetworkInfo {
  readonly chainId: number;
  readonly checksTime: boolean;
  /** Forks that changed the header, oldest first; empty for a local network, which may begin with any. */
  readonly forks: readonly HeaderFork[];
}

/** Headers that the main chain keeps of an attested chain: the deepest reorganisation it follows. */
const WINDOW = 4032;

function network(
  name: string,
  chainId: number,
  genesisHash: Uint8Array,
  forks: readonly HeaderFork[],
): EthereumNetwork {
  const checksTime = forks.length > 0;
  return {
    name,
    chainId,
    checksTime,
    forks,
    parameters: EthereumParametersType.serialize({ chainId, checksTime: checksTime ? 1 : 0 }),
    genesisHash,
    genesisHeader: undefined,
    window: WINDOW,
    assurance: Assurance.attested,
  };
}

/** Genesis hashes and fork times: go-ethereum `params/config.go`. Osaka adds no field. */
export const ethereumNetworks: readonly EthereumNetwork[] = [
  network(
    'ethereum-mainnet',
    1,
    fromHex('0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3'),
    [
      { fields: 15, from: { height: 0 } },
      { fields: 16, from: { height: 12_965_000 } },
      { fields: 17, from: { time: 1_681_338_455 } },
      { fields: 20, from: { time: 1_710_338_135 } },
      { fields: 21, from: { time: 1_746_612_311 } },
    ],
  ),
  network(
    'ethereum-sepolia',
    11155111,
    fromHex('0x25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9'),
    [
      { fields: 16, from: { height: 0 } },
      { fields: 17, from: { time: 1_677_557_088 } },
      { fields: 20, from: { time: 1_706_655_072 } },
      { fields: 21, from: { time: 1_741_159_776 } },
    ],
  ),
  // Development nodes (anvil, geth --dev): a genesis of their own each time, so the checkpoint stands for it.
  network('ethereum-local', 31337, ZERO32, []),
];

/** How many fields a header of this height and time has; `undefined` where any known number may be. */
export function headerFieldsAt(network: EthereumNetwork, height: number, time: number): number | undefined {
  const active = network.forks.filter(({ from }) =>
    'height' in from ? height >= from.height : time >= from.time,
  );
  return active.at(-1)?.fields;
}

/** @throws UnknownNetworkError */
export function ethereumNetwork(name: string): EthereumNetwork {
  const network = ethereumNetworks.find((one) => one.name === name);
  if (network !== undefined) return network;
  throw new UnknownNetworkError(
    name,
    ethereumNetworks.map((one) => one.name),
  );
}
