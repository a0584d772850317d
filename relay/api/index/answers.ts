import type * as z from 'zod';
import type { ChainCounts, Coverage, IndexReader } from '../../../indexers/store/indexStore.js';
import type { View } from '../../../indexers/store/view.js';
import { ChainNotConfiguredError } from '../../proofs/errors.js';
import type { IndexedChain } from '../context.js';
import { NoIndexError } from './errors.js';
import { Exporter } from './export.js';
import { type GateOptions, QueryGate } from './gate.js';
import type * as s from './schemas.js';

export interface AnswersOptions {
  /** `undefined` where there is no index: every question says so. */
  readonly index: IndexReader | undefined;
  readonly chains: readonly IndexedChain[];
  readonly gate?: GateOptions;
  readonly onFault: (error: unknown) => void;
}

/** Asks the index within its limits. Keeps nothing but a few answers of a moment ago. */
export class IndexAnswers {
  readonly exporter: Exporter;
  readonly chains: readonly IndexedChain[];
  readonly #index: IndexReader | undefined;
  readonly #gate: QueryGate;
  readonly #recent = new Map<string, { readonly until: number; readonly answer: Promise<unknown> }>();

  constructor({ index, chains, gate, onFault }: AnswersOptions) {
    this.#index = index;
    this.chains = chains;
    this.#gate = new QueryGate(gate);
    this.exporter = new Exporter(onFault);
  }

  /** @throws ChainNotConfiguredError */
  chain(name: string): IndexedChain {
    const chain = this.chains.find((one) => one.name === name);
    if (chain === undefined)
      throw new ChainNotConfiguredError(
        name,
        this.chains.map((one) => one.name),
      );
    return chain;
  }

  /** @throws NoIndexError, IndexUnavailableError, IndexQueryError, IndexBusyError, IndexTimeoutError */
  ask<T>(question: (index: IndexReader) => Promise<T>): Promise<T> {
    const index = this.#index;
    if (index === undefined) return Promise.reject(new NoIndexError());
    return this.#gate.run(() => question(index));
  }

  /** How far contents have come, at most a second ago. */
  coverage(chain: string): Promise<Coverage> {
    return this.recent(`coverage ${chain}`, 1000, () => this.ask((index) => index.coverage(chain)));
  }

  /** How much there is of each chain, at most a second ago. */
  counts(): Promise<readonly ChainCounts[]> {
    return this.recent('counts', 1000, () => this.ask((index) => index.counts()));
  }

  /**
   * What a question was answered lately, so that many who look ask it once.
   * @param key one of few: each is kept
   * @param ms how old the answer may be
   */
  recent<T>(key: string, ms: number, question: () => Promise<T>): Promise<T> {
    const now = performance.now();
    const old = this.#recent.get(key);
    if (old !== undefined && old.until > now) return old.answer as Promise<T>;
    const answer = question();
    this.#recent.set(key, { until: now + ms, answer });
    // What failed is asked anew by the next one.
    answer.catch(() => this.#recent.delete(key));
    return answer;
  }
}

export function viewOf(chain: IndexedChain, view: View): z.output<typeof s.View> {
  return {
    chain: view.chain,
    number: String(view.number),
    height: String(view.height),
    hash: chain.kind.displayHash(view.hash),
  };
}
