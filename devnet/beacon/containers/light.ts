import { ContainerType, type ValueOf, VectorCompositeType } from '@chainsafe/ssz';
import { Bytes32, Count64 } from '../../../proofs/containers/primitives.js';
import { BeaconBlockHeaderType, SyncAggregateType, SyncCommitteeType } from './common.js';
import { CapellaPayloadHeaderType, PayloadHeaderType } from './payload.js';

const options = (typeName: string) => ({ typeName, jsonCase: 'eth2' }) as const;
/** Depth of the payload in a body: `floorlog2(EXECUTION_PAYLOAD_GINDEX)`. */
export const EXECUTION_DEPTH = 4;

/** Objects for light clients (altair to electra, `light-client/sync-protocol.md`), by the depths of the branches. */
function lightTypes<P extends typeof CapellaPayloadHeaderType | typeof PayloadHeaderType>(
  payload: P,
  committeeDepth: number,
  finalityDepth: number,
) {
  const branch = (depth: number) => new VectorCompositeType(Bytes32, depth);
  const header = new ContainerType(
    { beacon: BeaconBlockHeaderType, execution: payload, executionBranch: branch(EXECUTION_DEPTH) },
    options('LightClientHeader'),
  );
  const signed = { syncAggregate: SyncAggregateType, signatureSlot: Count64 };
  const finality = { finalizedHeader: header, finalityBranch: branch(finalityDepth) };
  return {
    header,
    bootstrap: new ContainerType(
      {
        header,
        currentSyncCommittee: SyncCommitteeType,
        currentSyncCommitteeBranch: branch(committeeDepth),
      },
      options('LightClientBootstrap'),
    ),
    update: new ContainerType(
      {
        attestedHeader: header,
        nextSyncCommittee: SyncCommitteeType,
        nextSyncCommitteeBranch: branch(committeeDepth),
        ...finality,
        ...signed,
      },
      options('LightClientUpdate'),
    ),
    finalityUpdate: new ContainerType(
      { attestedHeader: header, ...finality, ...signed },
      options('LightClientFinalityUpdate'),
    ),
    optimisticUpdate: new ContainerType(
      { attestedHeader: header, ...signed },
      options('LightClientOptimisticUpdate'),
    ),
  };
}

const electra = lightTypes(PayloadHeaderType, 6, 7);
export const LIGHT_TYPES = {
  capella: lightTypes(CapellaPayloadHeaderType, 5, 6),
  deneb: lightTypes(PayloadHeaderType, 5, 6),
  electra,
  fulu: electra,
} as const;

/** Objects with the fields of the newest fork; the type of an older fork leaves out the blob fields. */
export type LightHeader = ValueOf<typeof electra.header>;
export type LightBootstrap = ValueOf<typeof electra.bootstrap>;
export type LightUpdate = ValueOf<typeof electra.update>;
export type LightFinalityUpdate = ValueOf<typeof electra.finalityUpdate>;
export type LightOptimisticUpdate = ValueOf<typeof electra.optimisticUpdate>;
