import type { Bls } from '../../../proofs/bls/bls.js';
import { committeeRoot, hasSupermajority, participation, signingKeys } from './committee.js';
import { LightClientRuleError } from './errors.js';
import { periodAt } from './forks.js';
import type { ConsensusNetwork } from './networks.js';
import type { LightClientBootstrap, LightClientHeader, LightClientUpdate, SyncCommittee } from './types.js';
import { isBetterUpdate, isCommitteeUpdate, isFinalityUpdate } from './update.js';
import { checkBootstrap, checkSignature, checkUpdate } from './validate.js';

/** A committee and its root. */
export interface KnownCommittee {
  readonly committee: SyncCommittee;
  readonly root: Uint8Array;
}

/** `LightClientStore` of consensus-specs `altair/light-client/sync-protocol.md`. Never changed: each step gives a new one. */
export interface LightClientStore {
  readonly finalizedHeader: LightClientHeader;
  readonly currentCommittee: KnownCommittee;
  readonly nextCommittee: KnownCommittee | undefined;
  /** The best update since the last one that was applied, should finality not come in time. */
  readonly bestValidUpdate: LightClientUpdate | undefined;
  readonly optimisticHeader: LightClientHeader;
  readonly previousMaxActiveParticipants: number;
  readonly currentMaxActiveParticipants: number;
  /** Whether `finalizedHeader` is one that `forceUpdate` took as if it were final. */
  readonly isForced: boolean;
}

/** `initialize_light_client_store`. @throws LightClientRuleError */
export function startStore(
  network: ConsensusNetwork,
  trustedRoot: Uint8Array,
  bootstrap: LightClientBootstrap,
): LightClientStore {
  const root = checkBootstrap(network, trustedRoot, bootstrap);
  return {
    finalizedHeader: bootstrap.header,
    currentCommittee: { committee: bootstrap.currentSyncCommittee, root },
    nextCommittee: undefined,
    bestValidUpdate: undefined,
    optimisticHeader: bootstrap.header,
    previousMaxActiveParticipants: 0,
    currentMaxActiveParticipants: 0,
    isForced: false,
  };
}

/** `get_safety_threshold`: more participants than this make an optimistic header believable. */
export function safetyThreshold(store: LightClientStore): number {
  return Math.floor(Math.max(store.previousMaxActiveParticipants, store.currentMaxActiveParticipants) / 2);
}

/**
 * `process_light_client_update`.
 * @param currentSlot `Infinity` where there is no clock
 * @throws LightClientRuleError, LightClientTooEarlyError; the store stays as it was
 */
export function processUpdate(
  network: ConsensusNetwork,
  store: LightClientStore,
  update: LightClientUpdate,
  currentSlot: number,
  bls: Bls,
): LightClientStore {
  const known = {
    finalizedSlot: store.finalizedHeader.beacon.slot,
    nextCommitteeRoot: store.nextCommittee?.root,
  };
  const { signedBy, nextCommitteeRoot } = checkUpdate(network, known, update, currentSlot);
  const { syncCommitteeBits: bits } = update.syncAggregate;
  const { committee } =
    signedBy === 'next' && store.nextCommittee !== undefined ? store.nextCommittee : store.currentCommittee;
  checkSignature(network, update, signingKeys(committee, bits), bls);

  const participants = participation(bits);
  const best = store.bestValidUpdate;
  const next: LightClientStore = {
    ...store,
    bestValidUpdate: best === undefined || isBetterUpdate(network, update, best) ? update : best,
    currentMaxActiveParticipants: Math.max(store.currentMaxActiveParticipants, participants),
  };
  const optimistic =
    participants > safetyThreshold(next) &&
    update.attestedHeader.beacon.slot > store.optimisticHeader.beacon.slot
      ? { ...next, optimisticHeader: update.attestedHeader }
      : next;
  const finalizedSlot = update.finalizedHeader.beacon.slot;
  const teaches =
    store.nextCommittee === undefined &&
    isCommitteeUpdate(update) &&
    isFinalityUpdate(update) &&
    periodAt(network, finalizedSlot) === periodAt(network, update.attestedHeader.beacon.slot);
  if (!hasSupermajority(bits) || !(finalizedSlot > known.finalizedSlot || teaches)) return optimistic;
  const applied = applyUpdate(network, optimistic, update, nextCommitteeRoot);
  const isForced = store.isForced && finalizedSlot <= known.finalizedSlot;
  return { ...applied, bestValidUpdate: undefined, isForced };
}

/** `apply_light_client_update`. */
function applyUpdate(
  network: ConsensusNetwork,
  store: LightClientStore,
  update: LightClientUpdate,
  nextCommitteeRoot: Uint8Array | undefined,
): LightClientStore {
  const period = periodAt(network, store.finalizedHeader.beacon.slot);
  const { slot } = update.finalizedHeader.beacon;
  const finalizedPeriod = periodAt(network, slot);
  const brought =
    nextCommitteeRoot === undefined
      ? undefined
      : { committee: update.nextSyncCommittee, root: nextCommitteeRoot };
  let next = store;
  if (store.nextCommittee === undefined) {
    if (finalizedPeriod !== period)
      throw new LightClientRuleError('period-skip', slot, 'finalizes another period than the known one');
    next = { ...store, nextCommittee: brought };
  } else if (finalizedPeriod === period + 1) {
    next = {
      ...store,
      currentCommittee: store.nextCommittee,
      nextCommittee: brought,
      previousMaxActiveParticipants: store.currentMaxActiveParticipants,
      currentMaxActiveParticipants: 0,
    };
  }
  if (slot <= store.finalizedHeader.beacon.slot) return next;
  return {
    ...next,
    finalizedHeader: update.finalizedHeader,
    optimisticHeader:
      slot > next.optimisticHeader.beacon.slot ? update.finalizedHeader : next.optimisticHeader,
  };
}

/**
 * `process_light_client_store_force_update`: once a whole period has passed without finality, the best update so far is
 * taken as if it were final. It is what a client may do that would rather follow an unfinalized chain than stand still.
 */
export function forceUpdate(
  network: ConsensusNetwork,
  store: LightClientStore,
  currentSlot: number,
): LightClientStore {
  const { bestValidUpdate: best } = store;
  const timeout = network.slotsPerEpoch * network.epochsPerSyncCommitteePeriod;
  const { slot } = store.finalizedHeader.beacon;
  if (best === undefined || currentSlot <= slot + timeout) return store;
  const forced =
    best.finalizedHeader.beacon.slot <= slot ? { ...best, finalizedHeader: best.attestedHeader } : best;
  const root = isCommitteeUpdate(forced) ? committeeRoot(forced.nextSyncCommittee) : undefined;
  // What two thirds signed as final was applied when it came: whatever is taken here is not final, also where the update calls it so.
  return { ...applyUpdate(network, store, forced, root), bestValidUpdate: undefined, isForced: true };
}
