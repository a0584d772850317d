/** Begins the work on a unit that is this process's from now on. @returns what ends it */
export type Work = (unit: string) => Promise<() => Promise<void>>;

/**
 * Says which units of work are this process's: all of them, or those that a group of processes gave it. It only says who
 * should work; that two who both believe it do no harm is for leases and repeatable effects.
 */
export interface WorkGroup {
  /** Joins, now or as soon as that is possible. */
  start(): void;
  /** Ends the work and leaves: others take over at once. */
  stop(): Promise<void>;
  /** Units that this process works on now. */
  readonly units: readonly string[];
  /** Times that the membership was lost. */
  readonly losses: number;
}

/** Makes the group that shares these units. */
export type MakeGroup = (units: readonly string[], work: Work) => WorkGroup;

/** One process has everything: for the embedded log, which has one owner. */
export class SoleGroup implements WorkGroup {
  readonly #units: readonly string[];
  readonly #work: Work;
  readonly #running = new Map<string, Promise<() => Promise<void>>>();
  readonly losses = 0;

  constructor(units: readonly string[], work: Work) {
    this.#units = units;
    this.#work = work;
  }

  get units(): readonly string[] {
    return [...this.#running.keys()].sort();
  }

  start(): void {
    for (const unit of this.#units) if (!this.#running.has(unit)) this.#running.set(unit, this.#work(unit));
  }

  async stop(): Promise<void> {
    const running = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(running.map(async (begun) => (await begun)()));
  }
}
