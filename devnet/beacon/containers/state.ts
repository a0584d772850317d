import {
  BitVectorType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  type ValueOf,
  VectorBasicType,
  VectorCompositeType,
} from '@chainsafe/ssz';
import {
  BlsPublicKey,
  BlsSignature,
  Bytes32,
  Count64,
  Uint8,
  Uint64,
} from '../../../proofs/containers/primitives.js';
import {
  EPOCHS_PER_ETH1_VOTING_PERIOD,
  EPOCHS_PER_HISTORICAL_VECTOR,
  EPOCHS_PER_SLASHINGS_VECTOR,
  HISTORICAL_ROOTS_LIMIT,
  JUSTIFICATION_BITS_LENGTH,
  MIN_SEED_LOOKAHEAD,
  PENDING_CONSOLIDATIONS_LIMIT,
  PENDING_DEPOSITS_LIMIT,
  PENDING_PARTIAL_WITHDRAWALS_LIMIT,
  SLOTS_PER_EPOCH,
  SLOTS_PER_HISTORICAL_ROOT,
  VALIDATOR_REGISTRY_LIMIT,
} from '../preset.js';
import {
  BeaconBlockHeaderType,
  CheckpointType,
  Epoch,
  Eth1DataType,
  ForkType,
  Gwei,
  HistoricalSummaryType,
  SyncCommitteeType,
  ValidatorType,
} from './common.js';
import { CapellaPayloadHeaderType, PayloadHeaderType } from './payload.js';

export const ValidatorsType = new ListCompositeType(ValidatorType, VALIDATOR_REGISTRY_LIMIT);
export const SlotRootsType = new VectorCompositeType(Bytes32, SLOTS_PER_HISTORICAL_ROOT);
const Participation = new ListBasicType(Uint8, VALIDATOR_REGISTRY_LIMIT);

const beforePayload = {
  genesisTime: Count64,
  genesisValidatorsRoot: Bytes32,
  slot: Count64,
  fork: ForkType,
  latestBlockHeader: BeaconBlockHeaderType,
  blockRoots: SlotRootsType,
  stateRoots: SlotRootsType,
  historicalRoots: new ListCompositeType(Bytes32, HISTORICAL_ROOTS_LIMIT),
  eth1Data: Eth1DataType,
  eth1DataVotes: new ListCompositeType(Eth1DataType, EPOCHS_PER_ETH1_VOTING_PERIOD * SLOTS_PER_EPOCH),
  eth1DepositIndex: Uint64,
  validators: ValidatorsType,
  balances: new ListBasicType(Gwei, VALIDATOR_REGISTRY_LIMIT),
  randaoMixes: new VectorCompositeType(Bytes32, EPOCHS_PER_HISTORICAL_VECTOR),
  slashings: new VectorBasicType(Gwei, EPOCHS_PER_SLASHINGS_VECTOR),
  previousEpochParticipation: Participation,
  currentEpochParticipation: Participation,
  justificationBits: new BitVectorType(JUSTIFICATION_BITS_LENGTH),
  previousJustifiedCheckpoint: CheckpointType,
  currentJustifiedCheckpoint: CheckpointType,
  finalizedCheckpoint: CheckpointType,
  inactivityScores: new ListBasicType(Count64, VALIDATOR_REGISTRY_LIMIT),
  currentSyncCommittee: SyncCommitteeType,
  nextSyncCommittee: SyncCommitteeType,
};
const afterPayload = {
  nextWithdrawalIndex: Uint64,
  nextWithdrawalValidatorIndex: Count64,
  historicalSummaries: new ListCompositeType(HistoricalSummaryType, HISTORICAL_ROOTS_LIMIT),
};
const electra = {
  depositRequestsStartIndex: Uint64,
  depositBalanceToConsume: Gwei,
  exitBalanceToConsume: Gwei,
  earliestExitEpoch: Epoch,
  consolidationBalanceToConsume: Gwei,
  earliestConsolidationEpoch: Epoch,
  pendingDeposits: new ListCompositeType(
    new ContainerType(
      {
        pubkey: BlsPublicKey,
        withdrawalCredentials: Bytes32,
        amount: Gwei,
        signature: BlsSignature,
        slot: Count64,
      },
      { typeName: 'PendingDeposit', jsonCase: 'eth2' },
    ),
    PENDING_DEPOSITS_LIMIT,
  ),
  pendingPartialWithdrawals: new ListCompositeType(
    new ContainerType(
      { validatorIndex: Count64, amount: Uint64, withdrawableEpoch: Epoch },
      { typeName: 'PendingPartialWithdrawal', jsonCase: 'eth2' },
    ),
    PENDING_PARTIAL_WITHDRAWALS_LIMIT,
  ),
  pendingConsolidations: new ListCompositeType(
    new ContainerType(
      { sourceIndex: Count64, targetIndex: Count64 },
      { typeName: 'PendingConsolidation', jsonCase: 'eth2' },
    ),
    PENDING_CONSOLIDATIONS_LIMIT,
  ),
};
const options = { typeName: 'BeaconState', jsonCase: 'eth2' } as const;

export const CapellaStateType = new ContainerType(
  { ...beforePayload, latestExecutionPayloadHeader: CapellaPayloadHeaderType, ...afterPayload },
  options,
);
export const DenebStateType = new ContainerType(
  { ...beforePayload, latestExecutionPayloadHeader: PayloadHeaderType, ...afterPayload },
  options,
);
export const ElectraStateType = new ContainerType(
  { ...beforePayload, latestExecutionPayloadHeader: PayloadHeaderType, ...afterPayload, ...electra },
  options,
);
export const FuluStateType = new ContainerType(
  {
    ...beforePayload,
    latestExecutionPayloadHeader: PayloadHeaderType,
    ...afterPayload,
    ...electra,
    /** EIP-7917 */
    proposerLookahead: new VectorBasicType(Count64, (MIN_SEED_LOOKAHEAD + 1) * SLOTS_PER_EPOCH),
  },
  options,
);
/** A state with the fields of the newest fork; the type of an older fork leaves out what that fork did not have. */
export type State = ValueOf<typeof FuluStateType>;
