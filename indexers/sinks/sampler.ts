import type { SourceHealth } from '../follow/sourceMonitor.js';
import { IndexQueryError } from '../store/errors.js';
import type { IndexWriter, LagSample, ServedProof, SourceSample } from '../store/indexStore.js';
import { RetryLoop } from './retryLoop.js';

/** How far behind one stream of one chain is. */
export interface Lag {
  readonly chain: string;
  readonly stream: string;
  readonly events: number;
  /** As `LagSample.seconds`. */
  readonly seconds: number;
}

/** Proofs that were sent and are not noted in the index, by why. */
export interface DroppedProofs {
  /** Too many were waiting. */
  readonly full: number;
  /** The index refused them for good. */
  readonly refused: number;
  /** They were still waiting at the end, or there was no index to wait for. */
  readonly ended: number;
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
 * Writes every few seconds how sources and sinks are doing, and the proofs that were served. Samples that the index does not take at once
 * are lost; proofs wait, up to a number. What is lost is counted.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #loop: RetryLoop;
  #proofs: ServedProof[] = [];
  #dropped = { full: 0, refused: 0, ended: 0 };
  #stopped = false;
  /** Samples that were not written. */
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

  /** Proofs that are waiting are written, or given up. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    this.#stopped = true;
    if (this.#proofs.length === 0) return;
    try {
      await this.#writeProofs();
    } catch (error) {
      this.#options.onError?.(error);
    }
    this.#dropped.ended += this.#proofs.splice(0).length;
  }

  get dropped(): DroppedProofs {
    return { ...this.#dropped };
  }

  /** A proof was built and sent. */
  served(proof: ServedProof): void {
    if (this.#stopped) this.#dropped.ended++;
    else if (this.#proofs.length >= MAX_PROOFS) this.#dropped.full++;
    else this.#proofs.push({ ...proof, subject: proof.subject.slice(0, MAX_NAME) });
  }

  /** @returns `false`: it rests until the next sample */
  async #step(): Promise<boolean> {
    const { index, sources, lags, now = () => Date.now() } = this.#options;
    const time = now();
    const health: SourceSample[] = [];
    for (const [chain, ones] of sources()) for (const one of ones) health.push(sampleOf(chain, one, time));
    const behind = (await lags()).map((lag): LagSample => ({ ...lag, time }));
    try {
      await this.#writeProofs();
      if (health.length > 0) await index.writeSourceSamples(health.slice(0, MAX_ROWS));
      if (behind.length > 0) await index.writeLagSamples(behind.slice(0, MAX_ROWS));
    } catch (error) {
      this.lost += Math.min(MAX_ROWS, health.length) + Math.min(MAX_ROWS, behind.length);
      throw error;
    }
    return false;
  }

  /** Those that may be taken later go on waiting. */
  async #writeProofs(): Promise<void> {
    const proofs = this.#proofs.splice(0);
    if (proofs.length === 0) return;
    try {
      await this.#options.index.writeProofs(proofs);
    } catch (error) {
      if (error instanceof IndexQueryError && !error.retryable) this.#dropped.refused += proofs.length;
      else {
        // The oldest first: those that came meanwhile are the ones too many.
        const room = MAX_PROOFS - proofs.length;
        this.#dropped.full += Math.max(0, this.#proofs.length - room);
        this.#proofs = [...proofs, ...this.#proofs.slice(0, room)];
      }
      throw error;
    }
  }
}

function sampleOf(chain: string, health: SourceHealth, time: number): SourceSample {
  const { name, healthy, score, latencyMs, errors, tipHeight } = health;
  return {
    ...{ chain, source: name.slice(0, MAX_NAME), time, healthy, score, latencyMs, errors },
    ...(tipHeight === undefined ? {} : { tipHeight }),
  };
}
