import type { ChainKind } from '../../adapters/types.js';
import { needChain, specRootOf } from '../../mainchain/contracts/chains.js';
import {
  commitmentOf,
  commitmentsOf,
  committedHeight,
  headerHistory,
  indexHistory,
  readIndex,
  reorgHistory,
  reorgOf,
} from '../../mainchain/contracts/histories.js';
import type { ChainRecord, IndexRecord } from '../../mainchain/contracts/records.js';
import { branchHashAt, chainState as describe } from '../../mainchain/rpc/chainState.js';
import type { ChainState } from '../../mainchain/rpc/types.js';
import { StateCorruptError } from '../../mainchain/state/errors.js';
import type { StateView } from '../../mainchain/state/view.js';
import { utf8 } from '../../proofs/bytes.js';
import type { Commitment, Reorg } from '../../proofs/containers/commitment.js';
import { LeafType } from '../../proofs/containers/leaf.js';
import type { Anchor, LeafAnchor, ReorgAnchor } from '../../proofs/containers/proof.js';
import { leafAt } from '../../proofs/history/history.js';
import { MemoryNodes } from '../../proofs/history/nodes.js';
import { leafPath } from '../../proofs/history/path.js';

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

/** What the state says of the chain called `name`. */
export function chainState(view: StateView, name: string): ChainState | undefined {
  const found = find(view, name);
  return found === undefined ? undefined : describe(view, found.specRoot);
}

/** Block hash at `height` on the best branch. */
export const branchHash = (view: StateView, name: string, height: number, kinds: readonly ChainKind[]) =>
  branchHashAt(view, kinds, name, height);

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
