import { mkdir } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import { StoreError, StoreLockedError } from './errors.js';
import type { KeyValueStore, KeyValueWrite, RangeOptions } from './keyValue.js';

/** The embedded store: LevelDB. It locks its folder, so a second process is refused. */
export class LevelStore implements KeyValueStore {
  readonly #db: ClassicLevel<Uint8Array, Uint8Array>;
  readonly #path: string;

  private constructor(path: string, db: ClassicLevel<Uint8Array, Uint8Array>) {
    this.#path = path;
    this.#db = db;
  }

  /** @throws StoreLockedError if another process has it open; StoreError if it cannot be opened. */
  static async open(path: string): Promise<LevelStore> {
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
    return new LevelStore(path, db);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.#db.getSync(key);
    // A plain view, so that `slice` copies as on any Uint8Array: the database answers with a Buffer.
    return value === undefined ? undefined : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }

  async batch(writes: readonly KeyValueWrite[], options: { readonly sync?: boolean } = {}): Promise<void> {
    try {
      // Chained: an array of operations is copied twice in JavaScript and costs six times as much.
      const batch = this.#db.batch();
      for (const write of writes)
        if (write.type === 'put') batch.put(write.key, write.value);
        else batch.del(write.key);
      await batch.write({ sync: options.sync ?? true });
    } catch (error) {
      throw new StoreError(this.#path, 'write failed', error);
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

  async close(): Promise<void> {
    await this.#db.close();
  }
}
