import type { SourceTip } from '../../adapters/source.js';
import type { HeaderBook } from './book.js';
import type { SourceMonitor } from './sourceMonitor.js';

/** From this weight of faults on, a source has no say in what is final. */
const MAX_FAULTS = 0.5;

/**
 * What the deciding source calls final (or safe), as far as more than half of the sources that can tell call it so: no single
 * one of several can freeze the chain by calling its tip final.
 * @param claimed by the deciding source
 * @returns `undefined` while a source has not been asked yet, or where too few agree
 */
export function agreedBlock(
  which: 'finalized' | 'safe',
  claimed: SourceTip,
  leader: SourceMonitor,
  monitors: readonly SourceMonitor[],
  book: HeaderBook,
): SourceTip | undefined {
  const heights = [claimed.height];
  const tipHeight = book.tip()?.height ?? 0;
  for (const monitor of monitors) {
    if (monitor === leader || monitor.failures > 0 || monitor.faults > MAX_FAULTS) continue;
    // Not asked yet.
    if (monitor.tip === undefined) return undefined;
    const claim = monitor.claim(which);
    // One that knows no such thing has no say; what is above our tip tells nothing of what is below.
    if (claim === undefined || claim.height > tipHeight) continue;
    heights.push(book.isBest(claim) ? claim.height : -1);
  }
  heights.sort((a, b) => b - a);
  const height = Math.min(claimed.height, heights[heights.length >> 1] ?? -1);
  if (height === claimed.height) return claimed;
  const hash = height < 0 ? undefined : book.bestHash(height);
  return hash === undefined ? undefined : { height, hash };
}
