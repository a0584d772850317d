import type { SourceMonitor } from './sourceMonitor.js';

/** Blocks behind the best honest-looking source from which one counts as lagging. */
const MAX_LAG = 8;

/**
 * The source that decides for a kind without work: not failing, fewest faults, not lagging, first in order of
 * preference. A tip claimed by a source with faults makes no other look lagging.
 */
export function pickLeader(monitors: readonly SourceMonitor[]): SourceMonitor | undefined {
  const candidates = monitors.filter((monitor) => monitor.failures === 0);
  const clean = candidates.filter((monitor) => monitor.faults === 0);
  const highest = Math.max(-1, ...clean.map((monitor) => monitor.tip?.height ?? -1));
  const rank = (monitor: SourceMonitor): number =>
    // A source that has not answered yet is no worse than one that has: the order of preference decides.
    monitor.tip !== undefined && monitor.tip.height < highest - MAX_LAG ? 1 : 0;
  let best: SourceMonitor | undefined;
  for (const monitor of candidates) {
    if (best === undefined) best = monitor;
    else if (monitor.faults !== best.faults ? monitor.faults < best.faults : rank(monitor) < rank(best))
      best = monitor;
  }
  return best;
}
