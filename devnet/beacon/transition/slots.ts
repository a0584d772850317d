import { Tree } from '@chainsafe/persistent-merkle-tree';
import { isZero } from '../../../proofs/bytes.js';
import { BeaconBlockHeaderType } from '../containers/common.js';
import type { State } from '../containers/state.js';
import { forkAtSlot } from '../forks.js';
import { SLOTS_PER_EPOCH, SLOTS_PER_HISTORICAL_ROOT } from '../preset.js';
import { TYPES } from '../types.js';
import { endEpoch, replaced, upgrade } from './epoch.js';

const trees = new WeakMap<State, Tree>();

/** Merkle tree of a state in its fork's form; made once a state. */
export function stateTree(state: State): Tree {
  const known = trees.get(state);
  if (known !== undefined) return known;
  const tree = new Tree(TYPES[forkAtSlot(state.slot)].state.toView(state).node);
  trees.set(state, tree);
  return tree;
}

/** Hash tree root of a state in its fork's form. */
export function stateRoot(state: State): Uint8Array {
  return stateTree(state).root;
}

/** The state at a later slot, without blocks in between (phase0, `process_slots`). */
export function advanceTo(from: State, slot: number): State {
  let state = from;
  while (state.slot < slot) state = nextSlot(state);
  return state;
}

function nextSlot(before: State): State {
  const place = before.slot % SLOTS_PER_HISTORICAL_ROOT;
  const root = stateRoot(before);
  const header = isZero(before.latestBlockHeader.stateRoot)
    ? { ...before.latestBlockHeader, stateRoot: root }
    : before.latestBlockHeader;
  let state: State = {
    ...before,
    stateRoots: replaced(before.stateRoots, place, root),
    latestBlockHeader: header,
    blockRoots: replaced(before.blockRoots, place, BeaconBlockHeaderType.hashTreeRoot(header)),
  };
  const endsEpoch = (state.slot + 1) % SLOTS_PER_EPOCH === 0;
  if (endsEpoch) state = endEpoch(state);
  state = { ...state, slot: state.slot + 1 };
  return endsEpoch ? upgrade(state) : state;
}
