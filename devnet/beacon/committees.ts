import type { SyncCommittee } from './containers/common.js';
import type { State } from './containers/state.js';
import { DOMAIN, sha256 } from './domains.js';
import { type Fork, forkAtSlot, isAtLeast } from './forks.js';
import { aggregateKeys } from './keys.js';
import {
  EPOCHS_PER_HISTORICAL_VECTOR,
  epochOf,
  MAX_EFFECTIVE_BALANCE,
  MIN_SEED_LOOKAHEAD,
  SLOTS_PER_EPOCH,
  SYNC_COMMITTEE_SIZE,
  startSlotOf,
} from './preset.js';
import { shuffledIndex } from './shuffle.js';

/** Gwei; EIP-7251. Candidates are drawn in proportion to it since Electra. */
const MAX_EFFECTIVE_BALANCE_ELECTRA = 2_048_000_000_000;

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

/** phase0, `get_seed` */
function seedOf(state: State, epoch: number, domain: keyof typeof DOMAIN): Uint8Array {
  const at = (epoch + EPOCHS_PER_HISTORICAL_VECTOR - MIN_SEED_LOOKAHEAD - 1) % EPOCHS_PER_HISTORICAL_VECTOR;
  return sha256(
    Uint8Array.of(DOMAIN[domain], 0, 0, 0),
    uint64(epoch),
    state.randaoMixes[at] ?? new Uint8Array(),
  );
}

/** Whether the `i`-th candidate is taken, by its balance and the seed (altair and electra, `get_next_sync_committee_indices`). */
function isTaken(fork: Fork, i: number, balance: number, seed: Uint8Array): boolean {
  if (isAtLeast(fork, 'electra')) {
    const random = sha256(seed, uint64(Math.floor(i / 16)));
    const at = (i % 16) * 2;
    const value = (random[at] ?? 0) | ((random[at + 1] ?? 0) << 8);
    return balance * 0xffff >= MAX_EFFECTIVE_BALANCE_ELECTRA * value;
  }
  const random = sha256(seed, uint64(Math.floor(i / 32)));
  return balance * 0xff >= MAX_EFFECTIVE_BALANCE * (random[i % 32] ?? 0);
}

/** The first `count` candidates taken in the order that the seed gives; one may be taken more than once. */
function draw(state: State, fork: Fork, seed: Uint8Array, count: number): number[] {
  const total = state.validators.length;
  const order: number[] = [];
  const taken: number[] = [];
  for (let i = 0; taken.length < count; i++) {
    if (i < total) order.push(shuffledIndex(i, total, seed));
    const candidate = order[i % total] ?? 0;
    const balance = state.validators[candidate]?.effectiveBalance ?? 0;
    if (isTaken(fork, i, balance, seed)) taken.push(candidate);
  }
  return taken;
}

/** The sync committee that the state's randomness gives for the period after `epoch` (altair, `get_next_sync_committee`). */
export function drawSyncCommittee(state: State, epoch: number): SyncCommittee {
  const fork = forkAtSlot(state.slot);
  const indices = draw(state, fork, seedOf(state, epoch, 'syncCommittee'), SYNC_COMMITTEE_SIZE);
  const pubkeys = indices.map((index) => state.validators[index]?.pubkey ?? new Uint8Array(48));
  return { pubkeys, aggregatePubkey: aggregateKeys(pubkeys) };
}

/** Proposer of a slot (phase0, `compute_proposer_index`). */
function drawProposer(state: State, slot: number): number {
  const seed = sha256(seedOf(state, epochOf(slot), 'proposer'), uint64(slot));
  const [first = 0] = draw(state, forkAtSlot(state.slot), seed, 1);
  return first;
}

/** Proposers of an epoch's slots (fulu, `get_beacon_proposer_indices`). */
export function proposersOf(state: State, epoch: number): number[] {
  return Array.from({ length: SLOTS_PER_EPOCH }, (_, i) => drawProposer(state, startSlotOf(epoch) + i));
}

/** Proposer of the state's slot; since Fulu it was fixed before (EIP-7917). */
export function proposerOf(state: State): number {
  if (!isAtLeast(forkAtSlot(state.slot), 'fulu')) return drawProposer(state, state.slot);
  const found = state.proposerLookahead[state.slot % SLOTS_PER_EPOCH];
  if (found === undefined) throw new RangeError(`no proposer for slot ${state.slot}`);
  return found;
}
