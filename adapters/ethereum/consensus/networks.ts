import { bytesEqual, fromHex } from '../../../proofs/bytes.js';
import { ConsensusNetworkError } from './errors.js';
import { BEACON_FORKS, type BeaconFork } from './forks.js';

/** Sizes that are fixed when a client is built: consensus-specs `presets/`. */
export type BeaconPreset = 'mainnet' | 'minimal' | 'gnosis';

/** When a fork began and what its signatures are bound to. */
export interface ForkActivation {
  readonly fork: BeaconFork;
  readonly epoch: number;
  /** 4 bytes. */
  readonly version: Uint8Array;
}

/** A beacon chain, as data. */
export interface ConsensusNetwork {
  /** Chain name, such as `ethereum-mainnet`. */
  readonly name: string;
  readonly preset: BeaconPreset;
  readonly slotsPerEpoch: number;
  readonly epochsPerSyncCommitteePeriod: number;
  readonly syncCommitteeSize: number;
  readonly slotMilliseconds: number;
  /** Unix seconds; 0 where the clock is not checked (local networks). */
  readonly genesisTime: number;
  /** 32 bytes. */
  readonly genesisValidatorsRoot: Uint8Array;
  /** Oldest first. */
  readonly forks: readonly ForkActivation[];
  /** First epoch of a scheduled fork that this program does not know: data from there on is refused as `unsupported-fork`. */
  readonly unsupportedFrom?: number;
}

const PRESETS = {
  mainnet: { slotsPerEpoch: 32, epochsPerSyncCommitteePeriod: 256, syncCommitteeSize: 512 },
  minimal: { slotsPerEpoch: 8, epochsPerSyncCommitteePeriod: 8, syncCommitteeSize: 32 },
  gnosis: { slotsPerEpoch: 16, epochsPerSyncCommitteePeriod: 512, syncCommitteeSize: 512 },
} as const;

/** What a definition of a network says; the preset gives the rest. */
export interface ConsensusNetworkDefinition {
  readonly name: string;
  readonly preset: BeaconPreset;
  readonly slotMilliseconds: number;
  readonly genesisTime: number;
  readonly genesisValidatorsRoot: Uint8Array;
  /** Epoch and version of the known forks. Several may begin at one epoch; the last of them is active. */
  readonly forks: readonly ForkActivation[];
  readonly unsupportedFrom?: number;
}

/** Most networks that one process knows. */
const MAX_NETWORKS = 64;
const MAX_EPOCH = 2 ** 40;
const NAME = /^[a-z][a-z0-9-]{2,63}$/;

/**
 * Checks a definition and adds the preset's sizes.
 * @throws ConsensusNetworkError
 */
export function defineConsensusNetwork(definition: ConsensusNetworkDefinition): ConsensusNetwork {
  const { name, preset, slotMilliseconds, genesisTime, genesisValidatorsRoot, forks, unsupportedFrom } =
    definition;
  const check = (holds: boolean, problem: string): void => {
    if (!holds) throw new ConsensusNetworkError(name, problem);
  };
  check(NAME.test(name), 'a name has 3 to 64 of a-z, 0-9, -, and begins with a letter');
  check(Object.hasOwn(PRESETS, preset), `there is no preset ${String(preset).slice(0, 20)}`);
  check(isCount(slotMilliseconds, 600_000) && slotMilliseconds > 0, 'a slot takes 1 ms to 10 minutes');
  check(isCount(genesisTime, 2 ** 40), 'its genesis time is no Unix time');
  check(genesisValidatorsRoot.length === 32, 'its genesis validators root has not 32 bytes');
  check(forks.length > 0, 'it has no fork');
  let before: ForkActivation | undefined;
  for (const fork of forks) {
    check(BEACON_FORKS.includes(fork.fork), `there is no fork ${String(fork.fork).slice(0, 20)}`);
    check(isCount(fork.epoch, MAX_EPOCH), `${fork.fork} begins at no epoch`);
    check(fork.version.length === 4, `the version of ${fork.fork} has not 4 bytes`);
    if (before !== undefined) {
      check(
        BEACON_FORKS.indexOf(fork.fork) > BEACON_FORKS.indexOf(before.fork) && fork.epoch >= before.epoch,
        'its forks are not in their order',
      );
    }
    before = fork;
  }
  if (unsupportedFrom !== undefined)
    check(
      isCount(unsupportedFrom, MAX_EPOCH) && unsupportedFrom >= (before?.epoch ?? 0),
      'a fork that is not supported begins before one that is',
    );
  const sizes = PRESETS[preset];
  const rest = unsupportedFrom === undefined ? {} : { unsupportedFrom };
  return { name, preset, ...sizes, slotMilliseconds, genesisTime, genesisValidatorsRoot, forks, ...rest };
}

function isCount(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= most;
}

/** Forks by their first epochs, from Altair on; each version is `versions(i)`, Altair being 1. */
function schedule(epochs: readonly number[], version: (i: number) => string): ForkActivation[] {
  return BEACON_FORKS.slice(0, epochs.length).map((fork, i) => ({
    fork,
    epoch: epochs[i] ?? 0,
    version: fromHex(version(i + 1), 'version', 4),
  }));
}

