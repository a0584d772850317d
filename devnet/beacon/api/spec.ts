import { toHex } from '../../../proofs/bytes.js';
import { EARLIER_VERSIONS, FORK_SCHEDULE, forkEntry } from '../forks.js';
import type { BeaconNode } from '../node.js';
import {
  EPOCHS_PER_HISTORICAL_VECTOR,
  EPOCHS_PER_SYNC_COMMITTEE_PERIOD,
  MAX_BLOBS_PER_BLOCK_ELECTRA,
  SLOTS_PER_EPOCH,
  SLOTS_PER_HISTORICAL_ROOT,
  SYNC_COMMITTEE_SIZE,
} from '../preset.js';

/** `eth/v1/beacon/genesis` */
export function genesisJson(node: BeaconNode): unknown {
  return {
    genesis_time: String(node.chain.genesisTime),
    genesis_validators_root: toHex(node.chain.genesisValidatorsRoot),
    genesis_fork_version: toHex(EARLIER_VERSIONS.phase0),
  };
}

/** `eth/v1/config/spec`: what a light client may want to compare. `SLOT_DURATION_MS` is how fast this chain makes blocks at best. */
export function specJson(slotMilliseconds: number, chainId: number): Record<string, string> {
  const forks = FORK_SCHEDULE.flatMap(({ fork, epoch, version }) => [
    [`${fork.toUpperCase()}_FORK_EPOCH`, String(epoch)],
    [`${fork.toUpperCase()}_FORK_VERSION`, toHex(version)],
  ]);
  return {
    CONFIG_NAME: 'ethereum-local',
    PRESET_BASE: 'minimal',
    DEPOSIT_CHAIN_ID: String(chainId),
    DEPOSIT_NETWORK_ID: String(chainId),
    GENESIS_FORK_VERSION: toHex(EARLIER_VERSIONS.phase0),
    ALTAIR_FORK_EPOCH: '0',
    ALTAIR_FORK_VERSION: toHex(EARLIER_VERSIONS.altair),
    BELLATRIX_FORK_EPOCH: '0',
    BELLATRIX_FORK_VERSION: toHex(EARLIER_VERSIONS.bellatrix),
    ...Object.fromEntries(forks),
    SECONDS_PER_SLOT: String(Math.max(1, Math.round(slotMilliseconds / 1000))),
    SLOT_DURATION_MS: String(slotMilliseconds),
    SLOTS_PER_EPOCH: String(SLOTS_PER_EPOCH),
    EPOCHS_PER_SYNC_COMMITTEE_PERIOD: String(EPOCHS_PER_SYNC_COMMITTEE_PERIOD),
    SYNC_COMMITTEE_SIZE: String(SYNC_COMMITTEE_SIZE),
    MIN_SYNC_COMMITTEE_PARTICIPANTS: '1',
    SLOTS_PER_HISTORICAL_ROOT: String(SLOTS_PER_HISTORICAL_ROOT),
    EPOCHS_PER_HISTORICAL_VECTOR: String(EPOCHS_PER_HISTORICAL_VECTOR),
    MAX_BLOBS_PER_BLOCK_ELECTRA: String(MAX_BLOBS_PER_BLOCK_ELECTRA),
  };
}

/** `eth/v1/config/fork_schedule` */
export function forkScheduleJson(): unknown {
  const first = forkEntry('capella');
  const all = [
    { version: EARLIER_VERSIONS.phase0, epoch: 0 },
    { version: EARLIER_VERSIONS.altair, epoch: 0 },
    { version: EARLIER_VERSIONS.bellatrix, epoch: 0 },
    first,
    ...FORK_SCHEDULE.filter((entry) => entry !== first),
  ];
  return all.map(({ version, epoch }, i) => ({
    previous_version: toHex(all[Math.max(0, i - 1)]?.version ?? version),
    current_version: toHex(version),
    epoch: String(epoch),
  }));
}
