import { ReorgType } from '../../proofs/containers/commitment.js';
import { append, historyRoot, truncate } from '../../proofs/history/history.js';
import type { NodeWriter } from '../../proofs/history/nodes.js';
import { committedHeight, headerHistory, reorgHistory } from './histories.js';
import type { IndexRecord } from './records.js';

/** The new branch of a truncation. */
export interface Replacement {
  readonly specRoot: Uint8Array;
  /** Last height that both branches share. */
  readonly forkHeight: number;
  readonly forkHash: Uint8Array;
  readonly newTipHeight: number;
  readonly newTipHash: Uint8Array;
  readonly mainHeight: number;
}

/**
 * Cuts the header history back to the fork and enters the truncation into the reorg history; without a leaf above the
 * fork nothing changes.
 */
export function truncateTo(record: IndexRecord, to: Replacement, nodes: NodeWriter): IndexRecord {
  if (to.forkHeight >= committedHeight(record)) return record;
  const old = headerHistory(record);
  const kept = truncate(old, to.forkHeight - record.start + 1, nodes);
  const reorg = {
    specRoot: to.specRoot,
    forkHeight: to.forkHeight,
    epoch: record.epoch + 1,
    oldSize: old.size,
    oldRoot: historyRoot(old),
    oldTipHeight: record.tipHeight,
    oldTipHash: record.tipHash,
    newTipHeight: to.newTipHeight,
    newTipHash: to.newTipHash,
    mainHeight: to.mainHeight,
  };
  const root = ReorgType.hashTreeRoot(reorg);
  nodes.put(root, ReorgType.serialize(reorg));
  const reorgs = append(reorgHistory(record), [root], nodes);
  return {
    ...record,
    epoch: record.epoch + 1,
    size: kept.size,
    peaks: [...kept.peaks],
    committedHash: to.forkHash,
    reorgCount: reorgs.size,
    reorgPeaks: [...reorgs.peaks],
  };
}
