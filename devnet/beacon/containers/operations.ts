import {
  BitListType,
  BitVectorType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  VectorCompositeType,
} from '@chainsafe/ssz';
import {
  Account,
  BlsPublicKey,
  BlsSignature,
  Bytes32,
  Count64,
  Uint64,
} from '../../../proofs/containers/primitives.js';
import {
  DEPOSIT_CONTRACT_TREE_DEPTH,
  MAX_COMMITTEES_PER_SLOT,
  MAX_CONSOLIDATION_REQUESTS_PER_PAYLOAD,
  MAX_DEPOSIT_REQUESTS_PER_PAYLOAD,
  MAX_VALIDATORS_PER_COMMITTEE,
  MAX_WITHDRAWAL_REQUESTS_PER_PAYLOAD,
} from '../preset.js';
import { CheckpointType, Epoch, Gwei, SignedBeaconBlockHeaderType } from './common.js';

/**
 * What a block body may carry besides the payload. This chain's blocks carry none of it, but the lists' limits and
 * their elements' shapes belong to the types.
 */
export const AttestationDataType = new ContainerType(
  {
    slot: Count64,
    index: Count64,
    beaconBlockRoot: Bytes32,
    source: CheckpointType,
    target: CheckpointType,
  },
  { typeName: 'AttestationData', jsonCase: 'eth2' },
);
/** Phase 0 */
export const AttestationType = new ContainerType(
  {
    aggregationBits: new BitListType(MAX_VALIDATORS_PER_COMMITTEE),
    data: AttestationDataType,
    signature: BlsSignature,
  },
  { typeName: 'Attestation', jsonCase: 'eth2' },
);
/** EIP-7549 */
export const ElectraAttestationType = new ContainerType(
  {
    aggregationBits: new BitListType(MAX_VALIDATORS_PER_COMMITTEE * MAX_COMMITTEES_PER_SLOT),
    data: AttestationDataType,
    signature: BlsSignature,
    committeeBits: new BitVectorType(MAX_COMMITTEES_PER_SLOT),
  },
  { typeName: 'Attestation', jsonCase: 'eth2' },
);

function attesterSlashing(maxIndices: number) {
  const indexed = new ContainerType(
    {
      attestingIndices: new ListBasicType(Count64, maxIndices),
      data: AttestationDataType,
      signature: BlsSignature,
    },
    { typeName: 'IndexedAttestation', jsonCase: 'eth2' },
  );
  return new ContainerType(
    { attestation1: indexed, attestation2: indexed },
    {
      typeName: 'AttesterSlashing',
      casingMap: { attestation1: 'attestation_1', attestation2: 'attestation_2' },
    },
  );
}
/** Phase 0 */
export const AttesterSlashingType = attesterSlashing(MAX_VALIDATORS_PER_COMMITTEE);
/** EIP-7549 */
export const ElectraAttesterSlashingType = attesterSlashing(
  MAX_VALIDATORS_PER_COMMITTEE * MAX_COMMITTEES_PER_SLOT,
);

export const ProposerSlashingType = new ContainerType(
  { signedHeader1: SignedBeaconBlockHeaderType, signedHeader2: SignedBeaconBlockHeaderType },
  {
    typeName: 'ProposerSlashing',
    casingMap: { signedHeader1: 'signed_header_1', signedHeader2: 'signed_header_2' },
  },
);

export const DepositType = new ContainerType(
  {
    proof: new VectorCompositeType(Bytes32, DEPOSIT_CONTRACT_TREE_DEPTH + 1),
    data: new ContainerType(
      { pubkey: BlsPublicKey, withdrawalCredentials: Bytes32, amount: Gwei, signature: BlsSignature },
      { typeName: 'DepositData', jsonCase: 'eth2' },
    ),
  },
  { typeName: 'Deposit', jsonCase: 'eth2' },
);

export const SignedVoluntaryExitType = new ContainerType(
  {
    message: new ContainerType(
      { epoch: Epoch, validatorIndex: Count64 },
      { typeName: 'VoluntaryExit', jsonCase: 'eth2' },
    ),
    signature: BlsSignature,
  },
  { typeName: 'SignedVoluntaryExit', jsonCase: 'eth2' },
);

/** Capella */
export const SignedBlsToExecutionChangeType = new ContainerType(
  {
    message: new ContainerType(
      { validatorIndex: Count64, fromBlsPubkey: BlsPublicKey, toExecutionAddress: Account },
      { typeName: 'BLSToExecutionChange', jsonCase: 'eth2' },
    ),
    signature: BlsSignature,
  },
  { typeName: 'SignedBLSToExecutionChange', jsonCase: 'eth2' },
);

/** Electra: EIPs 6110, 7002, 7251 */
export const ExecutionRequestsType = new ContainerType(
  {
    deposits: new ListCompositeType(
      new ContainerType(
        {
          pubkey: BlsPublicKey,
          withdrawalCredentials: Bytes32,
          amount: Gwei,
          signature: BlsSignature,
          index: Uint64,
        },
        { typeName: 'DepositRequest', jsonCase: 'eth2' },
      ),
      MAX_DEPOSIT_REQUESTS_PER_PAYLOAD,
    ),
    withdrawals: new ListCompositeType(
      new ContainerType(
        { sourceAddress: Account, validatorPubkey: BlsPublicKey, amount: Uint64 },
        { typeName: 'WithdrawalRequest', jsonCase: 'eth2' },
      ),
      MAX_WITHDRAWAL_REQUESTS_PER_PAYLOAD,
    ),
    consolidations: new ListCompositeType(
      new ContainerType(
        { sourceAddress: Account, sourcePubkey: BlsPublicKey, targetPubkey: BlsPublicKey },
        { typeName: 'ConsolidationRequest', jsonCase: 'eth2' },
      ),
      MAX_CONSOLIDATION_REQUESTS_PER_PAYLOAD,
    ),
  },
  { typeName: 'ExecutionRequests', jsonCase: 'eth2' },
);
