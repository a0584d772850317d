import {
  CapellaBodyType,
  CapellaSignedBlockType,
  DenebBodyType,
  DenebSignedBlockType,
  ElectraBodyType,
  ElectraSignedBlockType,
  type SignedBlock,
} from './containers/block.js';
import { CapellaPayloadHeaderType, PayloadHeaderType } from './containers/payload.js';
import {
  CapellaStateType,
  DenebStateType,
  ElectraStateType,
  FuluStateType,
  type State,
} from './containers/state.js';
import type { Fork } from './forks.js';

/** The containers of each fork. */
export const TYPES = {
  capella: {
    state: CapellaStateType,
    body: CapellaBodyType,
    signedBlock: CapellaSignedBlockType,
    payloadHeader: CapellaPayloadHeaderType,
  },
  deneb: {
    state: DenebStateType,
    body: DenebBodyType,
    signedBlock: DenebSignedBlockType,
    payloadHeader: PayloadHeaderType,
  },
  electra: {
    state: ElectraStateType,
    body: ElectraBodyType,
    signedBlock: ElectraSignedBlockType,
    payloadHeader: PayloadHeaderType,
  },
  fulu: {
    state: FuluStateType,
    body: ElectraBodyType,
    signedBlock: ElectraSignedBlockType,
    payloadHeader: PayloadHeaderType,
  },
} as const;

/** Reads a state of a fork; fields that the fork does not have are empty. */
export function readState(fork: Fork, bytes: Uint8Array): State {
  const empty = FuluStateType.defaultValue();
  const state = TYPES[fork].state.deserialize(bytes);
  return {
    ...empty,
    ...state,
    latestExecutionPayloadHeader: {
      ...empty.latestExecutionPayloadHeader,
      ...state.latestExecutionPayloadHeader,
    },
  };
}

/** Reads a signed block of a fork; fields that the fork does not have are empty. */
export function readBlock(fork: Fork, bytes: Uint8Array): SignedBlock {
  const { message, signature } = TYPES[fork].signedBlock.deserialize(bytes);
  const empty = ElectraBodyType.defaultValue();
  const body = {
    ...empty,
    ...message.body,
    executionPayload: { ...empty.executionPayload, ...message.body.executionPayload },
    // This chain's blocks carry none; the element types differ between forks.
    attesterSlashings: [],
    attestations: [],
  };
  return { message: { ...message, body }, signature };
}
