import type { SourceHealth } from '../follow/sourceMonitor.js';
import type { IndexWriter, LagSample, ServedProof, SourceSample } from '../store/indexStore.js';
import { RetryLoop } from './retryLoop.js';

/** How far behind one stream of one chain is. */
export interface Lag {
  readonly chain: string;
  readonly stream: string;
  readonly events: number;
}

export interface SamplerOptions {
  readonly index: Pick<IndexWriter, 'writeSourceSamples' | 'writeLagSamples' | 'writeProofs'>;
  /** Health of each chain's sources. */
  readonly sources: () => ReadonlyMap<string, readonly SourceHealth[]>;
  readonly lags: () => readonly Lag[] | Promise<readonly Lag[]>;
  /** Default 5000. */
  readonly intervalMs?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
  readonly onError?: (error: unknown) => void;
}

/** Rows of one sample, and proofs that wait to be written: beyond, they are not kept. */
const MAX_ROWS = 256;
const MAX_PROOFS = 1000;
const MAX_NAME = 256;

/**
 * Writes every few seconds how sources and sinks are doing, and the proofs that were served. These are samples: what the index does not
 * take while it is away is lost, and counted.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #loop: RetryLoop;
  #proofs: ServedProof[] = [];
  /** Samples and proofs that were not written. */
  lost = 0;

  constructor(options: SamplerOptions) {
    this.#options = options;
    const { intervalMs = 5000, onError } = options;
    this.#loop = new RetryLoop({
      step: () => this.#step(),
      ...{ idleMs: intervalMs, retryMs: intervalMs, maxRetryMs: 12 * intervalMs },
      ...(onError === undefined ? {} : { onError }),
    });
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** A proof was built and sent. */
  served(proof: ServedProof): void {
    if (this.#proofs.length >= MAX_PROOFS) this.lost++;
    else this.#proofs.push({ ...proof, subject: proof.subject.slice(0, MAX_NAME) });
  }

  /** @returns `false`: it rests until the next sample */
  async #step(): Promise<boolean> {
    const { index, sources, lags, now = () => Date.now() } = this.#options;
    const time = now();
    const health: SourceSample[] = [];
    for (const [chain, ones] of sources()) for (const one of ones) health.push(sampleOf(chain, one, time));
    const behind = (await lags()).map((lag): LagSample => ({ ...lag, time, seconds: 0 }));
    const proofs = this.#proofs.splice(0);
    try {
      if (proofs.length > 0) await index.writeProofs(proofs);
      proofs.length = 0;
      if (health.length > 0) await index.writeSourceSamples(health.slice(0, MAX_ROWS));
      if (behind.length > 0) await index.writeLagSamples(behind.slice(0, MAX_ROWS));
    } catch (error) {
      this.lost += Math.min(MAX_ROWS, health.length) + Math.min(MAX_ROWS, behind.length);
      for (const proof of proofs) this.served(proof);
      throw error;
    }
    return false;
  }
}

function sampleOf(chain: string, health: SourceHealth, time: number): SourceSample {
  const { name, healthy, score, latencyMs, errors, tipHeight } = health;
  return {
    ...{ chain, source: name.slice(0, MAX_NAME), time, healthy, score, latencyMs, errors },
    ...(tipHeight === undefined ? {} : { tipHeight }),
  };
}
