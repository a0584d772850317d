/**
 * The beacon chain's light client: pure functions over data, clock and BLS handed in. Runs in Node and browsers.
 * @module
 */
export {
  ConsensusNetworkError,
  type LightClientRule,
  LightClientRuleError,
  LightClientTooEarlyError,
} from './errors.js';
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
