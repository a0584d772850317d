import type { KeyValueStore, KeyValueWrite, RangeOptions } from '../../../storage/keyValue.js';

export class CrashError extends Error {}

/** A store that dies with its n-th batch: before it is written, or just after, as a killed process would. */
export class CrashStore implements KeyValueStore {
  batches = 0;
  #dead = false;

  constructor(
    readonly inner: KeyValueStore,
    readonly crashAt: number,
    readonly after: boolean,
  ) {}

  get(key: Uint8Array): Uint8Array | undefined {
    this.#alive();
    return this.inner.get(key);
  }

  async batch(writes: readonly KeyValueWrite[]): Promise<void> {
    this.#alive();
    const dies = ++this.batches === this.crashAt;
    if (!dies || this.after) await this.inner.batch(writes);
    if (dies) {
      this.#dead = true;
      throw new CrashError('killed');
    }
  }

  async *range(options: RangeOptions): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    this.#alive();
    yield* this.inner.range(options);
  }

  async close(): Promise<void> {}

  #alive(): void {
    if (this.#dead) throw new CrashError('dead');
  }
}
