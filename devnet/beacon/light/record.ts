import { Tree } from '@chainsafe/persistent-merkle-tree';
import { ContainerType, ListCompositeType, type ValueOf, VectorCompositeType } from '@chainsafe/ssz';
import { BlsSignature, Bytes32, Uint8 } from '../../../proofs/containers/primitives.js';
import type { SignedBlock } from '../containers/block.js';
import {
  BeaconBlockHeaderType,
  CheckpointType,
  SyncAggregateType,
  SyncCommitteeType,
} from '../containers/common.js';
import { EXECUTION_DEPTH } from '../containers/light.js';
import { PayloadHeaderType, payloadHeader } from '../containers/payload.js';
import type { State } from '../containers/state.js';
import { FORKS, type Fork, forkAtSlot } from '../forks.js';
import { stateTree } from '../transition/slots.js';
import { TYPES } from '../types.js';

const BranchType = new ListCompositeType(Bytes32, 8);

/** What is kept of a block and the state after it once both may go: enough for every object that a light client asks for. */
export const LightRecordType = new ContainerType(
  {
    fork: Uint8,
    header: BeaconBlockHeaderType,
    /** The proposer's. */
    signature: BlsSignature,
    /** The sync committee's, over the parent. */
    syncAggregate: SyncAggregateType,
    execution: PayloadHeaderType,
    /** From the payload to the body's root. */
    executionBranch: new VectorCompositeType(Bytes32, EXECUTION_DEPTH),
    currentCommitteeRoot: Bytes32,
    nextCommitteeRoot: Bytes32,
    /** From the state after the block. */
    currentCommitteeBranch: BranchType,
    nextCommitteeBranch: BranchType,
    finalityBranch: BranchType,
    previousJustified: CheckpointType,
    justified: CheckpointType,
    finalized: CheckpointType,
  },
  { typeName: 'LightRecord', jsonCase: 'eth2' },
);
export type LightRecord = ValueOf<typeof LightRecordType>;

export function forkOf(record: LightRecord): Fork {
  const fork = FORKS[record.fork];
  if (fork === undefined) throw new RangeError(`no fork ${record.fork}`);
  return fork;
}

/** @param state the state after the block */
export function lightRecord(block: SignedBlock, header: LightRecord['header'], state: State): LightRecord {
  const { body } = block.message;
  const fork = forkAtSlot(state.slot);
  const types = TYPES[fork];
  const inBody = new Tree(types.body.toView(body).node);
  const inState = stateTree(state);
  const branch = (...path: (keyof State | 'root')[]) =>
    inState.getSingleProof(types.state.getPathInfo(path).gindex);
  return {
    fork: FORKS.indexOf(fork),
    header,
    signature: block.signature,
    syncAggregate: body.syncAggregate,
    execution: payloadHeader(body.executionPayload),
    executionBranch: inBody.getSingleProof(types.body.getPathInfo(['executionPayload']).gindex),
    currentCommitteeRoot: SyncCommitteeType.hashTreeRoot(state.currentSyncCommittee),
    nextCommitteeRoot: SyncCommitteeType.hashTreeRoot(state.nextSyncCommittee),
    currentCommitteeBranch: branch('currentSyncCommittee'),
    nextCommitteeBranch: branch('nextSyncCommittee'),
    finalityBranch: branch('finalizedCheckpoint', 'root'),
    previousJustified: state.previousJustifiedCheckpoint,
    justified: state.currentJustifiedCheckpoint,
    finalized: state.finalizedCheckpoint,
  };
}
