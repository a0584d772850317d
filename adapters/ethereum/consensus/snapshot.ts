import { ContainerType } from '@chainsafe/ssz';
import { bytesEqual, concatBytes } from '../../../proofs/bytes.js';
import { ListCompositeType } from '../../../proofs/containers/lists.js';
import { Bytes32, Count64, Uint8 } from '../../../proofs/containers/primitives.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { committeeRoot } from './committee.js';
import type { ConsensusNetwork } from './networks.js';
import type { KnownCommittee, LightClientStore } from './store.js';
import {
  headerType,
  type LightClientHeader,
  type LightClientUpdate,
  type SyncCommittee,
  syncCommitteeType,
  wireTypes,
} from './types.js';

/** First byte of a stored store. */
const VERSION = 1;

interface StoredStore {
  genesisValidatorsRoot: Uint8Array;
  finalizedHeader: LightClientHeader;
  currentCommittee: SyncCommittee;
  nextCommittee: SyncCommittee[];
  bestValidUpdate: LightClientUpdate[];
  optimisticHeader: LightClientHeader;
  previousMaxActiveParticipants: number;
  currentMaxActiveParticipants: number;
  isForced: number;
}

function storeType(size: number) {
  const header = headerType('fulu');
  const committee = syncCommitteeType(size);
  return new ContainerType(
    {
      genesisValidatorsRoot: Bytes32,
      finalizedHeader: header,
      currentCommittee: committee,
      nextCommittee: new ListCompositeType(committee, 1),
      bestValidUpdate: new ListCompositeType(wireTypes(size, 'fulu').update as ContainerType<never>, 1),
      optimisticHeader: header,
      previousMaxActiveParticipants: Count64,
      currentMaxActiveParticipants: Count64,
      isForced: Uint8,
    },
    { typeName: 'LightClientStore', jsonCase: 'eth2' },
  );
}

/** A store as bytes, for keeping it on disk: a version byte, then SSZ in the newest fork's form. */
export function encodeStore(network: ConsensusNetwork, store: LightClientStore): Uint8Array {
  const { currentCommittee, nextCommittee, bestValidUpdate, isForced, ...rest } = store;
  const stored: StoredStore = {
    ...rest,
    genesisValidatorsRoot: network.genesisValidatorsRoot,
    currentCommittee: currentCommittee.committee,
    nextCommittee: nextCommittee === undefined ? [] : [nextCommittee.committee],
    bestValidUpdate: bestValidUpdate === undefined ? [] : [bestValidUpdate],
    isForced: isForced ? 1 : 0,
  };
  return concatBytes(Uint8Array.of(VERSION), storeType(network.syncCommitteeSize).serialize(stored as never));
}

/**
 * A store that was kept. It is believed: keep it where nobody else writes.
 * @throws MalformedInputError if it is none, or one of another network; LimitExceededError
 */
export function decodeStore(network: ConsensusNetwork, bytes: Uint8Array): LightClientStore {
  const what = 'kept light client store';
  const type = storeType(network.syncCommitteeSize);
  if (bytes.length > type.maxSize + 1) throw new LimitExceededError(what, bytes.length, type.maxSize + 1);
  if (bytes[0] !== VERSION) throw new MalformedInputError(what, `has version ${bytes[0]}`);
  let stored: StoredStore;
  try {
    stored = type.deserialize(bytes.subarray(1)) as unknown as StoredStore;
  } catch (error) {
    // The SSZ library throws plain errors: each means that these bytes are no store.
    throw new MalformedInputError(what, 'does not decode', error);
  }
  const { genesisValidatorsRoot, currentCommittee, nextCommittee, bestValidUpdate, isForced, ...rest } =
    stored;
  if (!bytesEqual(genesisValidatorsRoot, network.genesisValidatorsRoot))
    throw new MalformedInputError(what, `is not one of ${network.name}`);
  const [next] = nextCommittee;
  return {
    ...rest,
    currentCommittee: known(currentCommittee),
    nextCommittee: next === undefined ? undefined : known(next),
    bestValidUpdate: bestValidUpdate[0],
    isForced: isForced !== 0,
  };
}

function known(committee: SyncCommittee): KnownCommittee {
  return { committee, root: committeeRoot(committee) };
}
