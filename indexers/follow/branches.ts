import { BranchCollector, type BranchRecord, TRUNK } from '../../adapters/chain/branches.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import type { HeaderBook } from './book.js';
import type { TwoBranches } from './errors.js';
import type { SourceMonitor } from './sourceMonitor.js';
import { fetchRun, yieldToOthers } from './syncSteps.js';

/** Most headers that are read of another's branch for evidence. */
const MAX_READ = 65_536;

/** The evidence of two branches that were both read already. */
export function branchRecord(
  book: HeaderBook,
  checkpoint: Checkpoint,
  { forkHeight, ours, theirs }: TwoBranches,
): BranchRecord {
  const part = (headers: readonly ForeignHeader[]) => {
    const collector = new BranchCollector();
    for (const header of headers) collector.push(header);
    return collector.part;
  };
  return { ...frame(book, checkpoint, forkHeight), ours: part(ours), theirs: part(theirs) };
}

/**
 * Reads a source's branch from where it leaves our best chain, however deep, for evidence.
 * @returns `undefined` if it leaves below the checkpoint, or has no header of its own
 */
export async function readBranches(
  book: HeaderBook,
  checkpoint: Checkpoint,
  monitor: SourceMonitor,
  tipHeight: number,
  batch: number,
): Promise<BranchRecord | undefined> {
  const top = Math.min(tipHeight, book.tip()?.height ?? 0);
  const isOurs = async (height: number): Promise<boolean> => {
    const [header] = await fetchRun(monitor, height, 1);
    const hash = book.bestHash(height);
    return header !== undefined && hash !== undefined && bytesEqual(header.hash, hash);
  };
  if (top < checkpoint.height || !(await isOurs(checkpoint.height))) return undefined;
  let below = checkpoint.height;
  let above = top + 1;
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (await isOurs(middle)) below = middle;
    else above = middle;
  }
  const theirs = new BranchCollector();
  let next = below + 1;
  while (next <= tipHeight && next - below <= MAX_READ) {
    const run = await fetchRun(monitor, next, batch);
    if (run.length === 0) break;
    for (const header of run) theirs.push(header);
    next += run.length;
    await yieldToOthers();
  }
  const ours = new BranchCollector();
  for (let height = below + 1; height <= (book.tip()?.height ?? below); height++) {
    const header = book.header(height);
    if (header !== undefined) ours.push(header);
  }
  if (theirs.part.first.length === 0 || ours.part.first.length === 0) return undefined;
  return { ...frame(book, checkpoint, below), ours: ours.part, theirs: theirs.part };
}

function frame(
  book: HeaderBook,
  checkpoint: Checkpoint,
  forkHeight: number,
): Omit<BranchRecord, 'ours' | 'theirs'> {
  const trunk: string[] = [];
  for (let height = Math.max(checkpoint.height, forkHeight - TRUNK + 1); height <= forkHeight; height++) {
    const header = book.header(height);
    if (header !== undefined) trunk.push(toBareHex(header.raw));
  }
  const { height, hash, work, periodStartTime, periodStartBits } = checkpoint;
  return {
    format: 'crossroot-branches',
    version: 1,
    chain: book.chain,
    checkpoint: { height, hash: toBareHex(hash), work: work.toString(), periodStartTime, periodStartBits },
    forkHeight,
    trunk,
  };
}
