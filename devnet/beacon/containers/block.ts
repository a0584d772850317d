import { ByteVectorType, ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { BlsSignature, Bytes32, Count64 } from '../../../proofs/containers/primitives.js';
import {
  MAX_ATTESTATIONS,
  MAX_ATTESTATIONS_ELECTRA,
  MAX_ATTESTER_SLASHINGS,
  MAX_ATTESTER_SLASHINGS_ELECTRA,
  MAX_BLOB_COMMITMENTS_PER_BLOCK,
  MAX_BLS_TO_EXECUTION_CHANGES,
  MAX_DEPOSITS,
  MAX_PROPOSER_SLASHINGS,
  MAX_VOLUNTARY_EXITS,
} from '../preset.js';
import { Eth1DataType, SyncAggregateType } from './common.js';
import {
  AttestationType,
  AttesterSlashingType,
  DepositType,
  ElectraAttestationType,
  ElectraAttesterSlashingType,
  ExecutionRequestsType,
  ProposerSlashingType,
  SignedBlsToExecutionChangeType,
  SignedVoluntaryExitType,
} from './operations.js';
import { CapellaPayloadType, PayloadType } from './payload.js';

const first = {
  randaoReveal: BlsSignature,
  eth1Data: Eth1DataType,
  graffiti: Bytes32,
  proposerSlashings: new ListCompositeType(ProposerSlashingType, MAX_PROPOSER_SLASHINGS),
};
const attested = {
  attesterSlashings: new ListCompositeType(AttesterSlashingType, MAX_ATTESTER_SLASHINGS),
  attestations: new ListCompositeType(AttestationType, MAX_ATTESTATIONS),
};
const electraAttested = {
  attesterSlashings: new ListCompositeType(ElectraAttesterSlashingType, MAX_ATTESTER_SLASHINGS_ELECTRA),
  attestations: new ListCompositeType(ElectraAttestationType, MAX_ATTESTATIONS_ELECTRA),
};
const middle = {
  deposits: new ListCompositeType(DepositType, MAX_DEPOSITS),
  voluntaryExits: new ListCompositeType(SignedVoluntaryExitType, MAX_VOLUNTARY_EXITS),
  syncAggregate: SyncAggregateType,
};
const changes = {
  blsToExecutionChanges: new ListCompositeType(SignedBlsToExecutionChangeType, MAX_BLS_TO_EXECUTION_CHANGES),
};
const commitments = {
  blobKzgCommitments: new ListCompositeType(new ByteVectorType(48), MAX_BLOB_COMMITMENTS_PER_BLOCK),
};

export const CapellaBodyType = new ContainerType(
  { ...first, ...attested, ...middle, executionPayload: CapellaPayloadType, ...changes },
  { typeName: 'BeaconBlockBody', jsonCase: 'eth2' },
);
export const DenebBodyType = new ContainerType(
  { ...first, ...attested, ...middle, executionPayload: PayloadType, ...changes, ...commitments },
  { typeName: 'BeaconBlockBody', jsonCase: 'eth2' },
);
/** Electra and Fulu */
export const ElectraBodyType = new ContainerType(
  {
    ...first,
    ...electraAttested,
    ...middle,
    executionPayload: PayloadType,
    ...changes,
    ...commitments,
    executionRequests: ExecutionRequestsType,
  },
  { typeName: 'BeaconBlockBody', jsonCase: 'eth2' },
);
/** A body with the fields of the newest fork; the type of an older fork leaves out what that fork did not have. */
export type Body = ValueOf<typeof ElectraBodyType>;

function signedBlock<B extends typeof CapellaBodyType | typeof DenebBodyType | typeof ElectraBodyType>(
  body: B,
) {
  const message = new ContainerType(
    { slot: Count64, proposerIndex: Count64, parentRoot: Bytes32, stateRoot: Bytes32, body },
    { typeName: 'BeaconBlock', jsonCase: 'eth2' },
  );
  return new ContainerType(
    { message, signature: BlsSignature },
    { typeName: 'SignedBeaconBlock', jsonCase: 'eth2' },
  );
}
export const CapellaSignedBlockType = signedBlock(CapellaBodyType);
export const DenebSignedBlockType = signedBlock(DenebBodyType);
export const ElectraSignedBlockType = signedBlock(ElectraBodyType);
export type SignedBlock = ValueOf<typeof ElectraSignedBlockType>;
