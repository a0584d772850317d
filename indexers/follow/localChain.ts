import type { SourceTip } from '../../adapters/source.js';
import type { ForeignHeader } from '../../adapters/types.js';
import type { Follower } from './follower.js';

/** A followed chain as those see it who only read: its best chain, and whether its sources answer. */
export class LocalChainView {
  readonly #follower: Follower;

  constructor(follower: Follower) {
    this.#follower = follower;
  }

  get chain(): string {
    return this.#follower.chain;
  }
  tip(): SourceTip | undefined {
    return this.#follower.book.tip();
  }
  finalized(): SourceTip | undefined {
    return this.#follower.book.finalized();
  }
  header(height: number): ForeignHeader | undefined {
    return this.#follower.book.header(height);
  }
  find(hash: Uint8Array): ForeignHeader | undefined {
    return this.#follower.book.find(hash);
  }
  work(height: number): bigint | undefined {
    return this.#follower.book.work(height);
  }
  /** The best of its sources. */
  health(): { readonly source: string; readonly healthy: boolean; readonly problem?: string } {
    const status = this.#follower.status();
    const shown = status.sources.find((source) => source.healthy) ?? status.sources[0];
    const problem = status.ended?.message ?? (status.healthy ? undefined : shown?.lastError);
    const base = { source: shown?.name ?? 'none', healthy: status.healthy };
    return problem === undefined ? base : { ...base, problem };
  }
  /** Calls `listener` after each change of tip or finalised block. @returns what ends it */
  onChange(listener: () => void): () => void {
    return this.#follower.onChange(listener);
  }
}
