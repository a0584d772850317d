/** Who wants to know of a chain's newest number. */
export class Listeners {
  readonly #of = new Map<string, Set<(number: number) => void>>();

  /** @returns what ends it */
  add(chain: string, listener: (number: number) => void): () => void {
    const listeners = this.#of.get(chain) ?? new Set();
    this.#of.set(chain, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  tell(chain: string, number: number): void {
    for (const listener of this.#of.get(chain) ?? []) listener(number);
  }
}
