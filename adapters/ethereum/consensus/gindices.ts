import { type BeaconFork, isFrom } from './forks.js';

/** Where light-client data lies in the Merkle trees of a beacon state, as generalized indices. */
export interface StateIndices {
  /** `finalized_checkpoint.root` */
  readonly finalizedRoot: number;
  readonly currentCommittee: number;
  readonly nextCommittee: number;
}

/** consensus-specs `altair/light-client/sync-protocol.md`, Constants. */
const ALTAIR: StateIndices = { finalizedRoot: 105, currentCommittee: 54, nextCommittee: 55 };
/** consensus-specs `electra/light-client/sync-protocol.md`, Constants: the state has more fields. */
const ELECTRA: StateIndices = { finalizedRoot: 169, currentCommittee: 86, nextCommittee: 87 };

/** `execution_payload` in a block's body: consensus-specs `capella/light-client/sync-protocol.md`. */
export const EXECUTION_PAYLOAD_INDEX = 25;

export function stateIndices(fork: BeaconFork): StateIndices {
  return isFrom(fork, 'electra') ? ELECTRA : ALTAIR;
}

/** Number of nodes from below the root down to a generalized index: `floorlog2`. */
export function indexDepth(gindex: number): number {
  return 31 - Math.clz32(gindex);
}
