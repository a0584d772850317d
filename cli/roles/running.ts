/** A part that runs until it is stopped. */
export interface Running {
  /** Where it answers. */
  readonly url: string;
  stop(): Promise<void>;
}

/** What to stop, in the order of its start. */
export class Stopping {
  readonly #steps: (() => Promise<unknown> | undefined)[] = [];

  /** @param stop is called before all that were added earlier */
  add(stop: () => Promise<unknown> | undefined): void {
    this.#steps.push(stop);
  }

  /** The last added first; each one whatever the others do. @throws AggregateError of what went wrong */
  async stop(): Promise<void> {
    const faults: unknown[] = [];
    for (const step of this.#steps.splice(0).reverse()) {
      const [end] = await Promise.allSettled([Promise.resolve().then(step)]);
      if (end?.status === 'rejected') faults.push(end.reason);
    }
    if (faults.length > 0) throw new AggregateError(faults, 'not everything stopped well');
  }
}

/**
 * Runs a start that has several steps: when one fails, those before it are stopped.
 * @throws whatever `begin` throws
 */
export async function starting<T>(begin: (stopping: Stopping) => Promise<T>): Promise<T> {
  const stopping = new Stopping();
  try {
    return await begin(stopping);
  } catch (error) {
    await stopping.stop().catch((fault: unknown) => {
      throw new AggregateError([error, fault], error instanceof Error ? error.message : String(error));
    });
    throw error;
  }
}

/** So long may an append go on when a process is to stop. */
const PATIENCE_MS = 3000;

/**
 * Stops everything. A log whose brokers are down holds writers up for a minute: they are let go before.
 * @param log is closed after a while, also while others still stop
 */
export async function stopPatiently(
  stopping: Stopping,
  log: { readonly close: () => Promise<void> },
): Promise<void> {
  const patience = setTimeout(() => void log.close(), PATIENCE_MS);
  try {
    await stopping.stop();
  } finally {
    clearTimeout(patience);
  }
}
