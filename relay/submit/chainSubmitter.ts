import type { Registrar } from './registrar.js';
import type { StepResult, Submitter } from './result.js';

/** Registers a chain first, then feeds it. The registrar is asked again only while it has work or trouble. */
export class ChainSubmitter implements Submitter {
  readonly chain: string;
  readonly #registrar: Registrar;
  readonly #feeder: Submitter;
  #registered = false;

  constructor(registrar: Registrar, feeder: Submitter) {
    this.chain = feeder.chain;
    this.#registrar = registrar;
    this.#feeder = feeder;
  }

  async step(signal?: AbortSignal): Promise<StepResult> {
    if (!this.#registered) {
      const result = await this.#registrar.step(signal);
      if (result.kind !== 'idle') return result;
      this.#registered = true;
    }
    return this.#feeder.step(signal);
  }
}
