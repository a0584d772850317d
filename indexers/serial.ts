/** Runs tasks one after another, in the order in which they came. A failed task does not stop the next. */
export class Serial {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    // The failure is the caller's; the queue only waits for the end.
    this.#tail = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}

/** One queue a name. */
export class Serials {
  readonly #of = new Map<string, Serial>();

  of(name: string): Serial {
    const known = this.#of.get(name);
    if (known !== undefined) return known;
    const created = new Serial();
    this.#of.set(name, created);
    return created;
  }
}
