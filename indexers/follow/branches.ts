import { BranchCollector, type BranchRecord, TRUNK } from '../../adapters/chain/branches.js';
import type { Ancestors, ChainKind, ForeignHeader } from '../../adapters/types.js';
import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import type { HeaderBook } from './book.js';
import type { TwoBranches } from './errors.js';
import type { SourceMonitor } from './sourceMonitor.js';
import { fetchRun, SLICE, yieldToOthers } from './syncSteps.js';

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

/** What a source's branch is judged by. */
export interface BranchReading {
  readonly book: HeaderBook;
  readonly kind: ChainKind;
  readonly checkpoint: Checkpoint;
  /** Most headers of one call. */
  readonly batch: number;
  /** Unix seconds. */
  readonly now: number;
}

/**
 * Reads a source's branch from where it leaves our best chain, however deep, for evidence: by all rules, so that headers which cost
 * nothing to make displace no evidence.
 * @returns `undefined` if it leaves below the checkpoint, or has no header of its own
 * @throws HeaderRuleError for a branch that is not valid; what the source throws
 */
export async function readBranches(
  { book, kind, checkpoint, batch, now }: BranchReading,
  monitor: SourceMonitor,
  tipHeight: number,
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
  const read = new Map<number, ForeignHeader>();
  const ours = (height: number) => (height < checkpoint.height ? undefined : book.header(height));
  const ancestors: Ancestors = {
    checkpoint,
    header: (height) => (height <= below ? ours(height) : read.get(height)),
  };
  let next = below + 1;
  while (next <= tipHeight && next - below <= MAX_READ) {
    const run = await fetchRun(monitor, next, batch);
    if (run.length === 0) break;
    for (const [i, header] of run.entries()) {
      if (i % SLICE === 0) await yieldToOthers();
      kind.validate(book.chain, header, ancestors, now);
      theirs.push(header);
      read.set(header.height, header);
      read.delete(header.height - TRUNK);
    }
    next += run.length;
  }
  const own = new BranchCollector();
  for (let height = below + 1; height <= (book.tip()?.height ?? below); height++) {
    const header = book.header(height);
    if (header !== undefined) own.push(header);
  }
  if (theirs.part.first.length === 0 || own.part.first.length === 0) return undefined;
  return { ...frame(book, checkpoint, below), ours: own.part, theirs: theirs.part };
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
