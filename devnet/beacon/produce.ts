import { BitArray } from '@chainsafe/ssz';
import { Count64 } from '../../proofs/containers/primitives.js';
import { proposerOf } from './committees.js';
import { type Body, ElectraBodyType, type SignedBlock } from './containers/block.js';
import { BeaconBlockHeaderType, type SyncAggregate, type SyncCommittee } from './containers/common.js';
import type { Payload } from './containers/payload.js';
import type { State } from './containers/state.js';
import { signingRoot } from './domains.js';
import type { InteropKeys } from './keys.js';
import { type LightRecord, lightRecord } from './light/record.js';
import { epochOf, SYNC_COMMITTEE_SIZE } from './preset.js';
import { applyBlock, blockParent, type Votes } from './transition/block.js';
import { advanceTo, stateRoot } from './transition/slots.js';

/** A block with what follows from it. */
export interface Produced {
  readonly root: Uint8Array;
  readonly block: SignedBlock;
  readonly record: LightRecord;
  /** The state after it. */
  readonly state: State;
}

export interface ProduceOptions {
  readonly slot: number;
  readonly payload: Payload;
  readonly votes: Votes;
  /** Members of the sync committee that sign the parent. */
  readonly participants: number;
  /** 32 bytes of the proposer's own. */
  readonly graffiti?: Uint8Array;
}

/** Makes and signs the block of a slot on top of the block that `parent` is the state after. */
export function produceBlock(keys: InteropKeys, parent: State, options: ProduceOptions): Produced {
  const { slot, payload, votes, participants, graffiti } = options;
  const state = advanceTo(parent, slot);
  const epoch = epochOf(slot);
  const proposerIndex = proposerOf(state);
  const root = state.genesisValidatorsRoot;
  const body: Body = {
    ...ElectraBodyType.defaultValue(),
    randaoReveal: keys.sign(proposerIndex, signingRoot('randao', epoch, root, Count64.hashTreeRoot(epoch))),
    eth1Data: state.eth1Data,
    graffiti: graffiti ?? new Uint8Array(32),
    syncAggregate: signBlock(keys, state.currentSyncCommittee, {
      blockRoot: blockParent(state),
      slot,
      genesisValidatorsRoot: root,
      participants,
    }),
    executionPayload: payload,
  };
  const after = applyBlock(state, proposerIndex, body, votes);
  const header = { ...after.latestBlockHeader, stateRoot: stateRoot(after) };
  const blockRoot = BeaconBlockHeaderType.hashTreeRoot(header);
  const signature = keys.sign(proposerIndex, signingRoot('proposer', epoch, root, blockRoot));
  const { parentRoot, stateRoot: afterRoot } = header;
  const block = { message: { slot, proposerIndex, parentRoot, stateRoot: afterRoot, body }, signature };
  return { root: blockRoot, block, record: lightRecord(block, header, after), state: after };
}

export interface SyncSigning {
  readonly blockRoot: Uint8Array;
  /** Slot of the block that carries the signature: the fork of the slot before it counts. */
  readonly slot: number;
  readonly genesisValidatorsRoot: Uint8Array;
  readonly participants: number;
}

/** The sync committee's aggregate over a block (altair `validator.md`); who is absent changes with the slot. */
export function signBlock(keys: InteropKeys, committee: SyncCommittee, signing: SyncSigning): SyncAggregate {
  const { blockRoot, slot, genesisValidatorsRoot, participants } = signing;
  const count = Math.min(SYNC_COMMITTEE_SIZE, Math.max(0, Math.floor(participants)));
  const bits = BitArray.fromBitLen(SYNC_COMMITTEE_SIZE);
  const signers = Array.from({ length: count }, (_, i) => (slot + i) % SYNC_COMMITTEE_SIZE).map((place) => {
    bits.set(place, true);
    const index = keys.indexOf(committee.pubkeys[place] ?? new Uint8Array(48));
    if (index === undefined) throw new RangeError(`member ${place} of the sync committee is no validator`);
    return index;
  });
  const message = signingRoot(
    'syncCommittee',
    epochOf(Math.max(slot, 1) - 1),
    genesisValidatorsRoot,
    blockRoot,
  );
  return { syncCommitteeBits: bits, syncCommitteeSignature: keys.aggregate(signers, message) };
}
