import {
  advanceFinality,
  type ConsensusNetwork,
  FinalityRecordType,
  startFinality,
} from '../../adapters/ethereum/consensus/index.js';
import { nobleBls } from '../../proofs/bls/bls.js';

/** What a page that follows a beacon chain does: begins at a trusted root and takes one update. @returns the record */
function follow(
  network: ConsensusNetwork,
  root: Uint8Array,
  bootstrap: Uint8Array,
  update: Uint8Array,
  committee: Uint8Array,
  now: number,
): Uint8Array {
  const record = startFinality(network, root, bootstrap);
  return FinalityRecordType.serialize(advanceFinality(network, record, update, committee, now, nobleBls));
}

Object.assign(globalThis, { follow });
