/**
 * Highest height in `low..high` at which two branches agree, given that agreement at a height means agreement at
 * every lower one. Steps back exponentially, then bisects: about `2·log2(depth)` comparisons.
 * @returns `undefined` if they differ at `low` already
 */
export async function forkHeight(
  low: number,
  high: number,
  same: (height: number) => Promise<boolean>,
): Promise<number | undefined> {
  if (high < low) return undefined;
  if (await same(high)) return high;
  let above = high;
  let step = 1;
  let below = -1;
  while (below < 0) {
    if (above === low) return undefined;
    const probe = Math.max(low, above - step);
    if (await same(probe)) below = probe;
    else above = probe;
    step *= 2;
  }
  while (above - below > 1) {
    const middle = Math.floor((above + below) / 2);
    if (await same(middle)) below = middle;
    else above = middle;
  }
  return below;
}
