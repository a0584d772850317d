import { SourceFaultError } from '../../../errors.js';
import { BEACON_FORKS, type BeaconFork } from '../../consensus/forks.js';
import {
  type BeaconPreset,
  type ConsensusNetworkDefinition,
  defineConsensusNetwork,
  type ForkActivation,
} from '../../consensus/networks.js';
import type { BeaconGenesis, BeaconNodeInfo } from './nodeInfo.js';
import { BeaconReading } from './reading.js';

/** `FAR_FUTURE_EPOCH`: not scheduled. */
const FAR_FUTURE = '18446744073709551615';
const PRESETS: readonly BeaconPreset[] = ['mainnet', 'minimal', 'gnosis'];
const FORK_EPOCH = /^([A-Z][A-Z0-9]*)_FORK_EPOCH$/;

/**
 * Defines a network by what one of its own nodes says of it: for development networks, whose genesis nobody else knows.
 * Whoever defines a network so trusts that node for what the network is.
 * @param name of the chain
 * @throws SourceFaultError for answers that define none; SourceUnavailableError; ConsensusNetworkError
 */
export async function definitionOf(name: string, node: BeaconNodeInfo): Promise<ConsensusNetworkDefinition> {
  const [genesis, spec] = await Promise.all([node.genesis(), node.spec()]);
  return readDefinition(name, node.client.name, genesis, spec);
}

/** As `definitionOf`, from answers that were read. @param source for errors */
export function readDefinition(
  name: string,
  source: string,
  genesis: BeaconGenesis,
  spec: Readonly<Record<string, unknown>>,
): ConsensusNetworkDefinition {
  const reading = new BeaconReading(source);
  const preset = PRESETS.find((one) => one === spec.PRESET_BASE);
  if (preset === undefined)
    throw reading.fault(`has the preset ${String(spec.PRESET_BASE).slice(0, 40)}, which is not known`);
  const forks: ForkActivation[] = [];
  for (const fork of BEACON_FORKS) {
    const epoch = epochOf(reading, spec, fork);
    const version = `${fork.toUpperCase()}_FORK_VERSION`;
    if (epoch !== undefined) forks.push({ fork, epoch, version: reading.bytes(spec[version], version, 4) });
  }
  const unsupported = Object.keys(spec).flatMap((key) => {
    const fork = FORK_EPOCH.exec(key)?.[1]?.toLowerCase();
    if (fork === undefined || BEACON_FORKS.some((known) => known === fork)) return [];
    return epochOf(reading, spec, fork) ?? [];
  });
  const definition = {
    name,
    preset,
    slotMilliseconds:
      spec.SLOT_DURATION_MS === undefined
        ? 1000 * reading.count(spec.SECONDS_PER_SLOT, 'SECONDS_PER_SLOT')
        : reading.count(spec.SLOT_DURATION_MS, 'SLOT_DURATION_MS'),
    genesisTime: genesis.genesisTime,
    genesisValidatorsRoot: genesis.genesisValidatorsRoot,
    forks,
    ...(unsupported.length === 0 ? {} : { unsupportedFrom: Math.min(...unsupported) }),
  };
  const { slotsPerEpoch, epochsPerSyncCommitteePeriod, syncCommitteeSize } =
    defineConsensusNetwork(definition);
  const sizes = {
    SLOTS_PER_EPOCH: slotsPerEpoch,
    EPOCHS_PER_SYNC_COMMITTEE_PERIOD: epochsPerSyncCommitteePeriod,
    SYNC_COMMITTEE_SIZE: syncCommitteeSize,
  };
  for (const [key, size] of Object.entries(sizes))
    if (reading.count(spec[key], key) !== size)
      throw new SourceFaultError(source, `has another ${key} than the ${preset} preset, ${size}`);
  return definition;
}

/** `undefined` where the fork is not scheduled. */
function epochOf(
  reading: BeaconReading,
  spec: Readonly<Record<string, unknown>>,
  fork: BeaconFork | string,
): number | undefined {
  const key = `${fork.toUpperCase()}_FORK_EPOCH`;
  const value = spec[key];
  return value === undefined || value === FAR_FUTURE ? undefined : reading.count(value, key);
}
