import { SourceUnavailableError } from '../../../adapters/errors.js';
import type { Source, SourceTip } from '../../../adapters/source.js';
import type { ForeignHeader } from '../../../adapters/types.js';
import type { EventName } from '../../../indexers/log/event.js';
import { fakeKind } from '../indexers/fakeKind.js';
import { planned } from './plan.js';

/** The best chain as the planned events go by, forwards only. */
export class Plan {
  readonly #steps: readonly { readonly type: EventName; readonly header: ForeignHeader }[];
  readonly best: ForeignHeader[] = [];
  #done = 0;

  constructor(total: number) {
    this.#steps = planned(total).map(({ type, raw, height }) => ({
      type,
      header: fakeKind.decode(raw, height),
    }));
  }

  /** Goes on to event `count`, or the last one. */
  advance(count: number): void {
    for (const { type, header } of this.#steps.slice(this.#done, count)) {
      if (type === 'connect') this.best.push(header);
      else if (type === 'disconnect') this.best.pop();
      this.#done++;
    }
  }
}

/** A source that lives through the plan, at the same time in each process: one event each few milliseconds, to the last. */
export class PlannedSource implements Source {
  readonly name = 'plan';
  readonly chain: string;
  readonly #plan: Plan;
  readonly #began: number;
  readonly #everyMs: number;

  /** @param began Unix milliseconds */
  constructor(chain: string, plan: Plan, began: number, everyMs: number) {
    this.chain = chain;
    this.#plan = plan;
    this.#began = began;
    this.#everyMs = everyMs;
  }

  check = async () => undefined;
  tip = async (): Promise<SourceTip> => this.#tip();
  finalized = async (): Promise<SourceTip | undefined> => undefined;
  headers = async (from: number, count: number): Promise<ForeignHeader[]> => {
    const best = this.#best();
    const first = best[0]?.height ?? 0;
    return best.slice(Math.max(0, from - first), Math.max(0, from - first) + count);
  };
  block = async (): Promise<never> => {
    throw new SourceUnavailableError(this.name, 'has headers only');
  };
  findTransaction = async (): Promise<undefined> => undefined;
  close = async (): Promise<void> => undefined;

  #tip(): ForeignHeader {
    const tip = this.#best().at(-1);
    if (tip === undefined) throw new SourceUnavailableError(this.name, 'has not begun');
    return tip;
  }

  #best(): readonly ForeignHeader[] {
    this.#plan.advance(Math.max(1, Math.floor((Date.now() - this.#began) / this.#everyMs)));
    return this.#plan.best;
  }
}
