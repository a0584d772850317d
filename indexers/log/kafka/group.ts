import type { KeyValueStore } from '../../../storage/keyValue.js';
import type { MakeGroup, Work, WorkGroup } from '../../group/workGroup.js';
import { pause } from '../../pause.js';
import { Serials } from '../../serial.js';
import type { Cursor } from '../eventLog.js';
import type { GroupMember, KafkaDriver } from './driver.js';
import { KafkaUnavailableError, LogClosedError } from './errors.js';
import type { Topics } from './topics.js';

export interface ChainGroupOptions {
  readonly driver: KafkaDriver;
  readonly topics: Topics;
  /** Name of the group: the processes that share this work. All of them use the same driver. */
  readonly group: string;
  /** Chains, and other units of work. Each has a place in the group by a topic of its own. */
  readonly units: readonly string[];
  /** The topic that stands for a unit. Default: `Topics.ofUnit`. No two units have the same. */
  readonly topicOf?: (unit: string) => string;
  /** A member that shows no life for so long is replaced, milliseconds; the brokers allow 6,000 and more by default. */
  readonly sessionTimeoutMs?: number;
  /** Begins the work on a unit that is now this process's. @returns what ends it */
  readonly work: Work;
  readonly onError?: (error: unknown) => void;
}

const SESSION_TIMEOUT_MS = 6000;
const RETRY_MS = 1000;

/** Shares chains and other work among any number of processes by a consumer group. */
export class ChainGroup implements WorkGroup {
  readonly #options: ChainGroupOptions;
  /** Each unit begins and ends on its own, so that one that takes its time holds up no other. */
  readonly #changes = new Serials();
  readonly #running = new Map<string, () => Promise<void>>();
  readonly #stop = new AbortController();
  readonly #places: ReadonlyMap<string, string>;
  #wanted: ReadonlySet<string> = new Set();
  #member: GroupMember | undefined;
  #joining: Promise<void> | undefined;
  #watch: NodeJS.Timeout | undefined;
  /** Times that the membership was lost. */
  losses = 0;

  constructor(options: ChainGroupOptions) {
    this.#options = options;
    const { topics, units, topicOf = (unit) => topics.ofUnit(unit) } = options;
    this.#places = new Map(units.map((unit) => [topicOf(unit), unit]));
    if (this.#places.size !== units.length) throw new RangeError('two units of a group have the same topic');
  }

  /** Units that this process works on now. */
  get units(): string[] {
    return [...this.#running.keys()].sort();
  }

  /** Joins, now or as soon as the brokers can be reached. */
  start(): void {
    if (this.#joining !== undefined) return;
    this.#joining = this.#join();
    const { sessionTimeoutMs = SESSION_TIMEOUT_MS } = this.#options;
    this.#watch = setInterval(() => this.#look(sessionTimeoutMs), sessionTimeoutMs / 4);
    this.#watch.unref();
  }

  /** Ends the work and leaves: others take over at once. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#watch);
    await this.#joining;
    await this.#want([]);
    await this.#member?.leave();
    this.#member = undefined;
  }

  /** Where the group is with a unit: whoever takes it over goes on from there. @param store for `also` */
  cursor(unit: string, store: KeyValueStore): Cursor {
    const topic = this.#topicOf(unit);
    let known = 0;
    const member = (): GroupMember => {
      if (this.#member === undefined)
        throw new KafkaUnavailableError(`not in the group ${this.#options.group}`);
      return this.#member;
    };
    return {
      get: async () => {
        known = await member().committed(topic);
        return known;
      },
      commit: async (number, also = []) => {
        if (also.length > 0) await store.batch(also);
        if (number <= known) return;
        await member().commit(topic, number);
        known = number;
      },
    };
  }

  async #join(): Promise<void> {
    const { driver, topics, group, sessionTimeoutMs = SESSION_TIMEOUT_MS } = this.#options;
    const { signal } = this.#stop;
    const places = [...this.#places.keys()];
    while (!signal.aborted) {
      try {
        for (const topic of places) await topics.ensure(driver, topic);
        let lost = false;
        const member = await driver.join({
          group,
          topics: places,
          sessionTimeoutMs,
          onAssigned: (names) => {
            if (lost || signal.aborted) return;
            void this.#want(names.map((name) => this.#places.get(name)).filter((name) => name !== undefined));
          },
          onLost: (error) => {
            lost = true;
            this.#lose(error);
          },
        });
        if (signal.aborted) await member.leave();
        else this.#member = member;
        return;
      } catch (error) {
        this.#options.onError?.(error);
        await pause(RETRY_MS, signal);
      }
    }
  }

  /** Without a sign of life from the brokers the others take over: so this process ends its work by then. */
  #look(sessionTimeoutMs: number): void {
    const member = this.#member;
    if (member === undefined || Date.now() - member.lastConfirmed() < sessionTimeoutMs) return;
    this.#lose(new KafkaUnavailableError(`the group ${this.#options.group} did not answer in time`));
  }

  #lose(error: unknown): void {
    const member = this.#member;
    if (this.#stop.signal.aborted) return;
    this.#options.onError?.(error);
    if (member === undefined) return;
    this.losses++;
    this.#member = undefined;
    // Not waited for: what ends slowly, for brokers that do not answer, must not keep this process from the group.
    void this.#want([]);
    this.#joining = this.#try(() => member.leave()).then(() => this.#join());
  }

  /** Ends and begins work until it is on exactly these units. */
  async #want(units: readonly string[]): Promise<void> {
    this.#wanted = new Set(units);
    await Promise.all([...this.#places.values()].map((unit) => this.#settle(unit)));
  }

  #settle(unit: string): Promise<void> {
    return this.#changes.of(unit).run(async () => {
      const wanted = this.#wanted.has(unit) && !this.#stop.signal.aborted;
      const end = this.#running.get(unit);
      if (!wanted && end !== undefined) {
        await this.#try(end);
        this.#running.delete(unit);
      } else if (wanted && end === undefined) {
        const begun = await this.#try(() => this.#options.work(unit));
        if (begun !== undefined) this.#running.set(unit, begun);
        else setTimeout(() => void this.#settle(unit), RETRY_MS).unref();
      }
    });
  }

  #topicOf(unit: string): string {
    for (const [topic, of] of this.#places) if (of === unit) return topic;
    throw new RangeError(`${unit} is no unit of the group ${this.#options.group}`);
  }

  async #try<T>(task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof LogClosedError)) this.#options.onError?.(error);
      return undefined;
    }
  }
}

/** Makes the group that `SharedWork` takes part in. */
export function kafkaGroup(options: Omit<ChainGroupOptions, 'units' | 'work'>): MakeGroup {
  return (units, work) => new ChainGroup({ ...options, units, work });
}
