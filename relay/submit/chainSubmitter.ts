import type { Registrar } from './registrar.js';
import type { StepResult, Submitter } from './result.js';

/** Registers a chain first, then feeds it. The registrar looks every time: a fork of the main chain may undo a registration. */
export class ChainSubmitter implements Submitter {
  readonly chain: string;
  readonly #registrar: Registrar;
  readonly #feeder: Submitter;

  constructor(registrar: Registrar, feeder: Submitter) {
    this.chain = feeder.chain;
    this.#registrar = registrar;
    this.#feeder = feeder;
  }

  async step(signal?: AbortSignal): Promise<StepResult> {
    const result = await this.#registrar.step(signal);
    if (result.kind !== 'idle') return result;
    return this.#feeder.step(signal);
  }
}
