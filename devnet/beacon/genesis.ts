import { drawSyncCommittee } from './committees.js';
import { ElectraBodyType } from './containers/block.js';
import type { Validator } from './containers/common.js';
import type { PayloadHeader } from './containers/payload.js';
import { FuluStateType, type State, ValidatorsType } from './containers/state.js';
import { sha256 } from './domains.js';
import { FORK_SCHEDULE, forkAtEpoch } from './forks.js';
import type { InteropKeys } from './keys.js';
import {
  EPOCHS_PER_HISTORICAL_VECTOR,
  EPOCHS_PER_SYNC_COMMITTEE_PERIOD,
  FAR_FUTURE_EPOCH,
  MAX_EFFECTIVE_BALANCE,
} from './preset.js';
import { TYPES } from './types.js';

/** Validators with the interop keys, active since genesis. Their withdrawal credentials are of BLS keys: nothing is ever withdrawn. */
export function genesisValidators(keys: InteropKeys): Validator[] {
  return keys.publicKeys.map((pubkey) => {
    const withdrawalCredentials = sha256(pubkey);
    withdrawalCredentials[0] = 0;
    return {
      pubkey,
      withdrawalCredentials,
      effectiveBalance: MAX_EFFECTIVE_BALANCE,
      slashed: false,
      activationEligibilityEpoch: 0,
      activationEpoch: 0,
      exitEpoch: FAR_FUTURE_EPOCH,
      withdrawableEpoch: FAR_FUTURE_EPOCH,
    };
  });
}

/**
 * The state at slot 0 on top of an execution block (capella, `initialize_beacon_state_from_eth1` for testing). The two
 * committees are drawn apart, where the specification starts with the same one twice.
 * @param time genesis time, Unix seconds
 */
export function genesisState(keys: InteropKeys, execution: PayloadHeader, time: number): State {
  const validators = genesisValidators(keys);
  const [first] = FORK_SCHEDULE;
  const version = first?.version ?? new Uint8Array(4);
  const body = TYPES[forkAtEpoch(0)].body;
  const state: State = {
    ...FuluStateType.defaultValue(),
    genesisTime: time,
    genesisValidatorsRoot: ValidatorsType.hashTreeRoot(validators),
    fork: { previousVersion: version, currentVersion: version, epoch: 0 },
    latestBlockHeader: {
      slot: 0,
      proposerIndex: 0,
      parentRoot: new Uint8Array(32),
      stateRoot: new Uint8Array(32),
      bodyRoot: body.hashTreeRoot(ElectraBodyType.defaultValue()),
    },
    eth1Data: {
      depositRoot: new Uint8Array(32),
      depositCount: BigInt(validators.length),
      blockHash: execution.blockHash,
    },
    eth1DepositIndex: BigInt(validators.length),
    validators,
    balances: validators.map(() => MAX_EFFECTIVE_BALANCE),
    randaoMixes: Array.from({ length: EPOCHS_PER_HISTORICAL_VECTOR }, () => execution.blockHash),
    previousEpochParticipation: validators.map(() => 0),
    currentEpochParticipation: validators.map(() => 0),
    inactivityScores: validators.map(() => 0),
    latestExecutionPayloadHeader: execution,
  };
  return {
    ...state,
    currentSyncCommittee: drawSyncCommittee(state, 0),
    nextSyncCommittee: drawSyncCommittee(state, EPOCHS_PER_SYNC_COMMITTEE_PERIOD),
  };
}
