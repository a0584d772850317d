import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { Bytes32, Count64 } from '../../../proofs/containers/primitives.js';

/** All that the main chain keeps of a beacon chain's finality. */
export const FinalityRecordType = new ContainerType(
  {
    /** Of the newest finalized beacon block known. */
    slot: Count64,
    /** Its root. */
    beaconRoot: Bytes32,
    /** Number of the execution block in it. */
    executionHeight: Count64,
    /** Hash of that execution block. */
    executionHash: Bytes32,
    /** Root of the sync committee of `slot`'s period. */
    currentCommitteeRoot: Bytes32,
    /** Root of the next period's sync committee; zero while unknown. */
    nextCommitteeRoot: Bytes32,
  },
  { typeName: 'FinalityRecord', jsonCase: 'eth2' },
);

export type FinalityRecord = ValueOf<typeof FinalityRecordType>;
