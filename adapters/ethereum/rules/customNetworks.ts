import { ByteVectorType, ContainerType, ListCompositeType } from '@chainsafe/ssz';
import { ZERO32 } from '../../../proofs/bytes.js';
import { Assurance } from '../../../proofs/containers/leaf.js';
import { Bytes32, Count64, Uint8 } from '../../../proofs/containers/primitives.js';
import { forkCode } from '../consensus/forks.js';
import type { ForkActivation } from '../consensus/networks.js';
import { NetworkDefinitionError } from './errors.js';
import { FIELD_COUNTS } from './header.js';
import { ATTESTED_WINDOW, type EthereumNetwork, type HeaderFork } from './networks.js';

/** Most forks of one definition. */
export const MAX_FORKS = 32;

const ForkType = new ContainerType(
  {
    fields: Uint8,
    /** 0: `from` is a height; 1: a time in Unix seconds. */
    byTime: Uint8,
    from: Count64,
  },
  { typeName: 'HeaderFork', jsonCase: 'eth2' },
);

/**
 * `ChainSpec.parameters` of a network that is not built in: all that headers are checked by, so that those who follow it
 * under one spec root check the same.
 */
export const CustomParametersType = new ContainerType(
  {
    chainId: Count64,
    checksTime: Uint8,
    /** 0: `evm`; 1: `ethereum`. */
    rules: Uint8,
    forks: new ListCompositeType(ForkType, MAX_FORKS),
    /** `beaconForksRoot`; zero for a network without a beacon chain. */
    beaconForks: Bytes32,
  },
  { typeName: 'CustomEthereumParameters', jsonCase: 'eth2' },
);

const BeaconScheduleType = new ContainerType(
  {
    forks: new ListCompositeType(
      new ContainerType({ code: Uint8, epoch: Count64, version: new ByteVectorType(4) }),
      MAX_FORKS,
    ),
    /** First epoch of a fork that is not known, and one more; zero for none. */
    unsupportedFrom: Count64,
  },
  { typeName: 'BeaconSchedule', jsonCase: 'eth2' },
);

/** The forks of a network's beacon chain as one hash: signatures are checked by them. */
export function beaconForksRoot(
  forks: readonly ForkActivation[],
  unsupportedFrom: number | undefined,
): Uint8Array {
  return BeaconScheduleType.hashTreeRoot({
    forks: forks.map(({ fork, epoch, version }) => ({ code: forkCode(fork), epoch, version })),
    unsupportedFrom: unsupportedFrom === undefined ? 0 : unsupportedFrom + 1,
  });
}

/** A network of the user's own, as its file says it; see docs/formats.md. */
export interface EthereumNetworkDefinition {
  /** 3 to 64 of a–z, 0–9 and `-`, beginning with a letter. */
  readonly name: string;
  /** EIP-155 */
  readonly chainId: number;
  /** Whether times grow with each block and are not from the future. */
  readonly checksTime: boolean;
  /** 32 bytes; zero where the checkpoint stands for it. */
  readonly genesisHash: Uint8Array;
  /** Oldest first; empty where headers may have any known number of fields. */
  readonly forks: readonly HeaderFork[];
  readonly rules: EthereumNetwork['rules'];
  /** `beaconForksRoot`, where it has a beacon chain. */
  readonly beaconForks?: Uint8Array;
}

const NAME = /^[a-z][a-z0-9-]{2,63}$/;

/**
 * Checks a definition. It becomes known by `addEthereumNetwork`.
 * @throws NetworkDefinitionError
 */
export function customEthereumNetwork(definition: EthereumNetworkDefinition): EthereumNetwork {
  const { name, chainId, checksTime, genesisHash, forks, rules } = definition;
  const refuse = (problem: string): never => {
    throw new NetworkDefinitionError(name, problem);
  };
  if (!NAME.test(name)) refuse('a name has 3 to 64 of a-z, 0-9, -, and begins with a letter');
  if (name.startsWith('bitcoin-')) refuse('names that begin with bitcoin- are of another kind of chain');
  if (!Number.isSafeInteger(chainId) || chainId < 1) refuse('its chain id is no positive integer');
  if (genesisHash.length !== 32) refuse(`its genesis hash has ${genesisHash.length} bytes`);
  checkForks(forks, rules, refuse);
  return {
    name,
    chainId,
    checksTime,
    forks,
    rules,
    custom: true,
    parameters: CustomParametersType.serialize({
      chainId,
      checksTime: checksTime ? 1 : 0,
      rules: rules === 'ethereum' ? 1 : 0,
      forks: forks.map(({ fields, from }) =>
        'time' in from ? { fields, byTime: 1, from: from.time } : { fields, byTime: 0, from: from.height },
      ),
      beaconForks: definition.beaconForks ?? ZERO32,
    }),
    genesisHash,
    genesisHeader: undefined,
    window: ATTESTED_WINDOW,
    assurance: Assurance.attested,
  };
}

/** Field counts grow, heights come before times, each later than the one before, and the first is the genesis. */
function checkForks(
  forks: readonly HeaderFork[],
  rules: EthereumNetwork['rules'],
  refuse: (problem: string) => never,
): void {
  if (forks.length > MAX_FORKS) refuse(`it has more than ${MAX_FORKS} forks`);
  const [first] = forks;
  if (rules === 'ethereum' && first === undefined) refuse('Ethereum’s rules need its forks');
  if (first !== undefined && !('height' in first.from && first.from.height === 0))
    refuse('its first fork is not from height 0');
  let before: HeaderFork | undefined;
  for (const fork of forks) {
    const at = 'time' in fork.from ? fork.from.time : fork.from.height;
    if (!FIELD_COUNTS.includes(fork.fields)) refuse(`no known fork has ${fork.fields} header fields`);
    if (!Number.isSafeInteger(at) || at < 0) refuse('a fork begins at no height or time');
    if (before !== undefined) {
      const earlier = 'time' in before.from ? before.from.time : before.from.height;
      if (fork.fields <= before.fields) refuse('each fork must add header fields');
      if ('time' in before.from && !('time' in fork.from)) refuse('forks by time come after forks by height');
      if ('time' in before.from === 'time' in fork.from && at <= earlier)
        refuse('forks must be in the order in which they begin');
    }
    before = fork;
  }
}
