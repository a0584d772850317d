/** First come, first served: one task at a time. A caller with one task waiting cannot overtake another. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    // The next task starts whatever became of this one; the caller of `run` sees the error.
    this.#tail = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}
