import type { ChainKind } from '../../adapters/types.js';
import { toHex, utf8 } from '../../proofs/bytes.js';
import { historyRoot } from '../../proofs/history/history.js';
import { Branch } from '../contracts/branch.js';
import { chainOrder, needChain, specRootOf } from '../contracts/chains.js';
import { findNetwork } from '../contracts/context.js';
import { missingHeader, readFinality } from '../contracts/finality.js';
import { committedHeight, headerHistory, readIndex } from '../contracts/histories.js';
import type { StateView } from '../state/view.js';
import { UnknownChainError } from './errors.js';
import type { ChainFinality, ChainState } from './types.js';

/** Spec root of the chain called `name`. @throws UnknownChainError */
export function needSpecRoot(state: StateView, name: string): Uint8Array {
  const root = specRootOf(state, utf8(name));
  if (root === undefined) throw new UnknownChainError(name);
  return root;
}

/** What a state says of one chain. */
export function chainState(state: StateView, specRoot: Uint8Array): ChainState {
  const chain = needChain(state, specRoot);
  const record = readIndex(state, specRoot);
  return {
    spec: chain.spec,
    specRoot,
    name: new TextDecoder().decode(chain.spec.name),
    policy: chain.policy,
    policyVersion: chain.policyVersion,
    rulesVersion: chain.rulesVersion,
    status: chain.status,
    epoch: record.epoch,
    start: record.start,
    size: record.size,
    historyRoot: historyRoot(headerHistory(record)),
    committed: { height: committedHeight(record), hash: record.committedHash },
    windowBase: record.windowBase,
    tip: { height: record.tipHeight, hash: record.tipHash, work: record.tipWork },
    reorgCount: record.reorgCount,
    lastSeq: record.lastSeq,
  };
}

/** All chains of a state, in registration order. */
export function chainStates(state: StateView): ChainState[] {
  return chainOrder(state).map((root) => chainState(state, root));
}

/** What a state says of a chain's own finality; `undefined` before its light client has begun, or where it has none. */
export function chainFinality(
  state: StateView,
  kinds: readonly ChainKind[],
  name: string,
): ChainFinality | undefined {
  const specRoot = needSpecRoot(state, name);
  const finality = readFinality(state, specRoot);
  const { spec } = needChain(state, specRoot);
  const committee = kinds.find((kind) => kind.code === spec.kind)?.committee;
  if (finality === undefined || committee === undefined) return undefined;
  const pending = missingHeader(finality, readIndex(state, specRoot).tipHeight);
  const final = committee.view(name, finality.record);
  return pending === undefined ? { final } : { final, pending };
}

/** Hash at `height` on a chain's best branch, or below its window in the history. */
export function branchHashAt(
  state: StateView,
  kinds: readonly ChainKind[],
  name: string,
  height: number,
): Uint8Array | undefined {
  const specRoot = needSpecRoot(state, name);
  const { spec } = needChain(state, specRoot);
  const network = findNetwork(kinds, spec.kind, name);
  if (network === undefined) throw new UnknownChainError(`${name} (${toHex(specRoot)})`);
  return new Branch(state, network, specRoot, readIndex(state, specRoot)).header(height)?.hash;
}
