import { type ConsensusNetwork, consensusNetwork } from '../../adapters/ethereum/consensus/index.js';
import { epochOf } from './preset.js';

/** Forks of this chain, oldest first. */
export const FORKS = ['capella', 'deneb', 'electra', 'fulu'] as const;
export type Fork = (typeof FORKS)[number];

function localNetwork(): ConsensusNetwork {
  const found = consensusNetwork('ethereum-local');
  if (found === undefined) throw new RangeError('no beacon network ethereum-local');
  return found;
}
/** The network that this chain is: what light clients know of it. */
export const NETWORK: ConsensusNetwork = localNetwork();

/** When each fork begins, and its version, which no public network has. */
export const FORK_SCHEDULE: readonly {
  readonly fork: Fork;
  readonly epoch: number;
  readonly version: Uint8Array;
}[] = NETWORK.forks.map(({ fork, epoch, version }) => ({ fork: ours(fork), epoch, version }));

function ours(name: string): Fork {
  const fork = FORKS.find((one) => one === name);
  if (fork === undefined) throw new RangeError(`this chain knows no fork ${name}`);
  return fork;
}

/** Versions of the forks that this chain was past at its genesis, for `config/spec`. */
export const EARLIER_VERSIONS = {
  phase0: Uint8Array.of(0x00, 0xc7, 0x00, 0x11),
  altair: Uint8Array.of(0x01, 0xc7, 0x00, 0x11),
  bellatrix: Uint8Array.of(0x02, 0xc7, 0x00, 0x11),
} as const;

function scheduled(epoch: number): (typeof FORK_SCHEDULE)[number] {
  const found = FORK_SCHEDULE.findLast((entry) => entry.epoch <= epoch);
  if (found === undefined) throw new RangeError(`no fork at epoch ${epoch}`);
  return found;
}

/** Fork of the blocks of an epoch. */
export function forkAtEpoch(epoch: number): Fork {
  return scheduled(epoch).fork;
}

/** Fork of the blocks of a slot. */
export function forkAtSlot(slot: number): Fork {
  return forkAtEpoch(epochOf(slot));
}

export function versionAtEpoch(epoch: number): Uint8Array {
  return scheduled(epoch).version;
}

/** Epoch and version of a fork. */
export function forkEntry(fork: Fork): (typeof FORK_SCHEDULE)[number] {
  const found = FORK_SCHEDULE.find((entry) => entry.fork === fork);
  if (found === undefined) throw new RangeError(`fork ${fork} is not scheduled`);
  return found;
}

export function isAtLeast(fork: Fork, other: Fork): boolean {
  return FORKS.indexOf(fork) >= FORKS.indexOf(other);
}
