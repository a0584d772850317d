import { randomBytes } from 'node:crypto';
import { Presync, PresyncLimitError, PresyncMismatchError } from '../../adapters/chain/presync.js';
import { SourceFaultError } from '../../adapters/errors.js';
import type { HeaderTree } from '../../adapters/tree.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { SourceTimeoutError } from './errors.js';
import type { SyncOptions } from './sync.js';
import { confirmTip, fetchRun, SLICE, yieldToOthers } from './syncSteps.js';

/** Blocks of the tip's work by which a stored branch may be behind (Bitcoin Core: `GetAntiDoSWorkThreshold`). */
export const MARGIN_BLOCKS = 144;
/** Most headers of one branch before it has shown enough work. */
export const MAX_PRESYNC_HEADERS = 65_536;
/** How long one branch may be read in one go, both times together, however quick each answer is. */
export const MAX_PRESYNC_MS = 3_600_000;

/** The total work from which on a branch is stored: that of our tip less a margin. */
export function storeThreshold(tree: HeaderTree, options: SyncOptions): bigint {
  const margin = BigInt(options.marginBlocks ?? MARGIN_BLOCKS);
  return tree.work - margin * options.kind.work(tree.tip);
}

/**
 * Reads a branch of too little work without storing it, and once it has shown enough, again into the tree.
 * @param fork known header that it leaves from
 * @returns height to go on from; `undefined` while the branch has too little work
 * @throws SourceFaultError for another branch the second time, or one without end; SourceTimeoutError; what `Presync.push` throws
 */
export async function presyncTo(
  options: SyncOptions,
  tree: HeaderTree,
  fork: ForeignHeader,
): Promise<number | undefined> {
  const { monitor, tip, presyncs, stopped } = options;
  const presync = resume(options, tree, fork);
  if (presync === undefined) return undefined;
  const { name } = monitor;
  const deadline = performance.now() + MAX_PRESYNC_MS;
  try {
    while (presync.work < storeThreshold(tree, options)) {
      requireTime(options, deadline);
      if (stopped() || presync.last.height >= tip.height) return undefined;
      const run = await fetchRun(monitor, presync.last.height + 1, options.batch);
      const first = run[0];
      if (first === undefined || !bytesEqual(first.parentHash, presync.last.hash)) {
        // Its chain has changed: the next poll begins again.
        presyncs.delete(name);
        return undefined;
      }
      for (let at = 0; at < run.length && presync.work < storeThreshold(tree, options); at += SLICE) {
        presync.push(run.slice(at, at + SLICE), options.now());
        await yieldToOthers();
      }
    }
  } catch (error) {
    if (!(error instanceof PresyncLimitError)) throw error;
    presyncs.delete(name);
    throw new SourceFaultError(name, error.message, {
      height: presync.fork.height + 1,
      tipHeight: tip.height,
    });
  }
  presyncs.delete(name);
  return store(options, presync, deadline);
}

function resume(options: SyncOptions, tree: HeaderTree, fork: ForeignHeader): Presync | undefined {
  const { presyncs, monitor, kind, chain, checkpoint } = options;
  const before = presyncs.get(monitor.name);
  if (before !== undefined && bytesEqual(before.fork.hash, fork.hash)) return before;
  const branch = tree.branchOf(fork.hash);
  const work = tree.workOf(fork.hash);
  if (branch === undefined || work === undefined) return undefined;
  const presync = new Presync({
    kind,
    chain,
    checkpoint,
    fork: { header: branch.header, work },
    ancestor: branch.ancestor,
    maxHeaders: options.maxPresyncHeaders ?? MAX_PRESYNC_HEADERS,
    salt: new Uint8Array(randomBytes(32)),
    invalid: tree.invalid,
  });
  presyncs.set(monitor.name, presync);
  return presync;
}

/** A source that answers, but never gets to an end, is to fail as one that does not: the branch is begun anew after a pause. */
function requireTime({ monitor, presyncs }: SyncOptions, deadline: number): void {
  if (performance.now() <= deadline) return;
  presyncs.delete(monitor.name);
  throw new SourceTimeoutError(monitor.name, 'a branch of too little work', MAX_PRESYNC_MS);
}

/** @param deadline by `performance.now()` */
async function store(options: SyncOptions, presync: Presync, deadline: number): Promise<number | undefined> {
  const { monitor, writer } = options;
  const replay = presync.replay();
  while (replay.next <= replay.end) {
    requireTime(options, deadline);
    if (options.stopped()) return undefined;
    const count = Math.min(options.batch, replay.end - replay.next + 1);
    const run = await fetchRun(monitor, replay.next, count);
    try {
      if (run.length === 0) throw new PresyncMismatchError(replay.next);
      const released = replay.push(run);
      for (let at = 0; at < released.length; at += SLICE) {
        await writer.add(released.slice(at, at + SLICE), options.now(), { hold: true });
        await yieldToOthers();
      }
    } catch (error) {
      if (!(error instanceof PresyncMismatchError)) throw error;
      await confirmTip(monitor, options.tip);
      throw new SourceFaultError(monitor.name, `gave ${error.message}`, { height: error.height });
    }
  }
  return replay.end + 1;
}
