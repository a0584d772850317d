import { compareBytes } from '../proofs/bytes.js';
import type { KeyValueStore, KeyValueWrite, RangeOptions } from './keyValue.js';

/** A store without a disk, for tests and throw-away nodes. */
export class MemoryStore implements KeyValueStore {
  readonly #map = new Map<string, readonly [Uint8Array, Uint8Array]>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#map.get(id(key))?.[1].slice();
  }

  async batch(writes: readonly KeyValueWrite[]): Promise<void> {
    for (const write of writes) {
      if (write.type === 'put') this.#map.set(id(write.key), [write.key.slice(), write.value.slice()]);
      else this.#map.delete(id(write.key));
    }
  }

  async *range(options: RangeOptions): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    const rows = [...this.#map.values()]
      .filter(
        ([k]) =>
          (!options.gte || compareBytes(k, options.gte) >= 0) &&
          (!options.lt || compareBytes(k, options.lt) < 0),
      )
      .sort((a, b) => compareBytes(a[0], b[0]));
    if (options.reverse) rows.reverse();
    for (const [key, value] of rows.slice(0, options.limit ?? rows.length))
      yield [key.slice(), value.slice()];
  }

  async close(): Promise<void> {
    this.#map.clear();
  }
}

function id(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
