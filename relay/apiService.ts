import type { Genesis } from '../proofs/containers/genesis.js';
import { type AnsweringConfig, answering } from './answering.js';
import type { Operating } from './api/context.js';
import { type HttpServer, listen } from './api/server.js';
import { type Common, type CommonConfig, commonOf } from './common.js';
import type { RelayMetrics } from './metrics.js';
import type { ProofBuilder } from './proofs/builder.js';
import { ProgressWatch } from './watch.js';

/** Something with a life of its own that a service starts and stops: a follower, a sink. */
export interface Worker {
  readonly name: string;
  start(): void | Promise<void>;
  stop(): Promise<void>;
}

export interface ApiConfig extends CommonConfig, AnsweringConfig {
  readonly genesis: Genesis;
  readonly workers?: readonly Worker[];
}

/** Answers: the proof builder, the HTTP API and the page. It holds no key and keeps nothing. */
export class ApiService {
  readonly builder: ProofBuilder;
  readonly #common: Common;
  readonly #app: ReturnType<typeof answering>['app'];
  readonly #watch: ProgressWatch;
  readonly #started: Worker[] = [];
  #server: HttpServer | undefined;

  private constructor(config: ApiConfig, common: Common, operating: Operating | undefined) {
    this.#common = common;
    const { client, metrics, emit, clock } = common;
    const { builder, app } = answering(
      {
        ...config,
        onProof: (proof) => {
          emit({ type: 'proof', ...proof });
          config.onProof?.(proof);
        },
      },
      client,
      metrics,
      operating,
    );
    this.builder = builder;
    this.#app = app;
    this.#watch = new ProgressWatch({
      ...{ client, metrics, emit, clock },
      chains: config.chains,
      nodes: () => client.look(),
    });
  }

  /**
   * Starts everything and returns once the API listens.
   * @param operating who submits in this process, if anyone does
   * @throws ListenError if the port is in use; whatever a worker throws on starting
   */
  static async start(
    config: ApiConfig,
    common = commonOf(config),
    operating?: Operating,
  ): Promise<ApiService> {
    const service = new ApiService(config, common, operating);
    try {
      // The port first: when it is taken, nothing else has begun.
      const { host = '127.0.0.1', port = 0 } = config.http ?? {};
      service.#server = await listen(service.#app, host, port);
      for (const worker of config.workers ?? []) {
        service.#started.push(worker);
        await worker.start();
      }
    } catch (error) {
      await service.stop();
      throw error;
    }
    service.#watch.start();
    common.emit({ type: 'listening', url: service.url });
    return service;
  }

  get metrics(): RelayMetrics {
    return this.#common.metrics;
  }

  /** Where the API listens, such as `http://127.0.0.1:8545`. */
  get url(): string {
    return this.#server?.url ?? '';
  }

  /** Stops the API, then workers in reverse order. Never throws for one part's trouble before the others have stopped. */
  async stop(): Promise<void> {
    const faults = (await Promise.allSettled([this.#watch.stop(), this.#server?.close()])).filter(
      (end) => end.status === 'rejected',
    );
    for (const worker of this.#started.splice(0).reverse()) {
      const [end] = await Promise.allSettled([worker.stop()]);
      if (end?.status === 'rejected') faults.push(end);
    }
    for (const { reason } of faults) this.#common.fault(reason);
  }
}
