import type { ConsensusNetwork, ForkActivation } from './networks.js';

/** Forks of the beacon chain that this program knows, oldest first. Phase 0 has no sync committees. */
export const BEACON_FORKS = ['altair', 'bellatrix', 'capella', 'deneb', 'electra', 'fulu'] as const;

export type BeaconFork = (typeof BEACON_FORKS)[number];

/** The byte that stands for a fork in our encodings: altair 1 … fulu 6. */
export function forkCode(fork: BeaconFork): number {
  return BEACON_FORKS.indexOf(fork) + 1;
}

/** The fork of a code; `undefined` where there is none. */
export function forkOfCode(code: number): BeaconFork | undefined {
  return BEACON_FORKS[code - 1];
}

/** Whether `fork` is `than` or a later one. */
export function isFrom(fork: BeaconFork, than: BeaconFork): boolean {
  return BEACON_FORKS.indexOf(fork) >= BEACON_FORKS.indexOf(than);
}

export function epochAt(network: ConsensusNetwork, slot: number): number {
  return Math.floor(slot / network.slotsPerEpoch);
}

/** Number of the sync committee period that `slot` lies in. */
export function periodAt(network: ConsensusNetwork, slot: number): number {
  return Math.floor(slot / (network.slotsPerEpoch * network.epochsPerSyncCommitteePeriod));
}

/** The fork that is active at `slot`; `undefined` before Altair. */
export function forkAt(network: ConsensusNetwork, slot: number): ForkActivation | undefined {
  const epoch = epochAt(network, slot);
  return network.forks.findLast((fork) => epoch >= fork.epoch);
}

/**
 * Slot at a time by the network's clock, below zero before its genesis; `undefined` where the network has no clock of its
 * own (`genesisTime` 0).
 * @param seconds Unix time
 */
export function slotAtTime(network: ConsensusNetwork, seconds: number): number | undefined {
  if (network.genesisTime === 0) return undefined;
  return Math.floor(((seconds - network.genesisTime) * 1000) / network.slotMilliseconds);
}
