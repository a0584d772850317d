import type { IndexUnavailableError } from './errors.js';
import type { IndexSets, IndexStore } from './indexStore.js';

/** Stands in where the index cannot be opened: everything that is asked of it says why. */
export class UnavailableIndexStore implements IndexStore {
  readonly reason: IndexUnavailableError;

  constructor(reason: IndexUnavailableError) {
    this.reason = reason;
  }

  readonly #refuse = async (): Promise<never> => {
    throw this.reason;
  };

  readonly writeEvents = this.#refuse;
  readonly lastNumber = this.#refuse;
  readonly writeContents = this.#refuse;
  readonly publishContents = this.#refuse;
  readonly contentsProgress = this.#refuse;
  readonly writeMainBlocks = this.#refuse;
  readonly mainRoot = this.#refuse;
  readonly certifiedHeader = this.#refuse;
  readonly writeEvidence = this.#refuse;
  readonly writeSourceSamples = this.#refuse;
  readonly writeLagSamples = this.#refuse;
  readonly writeProofs = this.#refuse;
  readonly position = this.#refuse;
  readonly writePosition = this.#refuse;

  readonly view = this.#refuse;
  readonly headers = this.#refuse;
  readonly header = this.#refuse;
  readonly latest = this.#refuse;
  readonly reorganisations = this.#refuse;
  readonly transaction = this.#refuse;
  readonly blockTransactions = this.#refuse;
  readonly outputsByScript = this.#refuse;
  readonly spenders = this.#refuse;
  readonly transactionsByAddress = this.#refuse;
  readonly receipt = this.#refuse;
  readonly logs = this.#refuse;
  readonly statistics = this.#refuse;
  readonly coverage = this.#refuse;
  readonly mainView = this.#refuse;
  readonly mainBlocks = this.#refuse;
  readonly commitments = this.#refuse;
  readonly certificates = this.#refuse;
  readonly evidence = this.#refuse;
  readonly proofsServed = this.#refuse;
  readonly sourceSeries = this.#refuse;
  readonly lagSeries = this.#refuse;
  readonly counts = this.#refuse;

  readonly sets: IndexSets = {
    current: this.#refuse,
    writer: this.#refuse,
    newSet: this.#refuse,
    swap: this.#refuse,
    copyContents: this.#refuse,
    rebuildNeeded: this.#refuse,
    dropOld: this.#refuse,
  };

  async close(): Promise<void> {}
}
