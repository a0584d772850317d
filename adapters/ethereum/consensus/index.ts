/**
 * The beacon chain's light client: pure functions over data, clock and BLS handed in. Runs in Node and browsers.
 * @module
 */
export { type FinalityAge, finalityAge } from './age.js';
export {
  type AnyUpdate,
  decodeBootstrap,
  decodeSsz,
  decodeUpdate,
  encodeBootstrap,
  encodeSsz,
  encodeUpdate,
  fromBeaconJson,
  toBeaconJson,
  UpdateKind,
  type Versioned,
} from './codec.js';
export { absentees, committeeRoot, hasSupermajority, participation, signingKeys } from './committee.js';
export {
  ConsensusNetworkError,
  type LightClientRule,
  LightClientRuleError,
  LightClientTooEarlyError,
} from './errors.js';
export { advanceFinality, startFinality } from './finality.js';
export {
  BEACON_FORKS,
  type BeaconFork,
  epochAt,
  forkAt,
  forkCode,
  forkOfCode,
  isFrom,
  periodAt,
  slotAtTime,
} from './forks.js';
export { EXECUTION_PAYLOAD_INDEX, indexDepth, type StateIndices, stateIndices } from './gindices.js';
export { beaconRoot, executionOf, executionRoot, isValidHeader } from './header.js';
export { type KnownBlock, LightClient } from './lightClient.js';
export {
  addConsensusNetwork,
  type BeaconPreset,
  type ConsensusNetwork,
  type ConsensusNetworkDefinition,
  consensusNetwork,
  consensusNetworks,
  defineConsensusNetwork,
  type ForkActivation,
} from './networks.js';
export { type FinalityRecord, FinalityRecordType } from './record.js';
export { syncCommitteeDomain, syncSigningRoot } from './signing.js';
export type { KnownCommittee, LightClientStore } from './store.js';
export {
  type BeaconBlockHeader,
  BeaconBlockHeaderType,
  CapellaExecutionHeaderType,
  type ExecutionHeader,
  ExecutionHeaderType,
  type LightClientBootstrap,
  type LightClientData,
  type LightClientFinalityUpdate,
  type LightClientHeader,
  type LightClientKind,
  type LightClientOptimisticUpdate,
  type LightClientUpdate,
  type ParticipationBits,
  type SyncAggregate,
  type SyncCommittee,
  syncCommitteeType,
  wireTypes,
} from './types.js';
export { asUpdate, isBetterUpdate, isCommitteeUpdate, isFinalityUpdate } from './update.js';
export {
  CommitteeKind,
  type CommitteeWitness,
  decodeCommittee,
  encodeCommittee,
  encodeWholeCommittee,
} from './witness.js';
