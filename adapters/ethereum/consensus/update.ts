import { ZERO32 } from '../../../proofs/bytes.js';
import { isEmptyBranch } from './branch.js';
import { participation } from './committee.js';
import { periodAt } from './forks.js';
import { EXECUTION_PAYLOAD_INDEX, indexDepth, stateIndices } from './gindices.js';
import type { ConsensusNetwork } from './networks.js';
import {
  BeaconBlockHeaderType,
  ExecutionHeaderType,
  type LightClientFinalityUpdate,
  type LightClientHeader,
  type LightClientOptimisticUpdate,
  type LightClientUpdate,
  type SyncCommittee,
} from './types.js';

const newest = stateIndices('fulu');

/** Whether a next sync committee comes with its branch: `is_sync_committee_update`. */
export function isCommitteeUpdate(update: LightClientUpdate): boolean {
  return !isEmptyBranch(update.nextSyncCommitteeBranch);
}

/** Whether a finalized header comes with its branch: `is_finality_update`. */
export function isFinalityUpdate(update: LightClientFinalityUpdate): boolean {
  return !isEmptyBranch(update.finalityBranch);
}

/** `is_better_update`: which of two updates for one period brings a client further. */
export function isBetterUpdate(
  network: ConsensusNetwork,
  candidate: LightClientUpdate,
  best: LightClientUpdate,
): boolean {
  const [a, b] = [merits(network, candidate), merits(network, best)];
  const seats = candidate.syncAggregate.syncCommitteeBits.bitLen;
  const [aMany, bMany] = [a.participants * 3 >= seats * 2, b.participants * 3 >= seats * 2];
  if (aMany !== bMany) return aMany;
  if (!aMany && a.participants !== b.participants) return a.participants > b.participants;
  if (a.relevantCommittee !== b.relevantCommittee) return a.relevantCommittee;
  if (a.finality !== b.finality) return a.finality;
  if (a.finality && a.committeeFinality !== b.committeeFinality) return a.committeeFinality;
  if (a.participants !== b.participants) return a.participants > b.participants;
  const [aSlot, bSlot] = [candidate.attestedHeader.beacon.slot, best.attestedHeader.beacon.slot];
  if (aSlot !== bSlot) return aSlot < bSlot;
  return candidate.signatureSlot < best.signatureSlot;
}

function merits(network: ConsensusNetwork, update: LightClientUpdate) {
  const attestedPeriod = periodAt(network, update.attestedHeader.beacon.slot);
  return {
    participants: participation(update.syncAggregate.syncCommitteeBits),
    relevantCommittee:
      isCommitteeUpdate(update) && attestedPeriod === periodAt(network, update.signatureSlot),
    finality: isFinalityUpdate(update),
    committeeFinality: periodAt(network, update.finalizedHeader.beacon.slot) === attestedPeriod,
  };
}

/** A finality or optimistic update as a whole one, with nothing in what it does not bring. */
export function asUpdate(
  network: ConsensusNetwork,
  update: LightClientOptimisticUpdate | LightClientFinalityUpdate,
): LightClientUpdate {
  const finality =
    'finalizedHeader' in update
      ? { finalizedHeader: update.finalizedHeader, finalityBranch: update.finalityBranch }
      : { finalizedHeader: emptyHeader(), finalityBranch: emptyBranch(newest.finalizedRoot) };
  return {
    attestedHeader: update.attestedHeader,
    syncAggregate: update.syncAggregate,
    signatureSlot: update.signatureSlot,
    ...finality,
    nextSyncCommittee: emptyCommittee(network),
    nextSyncCommitteeBranch: emptyBranch(newest.nextCommittee),
  };
}

export function emptyHeader(): LightClientHeader {
  return {
    beacon: BeaconBlockHeaderType.defaultValue(),
    execution: ExecutionHeaderType.defaultValue(),
    executionBranch: emptyBranch(EXECUTION_PAYLOAD_INDEX),
  };
}

function emptyCommittee(network: ConsensusNetwork): SyncCommittee {
  const none = new Uint8Array(48);
  return { pubkeys: Array<Uint8Array>(network.syncCommitteeSize).fill(none), aggregatePubkey: none };
}

function emptyBranch(gindex: number): Uint8Array[] {
  return Array<Uint8Array>(indexDepth(gindex)).fill(ZERO32);
}
