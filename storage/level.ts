import { mkdir } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import { StoreError, StoreFailedError, StoreLockedError } from './errors.js';
import type { KeyValueStore, KeyValueWrite, RangeOptions } from './keyValue.js';

export interface LevelOptions {
  /** Called once, with the first write that failed: the process should end. */
  readonly onFailure?: ((error: StoreFailedError) => void) | undefined;
}

/**
 * The embedded store: LevelDB. It locks its folder, so a second process is refused. After a write that failed, such as on a
 * full disk, it writes nothing any more: LevelDB would go on behind a torn record and lose, when it is opened again, all that
 * it has confirmed since (measured, also of synced writes).
 */
export class LevelStore implements KeyValueStore {
  readonly #db: ClassicLevel<Uint8Array, Uint8Array>;
  readonly #path: string;
  readonly #onFailure: LevelOptions['onFailure'];
  #failed: StoreFailedError | undefined;

  private constructor(path: string, db: ClassicLevel<Uint8Array, Uint8Array>, options: LevelOptions) {
    this.#path = path;
    this.#db = db;
    this.#onFailure = options.onFailure;
  }

  /** @throws StoreLockedError if another process has it open; StoreError if it cannot be opened. */
  static async open(path: string, options: LevelOptions = {}): Promise<LevelStore> {
    const db = new ClassicLevel<Uint8Array, Uint8Array>(path, { keyEncoding: 'view', valueEncoding: 'view' });
    try {
      await mkdir(path, { recursive: true });
      await db.open();
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED')
        throw new StoreLockedError(path, error);
      throw new StoreError(path, 'cannot be opened', error);
    }
    return new LevelStore(path, db, options);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.#db.getSync(key);
    // A plain view, so that `slice` copies as on any Uint8Array: the database answers with a Buffer.
    return value === undefined ? undefined : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }

  async batch(writes: readonly KeyValueWrite[], options: { readonly sync?: boolean } = {}): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    try {
      // Chained: an array of operations is copied twice in JavaScript and costs six times as much.
      const batch = this.#db.batch();
      for (const write of writes)
        if (write.type === 'put') batch.put(write.key, write.value);
        else batch.del(write.key);
      await batch.write({ sync: options.sync ?? true });
    } catch (error) {
      throw this.#fail(error);
    }
  }

  async *range(options: RangeOptions): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    const iterator = this.#db.iterator({
      ...(options.gte ? { gte: options.gte } : {}),
      ...(options.lt ? { lt: options.lt } : {}),
      reverse: options.reverse ?? false,
      limit: options.limit ?? -1,
    });
    for await (const entry of iterator) yield entry;
  }

  #fail(cause: unknown): StoreError {
    // What is closed has lost nothing: its caller is late.
    if (this.#db.status !== 'open') return new StoreError(this.#path, 'is closed', cause);
    if (this.#failed === undefined) {
      this.#failed = new StoreFailedError(this.#path, cause);
      this.#onFailure?.(this.#failed);
    }
    return this.#failed;
  }

  async close(): Promise<void> {
    await this.#db.close();
  }
}
