import type * as z from 'zod';
import type { Coverage, IndexReader } from '../../../indexers/store/indexStore.js';
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

/** Milliseconds that what is known of coverage may be old. */
const COVERAGE_MS = 1000;

/** Asks the index within its limits. Keeps nothing but how far contents reached a moment ago. */
export class IndexAnswers {
  readonly exporter: Exporter;
  readonly chains: readonly IndexedChain[];
  readonly #index: IndexReader | undefined;
  readonly #gate: QueryGate;
  readonly #coverage = new Map<string, { readonly until: number; readonly known: Promise<Coverage> }>();

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

  coverage(chain: string): Promise<Coverage> {
    const now = performance.now();
    const old = this.#coverage.get(chain);
    if (old !== undefined && old.until > now) return old.known;
    const known = this.ask((index) => index.coverage(chain));
    this.#coverage.set(chain, { until: now + COVERAGE_MS, known });
    // What failed is asked anew by the next one.
    known.catch(() => this.#coverage.delete(chain));
    return known;
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
