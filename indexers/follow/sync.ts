import { SourceFaultError } from '../../adapters/errors.js';
import type { SourceTip } from '../../adapters/source.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import type { ChainWriter } from './chainWriter.js';
import type { SourceMonitor } from './sourceMonitor.js';

export interface SyncOptions {
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
/** Headers validated and written at once. Measured: 2000 hold the event loop for 220 ms, 400 for 60. */
const SLICE = 400;

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
  let from = Math.min(tip.height, tree.tip.height + 1);
  let step = FIRST_STEP_BACK;
  let stepsBack = 0;
  while (!options.stopped()) {
    const current = writer.tree;
    if (current === undefined) return;
    if (current.has(tip.hash) && (options.byWork || bytesEqual(current.tip.hash, tip.hash))) return;
    const run = await monitor.headers(from, options.batch);
    checkRun(monitor.name, run, from);
    const first = run[0];
    const last = run.at(-1);
    if (first === undefined || last === undefined) {
      // Its best chain got shorter in the meantime: the next poll sees the new tip.
      if (from > tip.height) return;
      throw new SourceFaultError(monitor.name, `names ${tip.height} as its tip, but has no header ${from}`);
    }
    if (current.has(first.parentHash) || current.has(first.hash)) {
      for (let at = 0; at < run.length && !options.stopped(); at += SLICE) {
        await writer.add(run.slice(at, at + SLICE), options.now());
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (last.height >= tip.height) return;
      from = last.height + 1;
      continue;
    }
    if (from <= current.rootHeight || ++stepsBack > MAX_STEPS_BACK)
      throw new SourceFaultError(
        monitor.name,
        `is on a branch that leaves ours below ${current.rootHeight}`,
        {
          height: from,
          tipHeight: tip.height,
        },
      );
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

function checkRun(source: string, run: readonly ForeignHeader[], from: number): void {
  let parent: ForeignHeader | undefined;
  for (const header of run) {
    const height = parent === undefined ? from : parent.height + 1;
    if (header.height !== height || (parent !== undefined && !bytesEqual(header.parentHash, parent.hash)))
      throw new SourceFaultError(source, `headers from ${from} are not one linked run`, {
        height: header.height,
      });
    parent = header;
  }
}
