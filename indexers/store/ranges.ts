import type { NumberRange } from './view.js';

/** The same numbers in as few ranges as there can be, ascending. */
export function joinRanges(ranges: readonly NumberRange[]): NumberRange[] {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

/** How many numbers there are in ranges that do not overlap. */
export function sizeOf(ranges: readonly NumberRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

/** What of the ranges is not above `most`. */
export function clipRanges(ranges: readonly NumberRange[], most: number): NumberRange[] {
  return ranges.filter(({ from }) => from <= most).map(({ from, to }) => ({ from, to: Math.min(to, most) }));
}
