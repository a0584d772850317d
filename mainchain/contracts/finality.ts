import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { assuranceFor } from '../../adapters/mode.js';
import type { CommitteeFinality, FinalityView } from '../../adapters/types.js';
import { ZERO32 } from '../../proofs/bytes.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import { ByteListType } from '../../proofs/containers/lists.js';
import { Bytes32, Count64 } from '../../proofs/containers/primitives.js';
import type { StateWriter } from '../state/overlay.js';
import type { StateReader } from '../state/view.js';
import type { BlockContext, Network } from './context.js';
import { FinalityNotStartedError } from './finalityErrors.js';
import { WrongAssuranceError } from './indexErrors.js';
import { Module, recordKey } from './keys.js';
import { type ChainRecord, readRecord } from './records.js';
import { networkOf } from './registry.js';

/**
 * `index`, key `finality ‖ specRoot`: the finality of a chain that is followed by its committees, and the run of headers below a final
 * block that is being completed downwards. No run is open where `topHeight` is not above the best branch's tip.
 */
export const FinalityStateType = new ContainerType({
  /** As the chain's kind encodes it. */
  record: new ByteListType(512),
  /** The final block that the run begins at; its headers are stored like those of the best branch. */
  topHeight: Count64,
  topHash: Bytes32,
  /** The header that is missing next. */
  nextHeight: Count64,
  nextHash: Bytes32,
});
export type FinalityState = ValueOf<typeof FinalityStateType>;

/** A chain that is followed by its own committees. */
export interface CommitteeChain {
  readonly chain: ChainRecord;
  readonly network: Network;
  readonly committee: CommitteeFinality;
}

/** @throws WrongAssuranceError */
export function needCommittee(context: BlockContext, chain: ChainRecord): CommitteeChain {
  const network = networkOf(context, chain);
  const { kind, info } = network;
  const signed = assuranceFor(kind, info, chain.spec.checkpoint) === Assurance.syncCommittee;
  if (!signed || kind.committee === undefined)
    throw new WrongAssuranceError(`${info.name} is not followed by its own committees`);
  return { chain, network, committee: kind.committee };
}

/** What is known of a chain's own finality; `undefined` before its light client has begun. */
export function readFinality(state: StateReader, specRoot: Uint8Array): FinalityState | undefined {
  return readRecord(state, Module.index, recordKey('finality', specRoot), FinalityStateType);
}

/** @throws FinalityNotStartedError */
export function needFinality(state: StateReader, specRoot: Uint8Array): FinalityState {
  const finality = readFinality(state, specRoot);
  if (finality === undefined)
    throw new FinalityNotStartedError('the light client has not begun at its trusted block');
  return finality;
}

export function writeFinality(state: StateWriter, specRoot: Uint8Array, finality: FinalityState): void {
  state.set(Module.index, recordKey('finality', specRoot), FinalityStateType.serialize(finality));
}

/** The header that is missing next of an open run; `undefined` where none is open. */
export function missingHeader(
  { topHeight, nextHeight, nextHash }: FinalityState,
  tipHeight: number,
): { readonly height: number; readonly hash: Uint8Array } | undefined {
  return topHeight > tipHeight ? { height: nextHeight, hash: nextHash } : undefined;
}

/** Gives up an open run: its final block is of another branch than ours. */
export function closeRun(finality: FinalityState): FinalityState {
  return { ...finality, topHeight: 0, topHash: ZERO32, nextHeight: 0, nextHash: ZERO32 };
}

/** Begins a run at the newest final block, if that is above the tip and no run is open. */
export function openRun(
  finality: FinalityState,
  { height, hash }: Pick<FinalityView, 'height' | 'hash'>,
  tipHeight: number,
): FinalityState {
  if (finality.topHeight > tipHeight || height <= tipHeight) return finality;
  return { ...finality, topHeight: height, topHash: hash, nextHeight: height, nextHash: hash };
}
