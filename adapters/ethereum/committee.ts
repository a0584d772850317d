import { ContainerType } from '@chainsafe/ssz';
import { isZero } from '../../proofs/bytes.js';
import { ByteListType } from '../../proofs/containers/lists.js';
import { Bytes32, Count64, Uint32 } from '../../proofs/containers/primitives.js';
import { UnknownNetworkError } from '../errors.js';
import type { CommitteeFinality } from '../types.js';
import { periodAt } from './consensus/forks.js';
import {
  advanceFinality,
  type ConsensusNetwork,
  consensusNetwork,
  FinalityRecordType,
  startFinality,
} from './consensus/index.js';

/**
 * What fixes an Ethereum network that is followed by its sync committees: its own parameters and the constants of its beacon
 * chain. The schedule of forks is none of them: forks come later, with the rules' version.
 */
export const CommitteeParametersType = new ContainerType(
  {
    /** `EthereumParameters`, or what a network of the user's own has instead. */
    execution: new ByteListType(512),
    genesisValidatorsRoot: Bytes32,
    /** Unix seconds; zero for a local network. */
    genesisTime: Count64,
    slotMilliseconds: Uint32,
    slotsPerEpoch: Uint32,
    epochsPerSyncCommitteePeriod: Uint32,
    syncCommitteeSize: Uint32,
  },
  { typeName: 'CommitteeParameters', jsonCase: 'eth2' },
);

/** Ethereum's sync committees (consensus-specs `altair/light-client`), as a state machine for the main chain. */
export const syncCommitteeFinality: CommitteeFinality = {
  parameters(network) {
    const beacon = consensusNetwork(network.name);
    if (beacon === undefined) return undefined;
    return CommitteeParametersType.serialize({
      execution: network.parameters,
      genesisValidatorsRoot: beacon.genesisValidatorsRoot,
      genesisTime: beacon.genesisTime,
      slotMilliseconds: beacon.slotMilliseconds,
      slotsPerEpoch: beacon.slotsPerEpoch,
      epochsPerSyncCommitteePeriod: beacon.epochsPerSyncCommitteePeriod,
      syncCommitteeSize: beacon.syncCommitteeSize,
    });
  },
  start: (network, trustedRoot, bootstrap) =>
    FinalityRecordType.serialize(startFinality(need(network), trustedRoot, bootstrap)),
  advance(network, record, update, committee, now, bls) {
    const before = FinalityRecordType.deserialize(record);
    return FinalityRecordType.serialize(advanceFinality(need(network), before, update, committee, now, bls));
  },
  view(network, record) {
    const { slot, executionHeight, executionHash, nextCommitteeRoot } =
      FinalityRecordType.deserialize(record);
    return {
      height: executionHeight,
      hash: executionHash,
      slot,
      period: periodAt(need(network), slot),
      knowsNext: !isZero(nextCommitteeRoot),
    };
  },
  slotMilliseconds: (network) => need(network).slotMilliseconds,
};

function need(name: string): ConsensusNetwork {
  const network = consensusNetwork(name);
  if (network === undefined) throw new UnknownNetworkError(name, []);
  return network;
}
