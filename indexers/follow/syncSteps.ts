import { SourceFaultError, SourceUnavailableError } from '../../adapters/errors.js';
import type { SourceTip } from '../../adapters/source.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import type { SourceMonitor } from './sourceMonitor.js';

/** Headers validated and written at once. Measured: 2000 hold the event loop for 220 ms, 400 for 60. */
export const SLICE = 400;

/** Gives way to other work. */
export function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** At most `count` headers from height `from`, one linked run. @throws SourceFaultError */
export async function fetchRun(
  monitor: SourceMonitor,
  from: number,
  count: number,
): Promise<ForeignHeader[]> {
  const run = await monitor.headers(from, count);
  let parent: ForeignHeader | undefined;
  for (const header of run) {
    const height = parent === undefined ? from : parent.height + 1;
    if (header.height !== height || (parent !== undefined && !bytesEqual(header.parentHash, parent.hash)))
      throw new SourceFaultError(monitor.name, `headers from ${from} are not one linked run`, {
        height: header.height,
      });
    parent = header;
  }
  return run;
}

/**
 * Asked before a source is blamed for what it gave of its best chain: an honest one may have changed that chain between
 * two calls.
 * @param tip that it named before
 * @throws SourceUnavailableError if it names another one now
 */
export async function confirmTip(monitor: SourceMonitor, tip: SourceTip): Promise<void> {
  const now = await monitor.readTip();
  if (now.height !== tip.height || !bytesEqual(now.hash, tip.hash))
    throw new SourceUnavailableError(monitor.name, 'changed its best chain while it was read');
}

/**
 * Reads once more what a source gave nothing of, though it is not above its tip.
 * @returns a run that is not empty
 * @throws SourceFaultError if it goes on naming that tip and has no such header; SourceUnavailableError if its tip changed
 */
export async function readAgain(
  monitor: SourceMonitor,
  tip: SourceTip,
  from: number,
  count: number,
): Promise<ForeignHeader[]> {
  await confirmTip(monitor, tip);
  const run = await fetchRun(monitor, from, count);
  if (run.length > 0) return run;
  await confirmTip(monitor, tip);
  throw new SourceFaultError(monitor.name, `names ${tip.height} as its tip, but has no header ${from}`, {
    height: from,
    tipHeight: tip.height,
  });
}
