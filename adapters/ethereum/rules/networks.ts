import { ContainerType } from '@chainsafe/ssz';
import { fromHex, ZERO32 } from '../../../proofs/bytes.js';
import { Assurance } from '../../../proofs/containers/leaf.js';
import { Count64, Uint8 } from '../../../proofs/containers/primitives.js';
import type { NetworkInfo } from '../../types.js';

/** What fixes an Ethereum network besides its genesis. */
export const EthereumParametersType = new ContainerType(
  {
    /** EIP-155 */
    chainId: Count64,
    /** 1: headers from the future are refused; 0: a local network, whose clock is its own. */
    checksClock: Uint8,
  },
  { typeName: 'EthereumParameters', jsonCase: 'eth2' },
);

export interface EthereumNetwork extends NetworkInfo {
  readonly chainId: number;
  readonly checksClock: boolean;
}

/** Headers that the main chain keeps of an attested chain: the deepest reorganisation it follows. */
const WINDOW = 4032;

function network(
  name: string,
  chainId: number,
  genesisHash: Uint8Array,
  checksClock: boolean,
): EthereumNetwork {
  return {
    name,
    chainId,
    checksClock,
    parameters: EthereumParametersType.serialize({ chainId, checksClock: checksClock ? 1 : 0 }),
    genesisHash,
    genesisHeader: undefined,
    window: WINDOW,
    assurance: Assurance.attested,
  };
}

/** Genesis hashes: go-ethereum `params/config.go`. */
export const ethereumNetworks: readonly EthereumNetwork[] = [
  network(
    'ethereum-mainnet',
    1,
    fromHex('0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3'),
    true,
  ),
  network(
    'ethereum-sepolia',
    11155111,
    fromHex('0x25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9'),
    true,
  ),
  // Development nodes (anvil, geth --dev): a genesis of their own each time, so the checkpoint stands for it.
  network('ethereum-local', 31337, ZERO32, false),
];
