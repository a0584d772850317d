import type { ChainEvent } from '../../log/event.js';
import type { IndexReader } from '../../store/indexStore.js';
import { MAX_PAGE } from '../../store/view.js';
import type { FirstNumbers } from './writer.js';

/**
 * Numbers of the events that first connected blocks. Nearly every block is connected once; only one at a height that was undone
 * before may be back, and only of those the index is asked.
 */
export class FirstConnects implements FirstNumbers {
  readonly #chain: string;
  readonly #index: Pick<IndexReader, 'header' | 'reorganisations'>;
  /** Heights that were ever undone, with the number of the first disconnect there. */
  readonly #undone = new Map<number, number>();
  /** Number of the newest reorganisation that is in the map. */
  #known = 0;

  constructor(chain: string, index: Pick<IndexReader, 'header' | 'reorganisations'>) {
    this.#chain = chain;
    this.#index = index;
  }

  /** Takes in what has been undone since. To be called before `of` for newer events. */
  async refresh(): Promise<void> {
    const newest = this.#known;
    let known = newest;
    for (let cursor: string | undefined; ; ) {
      const page = await this.#index.reorganisations(this.#chain, {
        limit: cursor === undefined ? 16 : MAX_PAGE,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const { number, forkHeight, oldTipHeight } of page.rows) {
        known = Math.max(known, number);
        for (let height = forkHeight + 1; height <= oldTipHeight; height++) {
          const before = this.#undone.get(height) ?? Number.POSITIVE_INFINITY;
          if (number < before) this.#undone.set(height, number);
        }
      }
      cursor = page.next;
      // One that was known may have grown since, so that it is taken in again.
      const reached = page.rows.some(({ number }) => number < newest);
      if (cursor === undefined || reached) break;
    }
    this.#known = known;
  }

  /** @param event a connect @throws as the index does */
  async of(event: ChainEvent): Promise<number> {
    let first = event.number;
    const undone = this.#undone.get(event.height);
    if (undone === undefined || undone > first) return first;
    while (first > 1) {
      const { row } = await this.#index.header(this.#chain, event.hash, first - 1);
      if (row === undefined) break;
      first = row.number;
    }
    return first;
  }
}
