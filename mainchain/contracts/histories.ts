import { assuranceFor } from '../../adapters/mode.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { ZERO32 } from '../../proofs/bytes.js';
import {
  ChainStatus,
  type Commitment,
  CommitmentType,
  type Reorg,
  ReorgType,
} from '../../proofs/containers/commitment.js';
import { type Leaf, LeafType } from '../../proofs/containers/leaf.js';
import { append, emptyHistory, type History, historyRoot, leafAt } from '../../proofs/history/history.js';
import { discardNodes, type NodeReader, type NodeWriter } from '../../proofs/history/nodes.js';
import type { StateWriter } from '../state/overlay.js';
import type { StateReader } from '../state/view.js';
import { chainOrder, needChain } from './chains.js';
import type { BlockContext, Network } from './context.js';
import { Module, recordKey } from './keys.js';
import { type ChainRecord, type IndexRecord, IndexRecordType, readRecord } from './records.js';
import { UnknownChainCallError } from './registryErrors.js';

/** What the index knows of a chain. @throws UnknownChainCallError */
export function readIndex(state: StateReader, specRoot: Uint8Array): IndexRecord {
  const record = readRecord(state, Module.index, recordKey('chain', specRoot), IndexRecordType);
  if (record === undefined) throw new UnknownChainCallError('no chain is registered with this spec root');
  return record;
}

export function writeIndex(state: StateWriter, specRoot: Uint8Array, record: IndexRecord): void {
  state.set(Module.index, recordKey('chain', specRoot), IndexRecordType.serialize(record));
}

/** The header history of a chain. */
export function headerHistory(record: IndexRecord): History {
  return { start: record.start, size: record.size, peaks: record.peaks };
}

/** The never-truncated history of truncations. */
export function reorgHistory(record: IndexRecord): History {
  return { start: 0, size: record.reorgCount, peaks: record.reorgPeaks };
}

/** Height of the newest committed leaf. */
export function committedHeight(record: IndexRecord): number {
  return record.start + record.size - 1;
}

/** The committed leaf of `height`, or `undefined` outside the history. @throws MissingNodeError */
export function leafOf(nodes: NodeReader, record: IndexRecord, height: number): Leaf | undefined {
  if (height < record.start || height > committedHeight(record)) return undefined;
  const bytes = nodes.get(leafAt(headerHistory(record), height - record.start, nodes));
  return bytes === undefined ? undefined : LeafType.deserialize(bytes);
}

/** The truncation number `index`, from 0. @throws MissingNodeError */
export function reorgOf(nodes: NodeReader, record: IndexRecord, index: number): Reorg | undefined {
  if (index < 0 || index >= record.reorgCount) return undefined;
  const bytes = nodes.get(leafAt(reorgHistory(record), index, nodes));
  return bytes === undefined ? undefined : ReorgType.deserialize(bytes);
}

/** Where leaves come from. */
export interface Provenance {
  readonly specRoot: Uint8Array;
  readonly network: Network;
  readonly chain: ChainRecord;
  readonly context: BlockContext;
}

/**
 * Appends leaves for headers (in height order, on top of the newest leaf), keeping each leaf by its root and each raw
 * header by its block hash.
 */
export function appendLeaves(
  record: IndexRecord,
  headers: readonly ForeignHeader[],
  from: Provenance,
  nodes: NodeWriter,
): IndexRecord {
  const last = headers.at(-1);
  if (last === undefined) return record;
  const roots = headers.map((header) => {
    const leaf = makeLeaf(header, from);
    const root = LeafType.hashTreeRoot(leaf);
    nodes.put(root, LeafType.serialize(leaf));
    nodes.put(header.hash, header.raw);
    return root;
  });
  const history = append(headerHistory(record), roots, nodes);
  return { ...record, size: history.size, peaks: [...history.peaks], committedHash: last.hash };
}

function makeLeaf(header: ForeignHeader, { specRoot, network, chain, context }: Provenance): Leaf {
  return {
    specRoot,
    height: header.height,
    blockHash: header.hash,
    transactionsRoot: header.transactionsRoot,
    receiptsRoot: header.receiptsRoot,
    stateRoot: header.stateRoot,
    time: header.time,
    assurance: assuranceFor(network.kind, network.info, chain.spec.checkpoint),
    policyVersion: chain.policyVersion,
    rulesVersion: chain.rulesVersion,
    mainHeight: context.height,
  };
}

/** A chain's entry under the index root. */
export function commitmentOf(specRoot: Uint8Array, chain: ChainRecord, record: IndexRecord): Commitment {
  return {
    specRoot,
    status: chain.status === ChainStatus.paused ? ChainStatus.paused : ChainStatus.active,
    epoch: record.epoch,
    start: record.start,
    size: record.size,
    historyRoot: historyRoot(headerHistory(record)),
    tipHeight: record.tipHeight,
    tipHash: record.tipHash,
    reorgRoot: historyRoot(reorgHistory(record)),
    reorgCount: record.reorgCount,
    policyVersion: chain.policyVersion,
  };
}

/** All commitments of a state, in registration order. */
export function commitmentsOf(state: StateReader): Commitment[] {
  return chainOrder(state).map((root) => commitmentOf(root, needChain(state, root), readIndex(state, root)));
}

/** The index over commitments: a history with start 0. */
export function indexHistory(commitments: readonly Commitment[], nodes: NodeWriter = discardNodes): History {
  const roots = commitments.map((c) => CommitmentType.hashTreeRoot(c));
  return append(emptyHistory(0), roots, nodes);
}

/** `MainHeader.indexRoot` of a state. */
export function indexRoot(state: StateReader): Uint8Array {
  return historyRoot(indexHistory(commitmentsOf(state)));
}

/** A chain's record before its checkpoint is entered. */
export function newIndexRecord(start: number): IndexRecord {
  return {
    epoch: 0,
    start,
    size: 0,
    peaks: [],
    committedHash: ZERO32,
    reorgCount: 0,
    reorgPeaks: [],
    windowBase: start,
    tipHeight: start,
    tipHash: ZERO32,
    tipWork: 0n,
    lastSeq: 0,
    evidenceCount: 0,
  };
}
