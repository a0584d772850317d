import type { IndexStore, SetWriter } from '../store/indexStore.js';
import type { Mended } from '../store/mend/mend.js';
import { LostRowsError } from './errors.js';

/** Times that lost rows are looked for, where that fails. */
const MEND_TRIES = 3;

/** Looks once a set of tables for rows that got lost, chain by chain and among the records of none, and steps back to what is there. */
export class Mending {
  readonly #index: Pick<IndexStore, 'sets'>;
  readonly #onError: (error: unknown) => void;
  readonly #doing = new Map<string, Promise<void>>();
  /** Of each chain the set that was looked through last, and how often that was tried. */
  readonly #mended = new Map<string, { readonly set: number; readonly tries: number }>();
  /** Of chains that were stepped back: the number of the last event that was published before. */
  readonly #again = new Map<string, number>();
  readonly #repaired = { events: 0, blocks: 0, records: 0 };

  /** @param onError told of what was lost, and of looks beside the work that fail */
  constructor(index: Pick<IndexStore, 'sets'>, onError: (error: unknown) => void = () => undefined) {
    this.#index = index;
    this.#onError = onError;
  }

  /** What was found to be lost so far. */
  get repaired(): Mended {
    return { ...this.#repaired };
  }

  /** Headers and contents of a chain. @throws IndexQueryError; after some failures it looks no more, and work begins all the same */
  async chain(chain: string): Promise<void> {
    await this.#once(chain, async (writer) => {
      const before = await writer.lastNumber(chain);
      const lost = await writer.mend(chain);
      if ((await writer.lastNumber(chain)) < before) this.#again.set(chain, before);
      return lost;
    });
  }

  /** Records of the main chain and evidence. @throws as `chain` */
  records(): Promise<void> {
    return this.#once('', (writer) => writer.mendRecords());
  }

  /**
   * To be told of events that were written: contents of blocks beyond events that were lost can be looked at once those are back.
   * @param last number of the newest
   */
  written(chain: string, last: number): void {
    const lost = this.#again.get(chain);
    if (lost === undefined || last < lost) return;
    this.#again.delete(chain);
    this.#mended.delete(chain);
    this.chain(chain).catch(this.#onError);
  }

  #once(of: string, mend: (writer: SetWriter) => Promise<Mended>): Promise<void> {
    const doing = this.#doing.get(of) ?? this.#set(of, mend).finally(() => this.#doing.delete(of));
    this.#doing.set(of, doing);
    return doing;
  }

  async #set(of: string, mend: (writer: SetWriter) => Promise<Mended>): Promise<void> {
    const writer = await this.#index.sets.writer();
    const known = this.#mended.get(of);
    if (known?.set === writer.set && known.tries >= MEND_TRIES) return;
    const tries = known?.set === writer.set ? known.tries + 1 : 1;
    this.#mended.set(of, { set: writer.set, tries });
    const lost = await mend(writer);
    this.#mended.set(of, { set: writer.set, tries: MEND_TRIES });
    for (const what of ['events', 'blocks', 'records'] as const) this.#repaired[what] += lost[what];
    if (lost.events + lost.blocks + lost.records > 0) this.#onError(new LostRowsError(of, lost));
  }
}
