import { ChainStatus } from '../../proofs/containers/commitment.js';
import type { StateWriter } from '../state/overlay.js';
import type { StateReader } from '../state/view.js';
import { countKey, Module, recordKey } from './keys.js';
import { type ChainRecord, ChainRecordType, CountRecordType, readRecord } from './records.js';
import { ChainPausedError, UnknownChainCallError } from './registryErrors.js';

const COUNT = recordKey('count');
const SEQUENCE = recordKey('sequence');

/** A registered chain, or `undefined`. */
export function readChain(state: StateReader, specRoot: Uint8Array): ChainRecord | undefined {
  return readRecord(state, Module.registry, recordKey('chain', specRoot), ChainRecordType);
}

export function writeChain(state: StateWriter, specRoot: Uint8Array, record: ChainRecord): void {
  state.set(Module.registry, recordKey('chain', specRoot), ChainRecordType.serialize(record));
}

/** @throws UnknownChainCallError */
export function needChain(state: StateReader, specRoot: Uint8Array): ChainRecord {
  const record = readChain(state, specRoot);
  if (record === undefined) throw new UnknownChainCallError('no chain is registered with this spec root');
  return record;
}

/** @throws UnknownChainCallError, ChainPausedError */
export function needActive(state: StateReader, specRoot: Uint8Array): ChainRecord {
  const record = needChain(state, specRoot);
  if (record.status !== ChainStatus.active) throw new ChainPausedError('the chain is paused');
  return record;
}

/** Spec root of the chain called so (ASCII bytes), or `undefined`. */
export function specRootOf(state: StateReader, name: Uint8Array): Uint8Array | undefined {
  return state.get(Module.registry, recordKey('name', name));
}

export function chainCount(state: StateReader): number {
  return readRecord(state, Module.registry, COUNT, CountRecordType) ?? 0;
}

/** Spec roots in registration order. */
export function chainOrder(state: StateReader): Uint8Array[] {
  const roots: Uint8Array[] = [];
  for (let i = 0; i < chainCount(state); i++) {
    const root = state.get(Module.registry, recordKey('at', countKey(i)));
    if (root !== undefined) roots.push(root);
  }
  return roots;
}

/** Enters a chain after all others. */
export function addChain(state: StateWriter, specRoot: Uint8Array, record: ChainRecord): void {
  writeChain(state, specRoot, record);
  state.set(Module.registry, recordKey('name', record.spec.name), specRoot);
  state.set(Module.registry, recordKey('at', countKey(record.position)), specRoot);
  state.set(Module.registry, COUNT, CountRecordType.serialize(record.position + 1));
}

/** Sequence that the next governance action must have, from 0. */
export function governanceSequence(state: StateReader): number {
  return readRecord(state, Module.registry, SEQUENCE, CountRecordType) ?? 0;
}

export function setGovernanceSequence(state: StateWriter, sequence: number): void {
  state.set(Module.registry, SEQUENCE, CountRecordType.serialize(sequence));
}
