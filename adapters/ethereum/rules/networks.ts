import { ContainerType } from '@chainsafe/ssz';
import { bytesEqual, fromHex, ZERO32 } from '../../../proofs/bytes.js';
import { Assurance } from '../../../proofs/containers/leaf.js';
import { Count64, Uint8 } from '../../../proofs/containers/primitives.js';
import { UnknownNetworkError } from '../../errors.js';
import type { NetworkInfo } from '../../types.js';
import { NetworkDefinitionError } from './errors.js';

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
  /** EIP-155 */
  readonly chainId: number;
  readonly checksTime: boolean;
  /** Forks that changed the header, oldest first; empty where headers may have any known number of fields. */
  readonly forks: readonly HeaderFork[];
  /**
   * `ethereum`: everything that a header of Ethereum's public networks shows by itself and its parent. `evm`: hash, link,
   * number, time and gas used alone, for chains whose other rules are their own.
   */
  readonly rules: 'ethereum' | 'evm';
  /** Made known to this process by a definition of the user's own. */
  readonly custom: boolean;
}

/** Headers that the main chain keeps of an attested chain: the deepest reorganisation it follows. */
export const ATTESTED_WINDOW = 4032;

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
    rules: checksTime ? 'ethereum' : 'evm',
    custom: false,
    parameters: EthereumParametersType.serialize({ chainId, checksTime: checksTime ? 1 : 0 }),
    genesisHash,
    genesisHeader: undefined,
    window: ATTESTED_WINDOW,
    assurance: Assurance.attested,
  };
}

/** Times of a public network's forks by their number of header fields; from the genesis on, `first` fields. */
function timed(first: number, times: readonly (readonly [fields: number, time: number])[]): HeaderFork[] {
  return [
    { fields: first, from: { height: 0 } },
    ...times.map(([fields, time]) => ({ fields, from: { time } })),
  ];
}

const builtIn: readonly EthereumNetwork[] = [
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
    timed(16, [
      [17, 1_677_557_088],
      [20, 1_706_655_072],
      [21, 1_741_159_776],
      [23, 1_791_294_816],
    ]),
  ),
  network(
    'ethereum-hoodi',
    560048,
    fromHex('0xbbe312868b376a3001692a646dd2d7d1e4406380dfd86b98aa8a34d1557c971b'),
    timed(20, [[21, 1_742_999_832]]),
  ),
  network(
    'ethereum-holesky',
    17000,
    fromHex('0xb5f7f912443c940f21fd611f12828d75b534364ed9e95ca4e307729a4661bde4'),
    timed(16, [
      [17, 1_696_000_704],
      [20, 1_707_305_664],
      [21, 1_740_434_112],
    ]),
  ),
  // Headers from before its merge are sealed in another form (AuRa), which is refused: so that checkpoints are later blocks.
  network(
    'gnosis-mainnet',
    100,
    fromHex('0x4f1dd23188aab3a76b463e4af801b52b1248ef073c648cbdc4c9333d3da79756'),
    timed(16, [
      [17, 1_690_889_660],
      [20, 1_710_181_820],
      [21, 1_746_021_820],
    ]),
  ),
  network(
    'gnosis-chiado',
    10200,
    fromHex('0xada44fd8d2ecab8b08f256af07ad3e777f17fb434f8f8e678b312f576212ba9a'),
    timed(16, [
      [17, 1_684_934_220],
      [20, 1_706_724_940],
      [21, 1_741_254_220],
    ]),
  ),
  // Development nodes (anvil, geth --dev): a genesis of their own each time, so the checkpoint stands for it.
  network('ethereum-local', 31337, ZERO32, []),
];

const all = [...builtIn];

/**
 * Every network this process knows: the built-in ones and what `addEthereumNetwork` added. Genesis hashes and fork times:
 * go-ethereum `params/config.go` and `params/chainspecs`; Gnosis: Nethermind `GnosisSpecProvider`, `ChiadoSpecProvider`. Osaka adds no field.
 */
export const ethereumNetworks: readonly EthereumNetwork[] = all;

/** No more networks than this are kept. */
const MAX_NETWORKS = 64;

/**
 * Makes a network known to this process, as `customEthereumNetwork` makes them. Adding the same one again does nothing.
 * @returns the network that is known
 * @throws NetworkDefinitionError if the name stands for something else, if it would pass for a built-in network, or if too
 * many are known
 */
export function addEthereumNetwork(added: EthereumNetwork): EthereumNetwork {
  const known = all.find((one) => one.name === added.name);
  if (known !== undefined) {
    if (
      known.custom &&
      bytesEqual(known.parameters, added.parameters) &&
      bytesEqual(known.genesisHash, added.genesisHash)
    )
      return known;
    throw new NetworkDefinitionError(
      added.name,
      known.custom ? 'is known already, with other rules' : 'is built in',
    );
  }
  const twin = builtIn.find(
    (one) =>
      one.rules === 'ethereum' &&
      (one.chainId === added.chainId || bytesEqual(one.genesisHash, added.genesisHash)),
  );
  if (twin !== undefined)
    throw new NetworkDefinitionError(added.name, `has the chain id or the genesis of ${twin.name}`);
  if (all.length >= MAX_NETWORKS)
    throw new NetworkDefinitionError(added.name, `more than ${MAX_NETWORKS} networks`);
  all.push(added);
  return added;
}

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
