import type { OrphanPool } from '../../adapters/chain/orphans.js';
import type { Presync } from '../../adapters/chain/presync.js';
import { SourceFaultError } from '../../adapters/errors.js';
import type { SourceTip } from '../../adapters/source.js';
import type { HeaderTree } from '../../adapters/tree.js';
import type { ChainKind, ForeignHeader } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import type { ChainWriter } from './chainWriter.js';
import { BranchTooDeepError } from './errors.js';
import { presyncTo, storeThreshold } from './presyncTo.js';
import { RangeReader } from './rangeReader.js';
import type { SourceMonitor } from './sourceMonitor.js';
import { readAgain, SLICE, yieldToOthers } from './syncSteps.js';

export interface SyncOptions {
  readonly chain: string;
  readonly kind: ChainKind;
  readonly checkpoint: Checkpoint;
  /** Headers read before what they build on. */
  readonly orphans: OrphanPool;
  /** Branches of too little work that are being read, by source. */
  readonly presyncs: Map<string, Presync>;
  /** Blocks of the tip's work by which a stored branch may be behind. Default 144. */
  readonly marginBlocks?: number;
  /** Default 65,536. */
  readonly maxPresyncHeaders?: number;
  readonly writer: ChainWriter;
  readonly monitor: SourceMonitor;
  readonly tip: SourceTip;
  /** Whether most work decides. */
  readonly byWork: boolean;
  /** Most headers of one step. */
  readonly batch: number;
  /** Wall clock, Unix seconds. */
  readonly now: () => number;
  /** Ends the run between two steps. */
  readonly stopped: () => boolean;
}

/** Steps back of one run: doubling from eight, enough for any depth, few enough to end. */
const MAX_STEPS_BACK = 40;
const FIRST_STEP_BACK = 8;

/**
 * Fetches from a source until its tip is known, in batches, finding the common ancestor by doubling steps back.
 * Gives way to other work after each few hundred headers.
 * @throws SourceFaultError for answers that cannot be true; SourceUnavailableError; what `ChainWriter.add` throws
 */
export async function syncTo(options: SyncOptions): Promise<void> {
  const { writer, monitor, tip } = options;
  const tree = writer.tree;
  if (tree === undefined) return;
  if (tip.height < tree.rootHeight) return behind(options, tree.rootHeight);
  const reading = options.presyncs.get(monitor.name);
  // Read to its end, and of too little work.
  if (
    reading !== undefined &&
    bytesEqual(reading.last.hash, tip.hash) &&
    reading.work < storeThreshold(tree, options)
  )
    return;
  let from = Math.min(tip.height, tree.tip.height + 1);
  let step = FIRST_STEP_BACK;
  let stepsBack = 0;
  const reader = new RangeReader(monitor, options.batch);
  // Nothing is read ahead before it is known where the source's chain joins ours.
  let joined = false;
  while (!options.stopped()) {
    const current = writer.tree;
    if (current === undefined) return;
    if (current.has(tip.hash) && (options.byWork || bytesEqual(current.tip.hash, tip.hash))) return;
    let run = await reader.next(from, joined ? tip.height : from);
    // Its best chain got shorter in the meantime: the next poll sees the new tip.
    if (run.length === 0 && from > tip.height) return;
    if (run.length === 0) run = await readAgain(monitor, tip, from, options.batch);
    const first = run[0];
    if (first === undefined) return;
    if (current.has(first.parentHash) || current.has(first.hash)) {
      const fork = options.byWork ? weakFork(current, run, options) : undefined;
      if (fork !== undefined) {
        const next = await presyncTo(options, current, fork);
        if (next === undefined || next > tip.height) return;
        from = next;
        continue;
      }
      const top = await addAll(options, run);
      if (top >= tip.height) return;
      from = top + 1;
      joined = true;
      continue;
    }
    // What builds on headers not read yet is kept until they are; without work, what was read earlier may be undone.
    if (options.byWork) options.orphans.add(run, monitor.name, options.now());
    if (from <= current.rootHeight || ++stepsBack > MAX_STEPS_BACK)
      throw new BranchTooDeepError(monitor.name, current.rootHeight, from, tip.height);
    from = Math.max(current.rootHeight, from - step);
    step *= 2;
  }
}

/** A source below our root is only behind, unless it decides and has fallen deeper than we can follow. */
function behind({ monitor, byWork, tip }: SyncOptions, rootHeight: number): void {
  if (byWork) return;
  throw new SourceFaultError(
    monitor.name,
    `is at ${tip.height}, below ${rootHeight}, where our headers begin`,
    {
      height: tip.height,
    },
  );
}

/** Where a run leaves what is known, if the branch has too little work there to be stored. */
function weakFork(
  tree: HeaderTree,
  run: readonly ForeignHeader[],
  options: SyncOptions,
): ForeignHeader | undefined {
  const first = run.find((header) => !tree.has(header.hash));
  const work = first === undefined ? undefined : tree.workOf(first.parentHash);
  if (first === undefined || work === undefined || bytesEqual(first.parentHash, tree.tip.hash))
    return undefined;
  return work < storeThreshold(tree, options) ? tree.branchOf(first.parentHash)?.header : undefined;
}

/** Adds a run and the orphans that it connects. @returns height of the last one */
async function addAll(options: SyncOptions, run: readonly ForeignHeader[]): Promise<number> {
  const { writer, orphans, monitor } = options;
  let top = 0;
  let next = run;
  while (next.length > 0 && !options.stopped()) {
    for (let at = 0; at < next.length && !options.stopped(); at += SLICE) {
      await writer.add(next.slice(at, at + SLICE), options.now());
      await yieldToOthers();
    }
    const last = next.at(-1);
    if (last === undefined) break;
    top = last.height;
    next = orphans.take(last, monitor.name);
  }
  return top;
}
