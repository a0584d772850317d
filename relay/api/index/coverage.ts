import type * as z from 'zod';
import type { Coverage } from '../../../indexers/store/indexStore.js';
import type { IndexedChain } from '../context.js';
import { viewOf } from './answers.js';
import type * as s from './schemas.js';

/** Ranges that an answer lists: the newest. */
const MOST_RANGES = 100;

/**
 * Which contents there are, as `contents` and `covered` of answers tell it.
 * @param top height up to which there should be any: by default the best chain's tip
 */
export function contentsOf(
  { view, start, contents }: Coverage,
  top = view.height,
): NonNullable<z.output<typeof s.Covered>> {
  const lowest = contents[0];
  const highest = contents.at(-1);
  if (start === undefined) return { from: null, to: null, complete: false, note: 'nothing is indexed yet' };
  if (lowest === undefined || highest === undefined)
    return { from: null, to: null, complete: false, note: `history begins at ${start}, no contents yet` };
  const complete = contents.length === 1 && lowest.from <= start && highest.to >= top;
  const parts = contents
    .slice(-3)
    .map(({ from, to }) => `${from}–${to}`)
    .join(', ');
  const more = contents.length > 3 ? `${contents.length - 3} lower ranges, ` : '';
  const note = complete
    ? `history begins at ${start}, contents of all blocks up to ${highest.to}`
    : `history begins at ${start}, contents of heights ${more}${parts} of ${start}–${view.height}`;
  return { from: String(lowest.from), to: String(highest.to), complete, note };
}

/**
 * What an answer from contents says of them: nothing where they are all there. The view of such an answer is one that contents have
 * come to, so that what may be missing lies below.
 */
export function coveredOf(coverage: Coverage): z.output<typeof s.Covered> {
  const contents = contentsOf(coverage, 0);
  return contents.complete ? null : contents;
}

export function coverageView(chain: IndexedChain, coverage: Coverage): z.output<typeof s.Coverage> {
  const { note, ...contents } = contentsOf(coverage);
  return {
    view: viewOf(chain, coverage.view),
    start: coverage.start === undefined ? null : String(coverage.start),
    contents: {
      ...contents,
      ranges: coverage.contents
        .slice(-MOST_RANGES)
        .map(({ from, to }) => ({ from: String(from), to: String(to) })),
    },
    note,
  };
}
