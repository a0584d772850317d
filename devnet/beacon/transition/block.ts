import type { Body } from '../containers/block.js';
import { BeaconBlockHeaderType } from '../containers/common.js';
import { payloadHeader } from '../containers/payload.js';
import type { State } from '../containers/state.js';
import { sha256 } from '../domains.js';
import { forkAtSlot } from '../forks.js';
import {
  EPOCHS_PER_HISTORICAL_VECTOR,
  epochOf,
  MAX_VALIDATORS_PER_WITHDRAWALS_SWEEP,
  SLOTS_PER_EPOCH,
} from '../preset.js';
import { TYPES } from '../types.js';
import { replaced } from './epoch.js';

/** All three flags: timely source, target and head (altair). */
const VOTED = 0b111;

/** Votes that a block brings in. */
export interface Votes {
  /** Slots whose validators' votes are counted now: after the parent's, before the block's. */
  readonly slots: readonly number[];
  /** Share of the validators that vote, 0 to 1. */
  readonly share: number;
}

/**
 * The state after a block in the state's slot (capella to fulu, `process_block`), with its state root still zero. Votes come as
 * participation at once, not as attestations in the body.
 */
export function applyBlock(state: State, proposerIndex: number, body: Body, votes: Votes): State {
  const epoch = epochOf(state.slot);
  const mixAt = epoch % EPOCHS_PER_HISTORICAL_VECTOR;
  const reveal = sha256(body.randaoReveal);
  const mix = (state.randaoMixes[mixAt] ?? new Uint8Array(32)).map((byte, i) => byte ^ (reveal[i] ?? 0));
  return {
    ...withVotes(state, votes),
    latestBlockHeader: {
      slot: state.slot,
      proposerIndex,
      parentRoot: blockParent(state),
      stateRoot: new Uint8Array(32),
      bodyRoot: TYPES[forkAtSlot(state.slot)].body.hashTreeRoot(body),
    },
    randaoMixes: replaced(state.randaoMixes, mixAt, mix),
    eth1DataVotes: [...state.eth1DataVotes, body.eth1Data],
    latestExecutionPayloadHeader: payloadHeader(body.executionPayload),
    nextWithdrawalValidatorIndex:
      (state.nextWithdrawalValidatorIndex + MAX_VALIDATORS_PER_WITHDRAWALS_SWEEP) % state.validators.length,
  };
}

/** Root of the block that one in the state's slot builds on. */
export function blockParent(state: State): Uint8Array {
  return BeaconBlockHeaderType.hashTreeRoot(state.latestBlockHeader);
}

/** Every validator votes once an epoch, in the slot that its index gives. */
function withVotes(state: State, { slots, share }: Votes): State {
  const epoch = epochOf(state.slot);
  const voters = Math.round(state.validators.length * share);
  const flagged = (of: number, before: readonly number[]): number[] => {
    const places = new Set(
      slots.filter((slot) => epochOf(slot) === of).map((slot) => slot % SLOTS_PER_EPOCH),
    );
    return before.map((flags, index) =>
      index < voters && places.has(index % SLOTS_PER_EPOCH) ? VOTED : flags,
    );
  };
  return {
    ...state,
    previousEpochParticipation: flagged(epoch - 1, state.previousEpochParticipation),
    currentEpochParticipation: flagged(epoch, state.currentEpochParticipation),
  };
}
