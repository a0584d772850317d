/** A map by bytes that forgets what was not used for longest. */
export class BoundedMap<V> {
  readonly #map = new Map<string, V>();

  constructor(readonly limit: number) {}

  get(key: Uint8Array): V | undefined {
    const id = toId(key);
    const value = this.#map.get(id);
    if (value === undefined) return undefined;
    this.#map.delete(id);
    this.#map.set(id, value);
    return value;
  }

  set(key: Uint8Array, value: V): void {
    const id = toId(key);
    this.#map.delete(id);
    this.#map.set(id, value);
    if (this.#map.size <= this.limit) return;
    for (const oldest of this.#map.keys()) {
      this.#map.delete(oldest);
      break;
    }
  }

  take(key: Uint8Array): V | undefined {
    const value = this.get(key);
    this.#map.delete(toId(key));
    return value;
  }
}

function toId(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
