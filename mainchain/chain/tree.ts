import { bytesEqual } from '../../proofs/bytes.js';
import { append, type History, leafAt } from '../../proofs/history/history.js';
import type { NodeWriter } from '../../proofs/history/nodes.js';
import { leafPath } from '../../proofs/history/path.js';
import { UnknownBlockError } from './errors.js';
import type { BlockRecord, ChainStore } from './store.js';

/** @throws UnknownBlockError */
export function needRecord(store: ChainStore, root: Uint8Array): BlockRecord {
  const record = store.record(root);
  if (record === undefined) throw new UnknownBlockError(root);
  return record;
}

/** History over the roots of all blocks before this one. */
export function ancestorHistory(record: BlockRecord): History {
  return { start: 0, size: record.header.height, peaks: record.peaks };
}

/** History that a child of the block `root` has. */
export function childHistory(record: BlockRecord, root: Uint8Array, nodes: NodeWriter): History {
  return append(ancestorHistory(record), [root], nodes);
}

/** Root of the block at `height` on the branch that ends in `root`. @throws UnknownBlockError */
export function ancestorAt(store: ChainStore, root: Uint8Array, height: number): Uint8Array | undefined {
  const record = needRecord(store, root);
  if (height === record.header.height) return root;
  if (!Number.isSafeInteger(height) || height < 0 || height > record.header.height) return undefined;
  if (height === record.header.height - 1) return record.header.parentRoot;
  return leafAt(ancestorHistory(record), height, store);
}

export function isAncestor(store: ChainStore, ancestor: Uint8Array, root: Uint8Array): boolean {
  const header = store.record(ancestor)?.header;
  if (header === undefined) return false;
  const found = ancestorAt(store, root, header.height);
  return found !== undefined && bytesEqual(found, ancestor);
}

/** @throws UnknownBlockError, HistoryError */
export function pathOfAncestor(store: ChainStore, root: Uint8Array, height: number): Uint8Array[] {
  return leafPath(ancestorHistory(needRecord(store, root)), height, store);
}

/** First 8 bytes of the roots of the last `count` blocks of the branch that ends in `root`, newest first. */
export function recentMarks(store: ChainStore, root: Uint8Array, count: number): Uint8Array[] {
  const marks: Uint8Array[] = [];
  let at = root;
  while (marks.length < count) {
    const record = needRecord(store, at);
    marks.push(at.slice(0, 8));
    if (record.header.height === 0) break;
    at = record.header.parentRoot;
  }
  return marks;
}
