import type { BitArray } from '@chainsafe/ssz';
import type { Checkpoint } from '../containers/common.js';
import type { State } from '../containers/state.js';
import { epochOf, SLOTS_PER_HISTORICAL_ROOT, startSlotOf } from '../preset.js';

/** Participation flag of a timely vote for the epoch's target (altair, TIMELY_TARGET_FLAG_INDEX). */
const TARGET_FLAG = 1 << 1;

/** Root of the newest block at or before a slot that lies behind the state's (phase0, `get_block_root_at_slot`). */
export function blockRootAt(state: State, slot: number): Uint8Array {
  const root = state.blockRoots[slot % SLOTS_PER_HISTORICAL_ROOT];
  if (root === undefined || slot >= state.slot || slot + SLOTS_PER_HISTORICAL_ROOT < state.slot)
    throw new RangeError(`slot ${slot} is not among the roots of slot ${state.slot}`);
  return root;
}

function checkpointOf(state: State, epoch: number): Checkpoint {
  return { epoch, root: blockRootAt(state, startSlotOf(epoch)) };
}

/** Whether at least two thirds of the stake voted for the target. All balances are the same here. */
function isJustified(participation: readonly number[]): boolean {
  const voted = participation.filter((flags) => (flags & TARGET_FLAG) !== 0).length;
  return voted * 3 >= participation.length * 2;
}

/**
 * Justification and finalisation at an epoch's end: Casper FFG by four bits of recent epochs (phase0,
 * `weigh_justification_and_finalization`; no epoch before the third is looked at).
 */
export function justify(state: State): State {
  const epoch = epochOf(state.slot);
  if (epoch <= 1) return state;
  const before = { older: state.previousJustifiedCheckpoint, newer: state.currentJustifiedCheckpoint };
  let current = before.newer;
  const bits = [false, ...state.justificationBits.toBoolArray().slice(0, 3)];
  if (isJustified(state.previousEpochParticipation)) {
    current = checkpointOf(state, epoch - 1);
    bits[1] = true;
  }
  if (isJustified(state.currentEpochParticipation)) {
    current = checkpointOf(state, epoch);
    bits[0] = true;
  }
  const all = (from: number, to: number) => bits.slice(from, to).every((bit) => bit);
  let finalized = state.finalizedCheckpoint;
  if (all(1, 4) && before.older.epoch + 3 === epoch) finalized = before.older;
  if (all(1, 3) && before.older.epoch + 2 === epoch) finalized = before.older;
  if (all(0, 3) && before.newer.epoch + 2 === epoch) finalized = before.newer;
  if (all(0, 2) && before.newer.epoch + 1 === epoch) finalized = before.newer;
  return {
    ...state,
    justificationBits: bitArray(state.justificationBits, bits),
    previousJustifiedCheckpoint: before.newer,
    currentJustifiedCheckpoint: current,
    finalizedCheckpoint: finalized,
  };
}

function bitArray(like: BitArray, bits: readonly boolean[]): BitArray {
  const copy = like.clone();
  bits.forEach((bit, i) => {
    copy.set(i, bit);
  });
  return copy;
}
