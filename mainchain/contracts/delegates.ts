import { bytesEqual, utf8 } from '../../proofs/bytes.js';
import type { RotateKey } from '../../proofs/containers/calls.js';
import { type DelegateSet, DelegateSetType } from '../../proofs/containers/consensus.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import type { TermInfo } from '../chain/schedule.js';
import type { StateWriter } from '../state/overlay.js';
import type { StateReader } from '../state/view.js';
import type { BlockContext } from './context.js';
import { BadPossessionError, KeyInUseError, NotADelegateError, SetFrozenError } from './errors.js';
import { Module } from './keys.js';
import { readRecord, type TermRecord, TermRecordType } from './records.js';

const CURRENT = utf8('current');
const NEXT = utf8('next');
const TERM = utf8('term');

/** The state has no delegates: it is not a main chain's. */
export class NoDelegatesError extends CrossrootError {
  override readonly name = 'NoDelegatesError';
}

export function initDelegates(state: StateWriter, members: DelegateSet): void {
  const bytes = DelegateSetType.serialize(members);
  state.set(Module.delegates, CURRENT, bytes);
  state.set(Module.delegates, NEXT, bytes);
  writeTerm(state, { term: 0, start: 0, startSlot: 1 });
}

/** The set of the state's term. @throws NoDelegatesError */
export function currentSet(state: StateReader): DelegateSet {
  return need(readRecord(state, Module.delegates, CURRENT, DelegateSetType));
}

/** The set of the next term, as far as it is known. @throws NoDelegatesError */
export function nextSet(state: StateReader): DelegateSet {
  return need(readRecord(state, Module.delegates, NEXT, DelegateSetType));
}

/** @throws NoDelegatesError */
export function readTerm(state: StateReader): TermInfo {
  const record = need(readRecord(state, Module.delegates, TERM, TermRecordType));
  const members = currentSet(state);
  return { ...record, members, setRoot: DelegateSetType.hashTreeRoot(members) };
}

/** The term after the one of `state`, if its first block is at `start` and the block before it at `lastSlot`. */
export function followingTerm(state: StateReader, start: number, lastSlot: number): TermInfo {
  const { term } = need(readRecord(state, Module.delegates, TERM, TermRecordType));
  const members = nextSet(state);
  return {
    term: term + 1,
    start,
    startSlot: lastSlot + 1,
    members,
    setRoot: DelegateSetType.hashTreeRoot(members),
  };
}

/** Makes the next set the current one. */
export function beginTerm(state: StateWriter, term: TermInfo): void {
  state.set(Module.delegates, CURRENT, DelegateSetType.serialize(term.members));
  writeTerm(state, term);
}

/** First height from which the next set does not change any more. */
export function freezeHeight(termStart: number, termBlocks: number): number {
  return termStart + termBlocks - 1;
}

/** A delegate's key for the next term. @throws SetFrozenError, NotADelegateError, KeyInUseError, BadPossessionError */
export function rotateKey(
  state: StateWriter,
  context: BlockContext,
  sender: Uint8Array,
  call: RotateKey,
): void {
  const { term, genesis } = context;
  if (context.height >= freezeHeight(term.start, genesis.termBlocks)) {
    throw new SetFrozenError(`the set of term ${term.term + 1} is final`);
  }
  if (!term.members.some((d) => bytesEqual(d.account, sender))) {
    throw new NotADelegateError('the sender is not a delegate of this term');
  }
  const next = nextSet(state);
  // Another delegate's key would let one signature count twice, also while the two terms overlap.
  if ([...next, ...term.members].some((d) => bytesEqual(d.blsKey, call.blsKey))) {
    throw new KeyInUseError('the key is, or was last term, the key of a delegate');
  }
  if (!context.bls.verifyPossession(call.blsKey, call.proofOfPossession)) {
    throw new BadPossessionError('the proof of possession does not fit the key');
  }
  const changed = next.map((d) =>
    bytesEqual(d.account, sender) ? { account: d.account, blsKey: call.blsKey } : d,
  );
  state.set(Module.delegates, NEXT, DelegateSetType.serialize(changed));
}

function writeTerm(state: StateWriter, { term, start, startSlot }: TermRecord): void {
  state.set(Module.delegates, TERM, TermRecordType.serialize({ term, start, startSlot }));
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new NoDelegatesError('the state has no delegates');
  return value;
}
