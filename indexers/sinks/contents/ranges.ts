import type { NumberRange } from '../../store/view.js';

/** Joins what touches or overlaps; ascending. */
export function joined(ranges: readonly NumberRange[]): NumberRange[] {
  const sorted = [...ranges].filter(({ from, to }) => from <= to).sort((a, b) => a.from - b.from);
  const out: NumberRange[] = [];
  for (const range of sorted) {
    const last = out.at(-1);
    if (last === undefined || range.from > last.to + 1) out.push(range);
    else if (range.to > last.to) out[out.length - 1] = { from: last.from, to: range.to };
  }
  return out;
}

/** What is missing below the last of some ranges, from number 1 on; ascending. */
export function gapsBelow(ranges: readonly NumberRange[]): NumberRange[] {
  const gaps: NumberRange[] = [];
  let next = 1;
  for (const { from, to } of joined(ranges)) {
    if (from > next) gaps.push({ from: next, to: from - 1 });
    next = to + 1;
  }
  return gaps;
}

/** How many numbers there are in ranges that do not overlap. */
export function sizeOf(ranges: readonly NumberRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

/**
 * Where the live work goes on: after what is done, or near the end where more is missing than it should catch up with; what lies
 * between is for the backfill.
 * @param last number of the newest event
 * @param near how many events before the end it begins at most
 */
export function liveStart(ranges: readonly NumberRange[], last: number, near: number): number {
  const done = joined(ranges).at(-1)?.to ?? 0;
  return Math.max(done + 1, last - near + 1);
}

/** Events that the backfill does next: the newest `size` that are missing. */
export function backfillChunk(ranges: readonly NumberRange[], size: number): NumberRange | undefined {
  const gap = gapsBelow(ranges).at(-1);
  return gap && { from: Math.max(gap.from, gap.to - size + 1), to: gap.to };
}
