import { drawSyncCommittee, proposersOf } from '../committees.js';
import { SlotRootsType, type State } from '../containers/state.js';
import { FORK_SCHEDULE, type Fork, forkAtEpoch, isAtLeast, versionAtEpoch } from '../forks.js';
import {
  EPOCHS_PER_ETH1_VOTING_PERIOD,
  EPOCHS_PER_HISTORICAL_VECTOR,
  EPOCHS_PER_SYNC_COMMITTEE_PERIOD,
  epochOf,
  MIN_SEED_LOOKAHEAD,
  SLOTS_PER_EPOCH,
  SLOTS_PER_HISTORICAL_ROOT,
  UNSET_DEPOSIT_REQUESTS_START_INDEX,
} from '../preset.js';
import { justify } from './justification.js';

/** EIP-7251's churn and exit queue as the upgrade finds them with this chain's few validators. Gwei, epochs. */
const EXIT_CHURN = 64_000_000_000;
const EXIT_DELAY = 5;

/** A copy with one element replaced. */
export function replaced<T>(list: readonly T[], at: number, value: T): T[] {
  const copy = [...list];
  copy[at] = value;
  return copy;
}

/**
 * The end of an epoch (capella to fulu, `process_epoch`): justification, committees, proposers, history. Rewards, penalties,
 * deposits and exits are left out: nobody on this chain ever gains, loses, joins or leaves.
 */
export function endEpoch(before: State): State {
  const epoch = epochOf(before.slot);
  const next = epoch + 1;
  let state = justify(before);
  const mix = state.randaoMixes[epoch % EPOCHS_PER_HISTORICAL_VECTOR] ?? new Uint8Array(32);
  state = {
    ...state,
    eth1DataVotes: next % EPOCHS_PER_ETH1_VOTING_PERIOD === 0 ? [] : state.eth1DataVotes,
    randaoMixes: replaced(state.randaoMixes, next % EPOCHS_PER_HISTORICAL_VECTOR, mix),
    previousEpochParticipation: state.currentEpochParticipation,
    currentEpochParticipation: state.validators.map(() => 0),
  };
  if (next % (SLOTS_PER_HISTORICAL_ROOT / SLOTS_PER_EPOCH) === 0) {
    const summary = {
      blockSummaryRoot: SlotRootsType.hashTreeRoot(state.blockRoots),
      stateSummaryRoot: SlotRootsType.hashTreeRoot(state.stateRoots),
    };
    state = { ...state, historicalSummaries: [...state.historicalSummaries, summary] };
  }
  if (next % EPOCHS_PER_SYNC_COMMITTEE_PERIOD === 0) {
    state = {
      ...state,
      currentSyncCommittee: state.nextSyncCommittee,
      nextSyncCommittee: drawSyncCommittee(state, next),
    };
  }
  if (isAtLeast(forkAtEpoch(epoch), 'fulu')) {
    const ahead = proposersOf(state, epoch + MIN_SEED_LOOKAHEAD + 1);
    state = {
      ...state,
      proposerLookahead: [...state.proposerLookahead.slice(SLOTS_PER_EPOCH), ...ahead],
    };
  }
  return state;
}

/** The change to the fork that begins with the state's epoch, if one does (`upgrade_to_deneb`, `upgrade_to_electra`, `upgrade_to_fulu`). */
export function upgrade(state: State): State {
  const epoch = epochOf(state.slot);
  const begins = FORK_SCHEDULE.find((entry) => entry.epoch === epoch && epoch > 0);
  if (begins === undefined) return state;
  const fork = {
    previousVersion: versionAtEpoch(epoch - 1),
    currentVersion: begins.version,
    epoch,
  };
  return { ...state, fork, ...newFields(begins.fork, state, epoch) };
}

function newFields(fork: Fork, state: State, epoch: number): Partial<State> {
  if (fork === 'electra') {
    return {
      depositRequestsStartIndex: UNSET_DEPOSIT_REQUESTS_START_INDEX,
      exitBalanceToConsume: EXIT_CHURN,
      earliestExitEpoch: epoch + EXIT_DELAY + 1,
      earliestConsolidationEpoch: epoch + EXIT_DELAY,
    };
  }
  if (fork === 'fulu') {
    const lookahead = Array.from({ length: MIN_SEED_LOOKAHEAD + 1 }, (_, i) => proposersOf(state, epoch + i));
    return { proposerLookahead: lookahead.flat() };
  }
  return {};
}
