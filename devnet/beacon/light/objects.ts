import type { SyncCommittee } from '../containers/common.js';
import { LIGHT_TYPES, type LightBootstrap, type LightHeader, type LightUpdate } from '../containers/light.js';
import { forkOf, type LightRecord } from './record.js';

/** `block_to_light_client_header` (capella and later). */
export function lightHeader(record: LightRecord): LightHeader {
  return {
    beacon: record.header,
    execution: record.execution,
    executionBranch: record.executionBranch,
  };
}

/** `create_light_client_bootstrap` (altair `light-client/full-node.md`). */
export function bootstrapOf(record: LightRecord, committee: SyncCommittee): LightBootstrap {
  return {
    header: lightHeader(record),
    currentSyncCommittee: committee,
    currentSyncCommitteeBranch: record.currentCommitteeBranch,
  };
}

export interface Signed {
  /** The block that was signed over. */
  readonly attested: LightRecord;
  /** The block whose sync aggregate signs it. */
  readonly signature: Pick<LightRecord, 'syncAggregate' | 'header'>;
  /** The block that the attested state finalises; `undefined` while there is none besides the genesis block. */
  readonly finalized: LightRecord | undefined;
  /** The committee after the attested state's. */
  readonly nextCommittee: SyncCommittee;
}

/** `create_light_client_update` (altair `light-client/full-node.md`), with all that the attested state shows. */
export function updateOf({ attested, signature, finalized, nextCommittee }: Signed): LightUpdate {
  const type = LIGHT_TYPES[forkOf(attested)].update;
  const empty = LIGHT_TYPES.fulu.update.defaultValue();
  return {
    attestedHeader: lightHeader(attested),
    nextSyncCommittee: nextCommittee,
    nextSyncCommitteeBranch: attested.nextCommitteeBranch,
    finalizedHeader: finalized === undefined ? empty.finalizedHeader : lightHeader(finalized),
    finalityBranch: finalized === undefined ? type.defaultValue().finalityBranch : attested.finalityBranch,
    syncAggregate: signature.syncAggregate,
    signatureSlot: signature.header.slot,
  };
}
