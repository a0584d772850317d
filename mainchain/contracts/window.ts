import type { StateWriter } from '../state/overlay.js';
import { type Branch, type BranchHeader, deleteHeader, writeHeader } from './branch.js';
import { committedHeight } from './histories.js';
import { WindowFullError } from './indexErrors.js';
import type { IndexRecord } from './records.js';

/**
 * Replaces what the best branch has above `forkHeight` by `run` (at least one header), in record and state.
 */
export function extendBranch(
  state: StateWriter,
  branch: Branch,
  record: IndexRecord,
  run: readonly BranchHeader[],
): IndexRecord {
  const tip = run.at(-1);
  if (tip === undefined) return record;
  for (const entry of run) writeHeader(state, branch.specRoot, entry);
  for (let height = tip.header.height + 1; height <= record.tipHeight; height++) {
    deleteHeader(state, branch.specRoot, height);
  }
  return { ...record, tipHeight: tip.header.height, tipHash: tip.header.hash, tipWork: tip.work };
}

/**
 * Forgets headers that are out of the window. One that is not committed yet stays.
 * @param most headers from the newest leaf to the tip; by default twice the window
 * @throws WindowFullError
 */
export function pruneWindow(
  state: StateWriter,
  branch: Branch,
  record: IndexRecord,
  most = 2 * branch.network.info.window,
): IndexRecord {
  const { window } = branch.network.info;
  const base = Math.min(record.tipHeight - window + 1, committedHeight(record));
  if (record.tipHeight - base >= most) {
    throw new WindowFullError(`${record.tipHeight - base} headers wait to be committed`);
  }
  if (base <= record.windowBase) return record;
  for (let height = record.windowBase; height < base; height++) deleteHeader(state, branch.specRoot, height);
  return { ...record, windowBase: base };
}