const builtIn: readonly ConsensusNetwork[] = [
  defineConsensusNetwork({
    name: 'ethereum-mainnet',
    preset: 'mainnet',
    slotMilliseconds: 12_000,
    genesisTime: 1_606_824_023,
    genesisValidatorsRoot: fromHex('0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95'),
    forks: schedule([74_240, 144_896, 194_048, 269_568, 364_032, 411_392], (i) => `0x0${i}000000`),
  }),
  defineConsensusNetwork({
    name: 'ethereum-sepolia',
    preset: 'mainnet',
    slotMilliseconds: 12_000,
    genesisTime: 1_655_733_600,
    genesisValidatorsRoot: fromHex('0xd8ea171f3c94aea21ebc42a1ed61052acf3f9209c00e4efbaaddac09ed9b8078'),
    forks: schedule([50, 100, 56_832, 132_608, 222_464, 272_640], (i) => `0x9000007${i - 1}`),
    // Gloas
    unsupportedFrom: 353_024,
  }),
  defineConsensusNetwork({
    name: 'ethereum-hoodi',
    preset: 'mainnet',
    slotMilliseconds: 12_000,
    genesisTime: 1_742_213_400,
    genesisValidatorsRoot: fromHex('0x212f13fc4df078b6cb7db228f1c8307566dcecf900867401a92023d7ba99cb5f'),
    forks: schedule([0, 0, 0, 0, 2_048, 50_688], (i) => `0x${i + 1}0000910`),
  }),
  // Shut down; for its past.
  defineConsensusNetwork({
    name: 'ethereum-holesky',
    preset: 'mainnet',
    slotMilliseconds: 12_000,
    genesisTime: 1_695_902_400,
    genesisValidatorsRoot: fromHex('0x9143aa7c615a7f7115e2b6aac319c03529df8242ae705fba9df39b79c59fa8b1'),
    forks: schedule([0, 0, 256, 29_696, 115_968, 165_120], (i) => `0x0${i + 1}017000`),
  }),
  defineConsensusNetwork({
    name: 'gnosis-mainnet',
    preset: 'gnosis',
    slotMilliseconds: 5_000,
    genesisTime: 1_638_993_340,
    genesisValidatorsRoot: fromHex('0xf5dcb5564e829aab27264b9becd5dfaa017085611224cb3036f573368dbb9d47'),
    forks: schedule([512, 385_536, 648_704, 889_856, 1_337_856, 1_714_688], (i) => `0x0${i}000064`),
  }),
  defineConsensusNetwork({
    name: 'gnosis-chiado',
    preset: 'gnosis',
    slotMilliseconds: 5_000,
    genesisTime: 1_665_396_300,
    genesisValidatorsRoot: fromHex('0x9d642dac73058fbf39c0ae41ab1e34e4d889043cb199851ded7095bc99eb4c1e'),
    forks: schedule([90, 180, 244_224, 516_608, 948_224, 1_353_216], (i) => `0x0${i}00006f`),
  }),
  // The development chain of `devnet/beacon`: 72 validators with the interop keys, its clock its own.
  defineConsensusNetwork({
    name: 'ethereum-local',
    preset: 'minimal',
    slotMilliseconds: 500,
    genesisTime: 0,
    genesisValidatorsRoot: fromHex('0x86e2c94dc870719aeb51821a4b83148dccc6880c111493fb27a012e5e21d078c'),
    forks: [
      { fork: 'capella', epoch: 0, version: Uint8Array.of(0x03, 0xc7, 0x00, 0x11) },
      { fork: 'deneb', epoch: 2, version: Uint8Array.of(0x04, 0xc7, 0x00, 0x11) },
      { fork: 'electra', epoch: 4, version: Uint8Array.of(0x05, 0xc7, 0x00, 0x11) },
      { fork: 'fulu', epoch: 6, version: Uint8Array.of(0x06, 0xc7, 0x00, 0x11) },
    ],
  }),
];

const all = [...builtIn];

/**
 * Every beacon network that this process knows: the built-in ones and what `addConsensusNetwork` added. Facts:
 * eth-clients' and gnosischain's published `config.yaml` of each network.
 */
export const consensusNetworks: readonly ConsensusNetwork[] = all;

/** A network by the name of its chain. */
export function consensusNetwork(name: string): ConsensusNetwork | undefined {
  return all.find((one) => one.name === name);
}

/**
 * Makes a network known to this process. Adding the same one again does nothing.
 * @returns the network that is known
 * @throws ConsensusNetworkError if it cannot be so, if its name stands for something else, if its signatures would pass for those of a
 * built-in network, or if too many are known
 */
export function addConsensusNetwork(definition: ConsensusNetworkDefinition): ConsensusNetwork {
  const added = defineConsensusNetwork(definition);
  const known = consensusNetwork(added.name);
  if (known !== undefined) {
    if (!builtIn.includes(known) && same(known, added)) return known;
    throw new ConsensusNetworkError(
      added.name,
      builtIn.includes(known) ? 'is built in' : 'is known already, with other rules',
    );
  }
  const twin = builtIn.find((one) => bytesEqual(one.genesisValidatorsRoot, added.genesisValidatorsRoot));
  if (twin !== undefined)
    throw new ConsensusNetworkError(added.name, `has the genesis validators root of ${twin.name}`);
  if (all.length >= MAX_NETWORKS)
    throw new ConsensusNetworkError(added.name, `more than ${MAX_NETWORKS} networks`);
  all.push(added);
  return added;
}

function same(a: ConsensusNetwork, b: ConsensusNetwork): boolean {
  return (
    a.preset === b.preset &&
    a.slotMilliseconds === b.slotMilliseconds &&
    a.genesisTime === b.genesisTime &&
    bytesEqual(a.genesisValidatorsRoot, b.genesisValidatorsRoot) &&
    a.unsupportedFrom === b.unsupportedFrom &&
    a.forks.length === b.forks.length &&
    a.forks.every((fork, i) => {
      const other = b.forks[i];
      return (
        other !== undefined &&
        fork.fork === other.fork &&
        fork.epoch === other.epoch &&
        bytesEqual(fork.version, other.version)
      );
    })
  );
}
