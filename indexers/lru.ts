/** A bounded map that forgets what was used longest ago. `cost` of an entry counts against `capacity`; default 1 each. */
export class Lru<K, V> {
  readonly #capacity: number;
  readonly #cost: (value: V) => number;
  readonly #map = new Map<K, V>();
  #used = 0;

  constructor(capacity: number, cost: (value: V) => number = () => 1) {
    this.#capacity = capacity;
    this.#cost = cost;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: K): V | undefined {
    const value = this.#map.get(key);
    if (value === undefined) return undefined;
    this.#map.delete(key);
    this.#map.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.delete(key);
    const cost = this.#cost(value);
    if (cost > this.#capacity) return;
    this.#map.set(key, value);
    this.#used += cost;
    for (const [oldest] of this.#map) {
      if (this.#used <= this.#capacity) return;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    const value = this.#map.get(key);
    if (value === undefined) return;
    this.#map.delete(key);
    this.#used -= this.#cost(value);
  }
}
