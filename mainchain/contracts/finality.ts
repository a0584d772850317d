import { assuranceFor } from '../../adapters/mode.js';
import type { CommitteeFinality, FinalityView } from '../../adapters/types.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import type { StateWriter } from '../state/overlay.js';
import type { StateReader } from '../state/view.js';
import type { BlockContext, Network } from './context.js';
import { WrongAssuranceError } from './indexErrors.js';
import { Module, recordKey } from './keys.js';
import { type ChainRecord, type PendingRecord, PendingRecordType, readRecord } from './records.js';
import { networkOf } from './registry.js';

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
  const { committee } = kind;
  const signed = assuranceFor(kind, info, chain.spec.checkpoint) === Assurance.syncCommittee;
  if (!signed || committee === undefined)
    throw new WrongAssuranceError(`${info.name} is not followed by its own committees`);
  return { chain, network, committee };
}

/** The record of a chain's finality, in its kind's own SSZ; `undefined` before the start. */
export function readFinality(state: StateReader, specRoot: Uint8Array): Uint8Array | undefined {
  return state.get(Module.index, recordKey('finality', specRoot));
}

export function writeFinality(state: StateWriter, specRoot: Uint8Array, record: Uint8Array): void {
  state.set(Module.index, recordKey('finality', specRoot), record);
}

/** What such a record says; `undefined` for a chain that has none. */
export function finalityView(
  state: StateReader,
  specRoot: Uint8Array,
  network: Network,
): FinalityView | undefined {
  const record = readFinality(state, specRoot);
  return record && network.kind.committee?.view(network.info.name, record);
}

export function readPending(state: StateReader, specRoot: Uint8Array): PendingRecord | undefined {
  return readRecord(state, Module.index, recordKey('pending', specRoot), PendingRecordType);
}

export function writePending(state: StateWriter, specRoot: Uint8Array, pending: PendingRecord): void {
  state.set(Module.index, recordKey('pending', specRoot), PendingRecordType.serialize(pending));
}

export function deletePending(state: StateWriter, specRoot: Uint8Array): void {
  state.delete(Module.index, recordKey('pending', specRoot));
}
