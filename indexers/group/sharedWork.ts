import { type RunnerOptions, type SharedUnit, UnitRunner, type UnitStatus } from './unitRunner.js';
import type { MakeGroup, WorkGroup } from './workGroup.js';

export interface SharedWorkOptions extends RunnerOptions {
  readonly units: readonly SharedUnit[];
  readonly group: MakeGroup;
}

/** Does those of the units that a group gives this process, each on its own: none waits for another. */
export class SharedWork {
  readonly #group: WorkGroup;
  readonly #runners = new Map<string, UnitRunner>();

  constructor(options: SharedWorkOptions) {
    const { units, group, ...runner } = options;
    const named = new Map(units.map((unit) => [unit.name, unit]));
    if (named.size !== units.length) throw new RangeError('two units of shared work have the same name');
    this.#group = group([...named.keys()], async (name) => {
      const unit = named.get(name);
      if (unit === undefined) throw new RangeError(`no unit ${name}`);
      const running = new UnitRunner(unit, runner);
      this.#runners.set(name, running);
      running.start();
      return async () => {
        await running.stop();
        if (this.#runners.get(name) === running) this.#runners.delete(name);
      };
    });
  }

  /** Begins with what this process is given, now and from now on. */
  start(): void {
    this.#group.start();
  }

  /** Ends all work and leaves the group. */
  stop(): Promise<void> {
    return this.#group.stop();
  }

  /** Units that are this process's now. */
  get units(): readonly string[] {
    return this.#group.units;
  }

  /** Times that the membership of the group was lost. */
  get losses(): number {
    return this.#group.losses;
  }

  /** Of each unit that is this process's. */
  status(): UnitStatus[] {
    return [...this.#runners.values()].map((runner) => runner.status());
  }
}
