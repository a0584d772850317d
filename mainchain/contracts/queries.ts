import type { ChainKind } from '../../adapters/types.js';
import { utf8 } from '../../proofs/bytes.js';
import type { Commitment, Reorg } from '../../proofs/containers/commitment.js';
import { LeafType } from '../../proofs/containers/leaf.js';
import type { Anchor, LeafAnchor, ReorgAnchor } from '../../proofs/containers/proof.js';
import { historyRoot, leafAt } from '../../proofs/history/history.js';
import { MemoryNodes } from '../../proofs/history/nodes.js';
import { leafPath } from '../../proofs/history/path.js';
import type { ChainState } from '../rpc/types.js';
import { StateCorruptError } from '../state/errors.js';
import type { StateView } from '../state/view.js';
import { chainOrder, needChain, specRootOf } from './chains.js';
import {
  commitmentOf,
  commitmentsOf,
  committedHeight,
  headerHistory,
  indexHistory,
  leafOf,
  readIndex,
  reorgHistory,
  reorgOf,
} from './histories.js';
import { countKey, Module, recordKey } from './keys.js';
import { type ChainRecord, HeaderRecordType, type IndexRecord, readRecord } from './records.js';
import { chainName } from './registry.js';

/** A registered chain as the state has it. */
interface Registered {
  readonly specRoot: Uint8Array;
  readonly chain: ChainRecord;
  readonly record: IndexRecord;
}

function find(view: StateView, name: string): Registered | undefined {
  const specRoot = specRootOf(view, utf8(name));
  if (specRoot === undefined) return undefined;
  return { specRoot, chain: needChain(view, specRoot), record: readIndex(view, specRoot) };
}

/** What the state says of the chain called `name`, or `undefined` if none is. */
export function chainState(view: StateView, name: string): ChainState | undefined {
  const found = find(view, name);
  return found === undefined ? undefined : describe(found);
}

/** All chains in registration order. */
export function chainStates(view: StateView): ChainState[] {
  return chainOrder(view).map((specRoot) =>
    describe({ specRoot, chain: needChain(view, specRoot), record: readIndex(view, specRoot) }),
  );
}

function describe({ specRoot, chain, record }: Registered): ChainState {
  return {
    spec: chain.spec,
    specRoot,
    name: chainName(chain.spec.name),
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

/** Raw header at `height` on the best branch, committed or not; `undefined` outside it. */
export function branchHeader(view: StateView, name: string, height: number): Uint8Array | undefined {
  const found = find(view, name);
  if (found === undefined || !Number.isSafeInteger(height) || height < 0) return undefined;
  const key = recordKey('header', found.specRoot, countKey(height));
  const entry = readRecord(view, Module.index, key, HeaderRecordType);
  if (entry !== undefined) return entry.raw;
  const leaf = leafOf(view.nodes, found.record, height);
  return leaf === undefined ? undefined : view.nodes.get(leaf.blockHash);
}

/**
 * Block hash at `height` on the best branch: from the window, below it from the history.
 * @param kinds rules of the kinds known: they hash a header that is not committed yet
 */
export function branchHash(
  view: StateView,
  name: string,
  height: number,
  kinds: readonly ChainKind[],
): Uint8Array | undefined {
  const found = find(view, name);
  if (found === undefined || !Number.isSafeInteger(height)) return undefined;
  const { record, chain } = found;
  if (height === record.tipHeight) return record.tipHash;
  const leaf = leafOf(view.nodes, record, height);
  if (leaf !== undefined) return leaf.blockHash;
  const raw = branchHeader(view, name, height);
  const kind = kinds.find((k) => k.code === chain.spec.kind);
  return raw === undefined ? undefined : kind?.decode(raw, height).hash;
}

/** The index part of an `Anchor`. */
export type IndexPlace = Pick<Anchor, 'indexPosition' | 'indexSize' | 'indexPath'>;

/** Where the commitment number `position` is under the index root. */
export function indexPlace(commitments: readonly Commitment[], position: number): IndexPlace {
  const nodes = new MemoryNodes();
  const history = indexHistory(commitments, nodes);
  return {
    indexPosition: position,
    indexSize: history.size,
    indexPath: leafPath(history, position, nodes),
  };
}

/** A leaf anchor without what only the main chain's own headers and votes can tell. */
export type LeafPieces = Omit<LeafAnchor, 'anchor'> & {
  readonly index: IndexPlace;
  readonly specRoot: Uint8Array;
};

/**
 * Everything between the leaf of `height` and the index root of this state.
 * @returns `undefined` if no such chain is registered, or the height is outside its history
 */
export function leafPieces(view: StateView, name: string, height: number): LeafPieces | undefined {
  const found = find(view, name);
  if (found === undefined || !Number.isSafeInteger(height)) return undefined;
  const { specRoot, chain, record } = found;
  if (height < record.start || height > committedHeight(record)) return undefined;
  const history = headerHistory(record);
  const leafRoot = leafAt(history, height - record.start, view.nodes);
  const bytes = view.nodes.get(leafRoot);
  if (bytes === undefined) throw new StateCorruptError(leafRoot, '(a leaf) is missing');
  const { specRoot: _, ...leaf } = LeafType.deserialize(bytes);
  const { specRoot: __, historyRoot: ___, ...commitment } = commitmentOf(specRoot, chain, record);
  return {
    specRoot,
    chain: { name: chain.spec.name, checkpoint: chain.spec.checkpoint },
    leaf,
    historyPath: leafPath(history, height - record.start, view.nodes),
    commitment,
    index: indexPlace(commitmentsOf(view), chain.position),
  };
}

/** A reorg anchor without what only the main chain's own headers and votes can tell. */
export type ReorgPieces = Omit<ReorgAnchor, 'anchor'> & {
  readonly index: number;
  readonly place: IndexPlace;
};

/** Everything between the truncation number `index` (from 0) and the index root of this state. */
export function reorgPieces(view: StateView, name: string, index: number): ReorgPieces | undefined {
  const found = find(view, name);
  if (found === undefined) return undefined;
  const { specRoot, chain, record } = found;
  const reorg = reorgOf(view.nodes, record, index);
  if (reorg === undefined) return undefined;
  const { specRoot: _, reorgRoot: __, ...commitment } = commitmentOf(specRoot, chain, record);
  return {
    chain: { name: chain.spec.name, checkpoint: chain.spec.checkpoint },
    index,
    reorg,
    reorgPath: leafPath(reorgHistory(record), index, view.nodes),
    commitment,
    place: indexPlace(commitmentsOf(view), chain.position),
  };
}

/** All truncations of a chain, oldest first. */
export function reorgsOf(view: StateView, name: string): Reorg[] {
  const found = find(view, name);
  if (found === undefined) return [];
  const reorgs: Reorg[] = [];
  for (let i = 0; i < found.record.reorgCount; i++) {
    const reorg = reorgOf(view.nodes, found.record, i);
    if (reorg !== undefined) reorgs.push(reorg);
  }
  return reorgs;
}
