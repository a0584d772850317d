import type { IndexUnavailableError } from './errors.js';
import type { FormerIndexStore as IndexStore } from './former.js';

/** Stands in where the index cannot be opened: every query says why. */
export class UnavailableIndexStore implements IndexStore {
  readonly reason: IndexUnavailableError;

  constructor(reason: IndexUnavailableError) {
    this.reason = reason;
  }

  readonly #refuse = async (): Promise<never> => {
    throw this.reason;
  };

  readonly writeEvents = this.#refuse;
  readonly writeCommitments = this.#refuse;
  readonly writeEvidence = this.#refuse;
  readonly lastNumber = this.#refuse;
  readonly headers = this.#refuse;
  readonly header = this.#refuse;
  readonly latest = this.#refuse;
  readonly reorganisations = this.#refuse;
  readonly commitments = this.#refuse;
  readonly evidence = this.#refuse;
  readonly counts = this.#refuse;
  readonly clear = this.#refuse;
  async close(): Promise<void> {}
}
