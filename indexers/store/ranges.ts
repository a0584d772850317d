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

/** What of the ranges is not above `most`. */
export function clipRanges(ranges: readonly NumberRange[], most: number): NumberRange[] {
  return ranges.filter(({ from }) => from <= most).map(({ from, to }) => ({ from, to: Math.min(to, most) }));
}
