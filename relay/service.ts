import { type ApiConfig, ApiService } from './apiService.js';
import { commonOf } from './common.js';
import type { RelayMetrics } from './metrics.js';
import type { ProofBuilder } from './proofs/builder.js';
import { type SubmitConfig, SubmitService } from './submitService.js';

export type { Worker } from './apiService.js';

export interface RelayConfig extends ApiConfig, SubmitConfig {}

/** The operator's service: submits what is missing on the main chain, and answers like any API server. */
export class RelayService {
  readonly #api: ApiService;
  readonly #submit: SubmitService;

  private constructor(api: ApiService, submit: SubmitService) {
    this.#api = api;
    this.#submit = submit;
  }

  /**
   * Starts everything and returns once the API listens.
   * @throws ListenError if the port is in use; whatever a worker throws on starting
   */
  static async start(config: RelayConfig): Promise<RelayService> {
    const common = commonOf(config);
    const submit = new SubmitService(config, common);
    const api = await ApiService.start(config, common, submit);
    submit.start();
    return new RelayService(api, submit);
  }

  get metrics(): RelayMetrics {
    return this.#api.metrics;
  }

  get builder(): ProofBuilder {
    return this.#api.builder;
  }

  /** Which chains are this process's to submit for. */
  get group(): SubmitService['group'] {
    return this.#submit.group;
  }

  /** Where the API listens, such as `http://127.0.0.1:8545`. */
  get url(): string {
    return this.#api.url;
  }

  /** Stops submitting, then the API, then workers in reverse order. */
  async stop(): Promise<void> {
    await this.#submit.stop();
    await this.#api.stop();
  }
}
