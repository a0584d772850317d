import {
  BitVectorType,
  BooleanType,
  ContainerType,
  UintNumberType,
  type ValueOf,
  VectorCompositeType,
} from '@chainsafe/ssz';
import {
  BlsPublicKey,
  BlsSignature,
  Bytes4,
  Bytes32,
  Count64,
  Uint64,
} from '../../../proofs/containers/primitives.js';
import { SYNC_COMMITTEE_SIZE } from '../preset.js';

/** Epochs that may be FAR_FUTURE_EPOCH. */
export const Epoch = new UintNumberType(8, { clipInfinity: true });
export const Gwei = new UintNumberType(8);

export const ForkType = new ContainerType(
  { previousVersion: Bytes4, currentVersion: Bytes4, epoch: Epoch },
  { typeName: 'Fork', jsonCase: 'eth2' },
);
export const ForkDataType = new ContainerType(
  { currentVersion: Bytes4, genesisValidatorsRoot: Bytes32 },
  { typeName: 'ForkData', jsonCase: 'eth2' },
);
export const SigningDataType = new ContainerType(
  { objectRoot: Bytes32, domain: Bytes32 },
  { typeName: 'SigningData', jsonCase: 'eth2' },
);
export const CheckpointType = new ContainerType(
  { epoch: Epoch, root: Bytes32 },
  { typeName: 'Checkpoint', jsonCase: 'eth2' },
);
export type Checkpoint = ValueOf<typeof CheckpointType>;

export const ValidatorType = new ContainerType(
  {
    pubkey: BlsPublicKey,
    withdrawalCredentials: Bytes32,
    effectiveBalance: Gwei,
    slashed: new BooleanType(),
    activationEligibilityEpoch: Epoch,
    activationEpoch: Epoch,
    exitEpoch: Epoch,
    withdrawableEpoch: Epoch,
  },
  { typeName: 'Validator', jsonCase: 'eth2' },
);
export type Validator = ValueOf<typeof ValidatorType>;

export const Eth1DataType = new ContainerType(
  { depositRoot: Bytes32, depositCount: Uint64, blockHash: Bytes32 },
  { typeName: 'Eth1Data', jsonCase: 'eth2' },
);

export const BeaconBlockHeaderType = new ContainerType(
  { slot: Count64, proposerIndex: Count64, parentRoot: Bytes32, stateRoot: Bytes32, bodyRoot: Bytes32 },
  { typeName: 'BeaconBlockHeader', jsonCase: 'eth2' },
);
export type BeaconBlockHeader = ValueOf<typeof BeaconBlockHeaderType>;
export const SignedBeaconBlockHeaderType = new ContainerType(
  { message: BeaconBlockHeaderType, signature: BlsSignature },
  { typeName: 'SignedBeaconBlockHeader', jsonCase: 'eth2' },
);

/** Altair */
export const SyncAggregateType = new ContainerType(
  { syncCommitteeBits: new BitVectorType(SYNC_COMMITTEE_SIZE), syncCommitteeSignature: BlsSignature },
  { typeName: 'SyncAggregate', jsonCase: 'eth2' },
);
export type SyncAggregate = ValueOf<typeof SyncAggregateType>;
export const SyncCommitteeType = new ContainerType(
  { pubkeys: new VectorCompositeType(BlsPublicKey, SYNC_COMMITTEE_SIZE), aggregatePubkey: BlsPublicKey },
  { typeName: 'SyncCommittee', jsonCase: 'eth2' },
);
export type SyncCommittee = ValueOf<typeof SyncCommitteeType>;

/** Capella */
export const HistoricalSummaryType = new ContainerType(
  { blockSummaryRoot: Bytes32, stateSummaryRoot: Bytes32 },
  { typeName: 'HistoricalSummary', jsonCase: 'eth2' },
);
