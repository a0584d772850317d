import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyValueStore } from '../../../storage/keyValue.js';
import { Serial } from '../../serial.js';
import type { Cursor } from '../eventLog.js';
import type { GroupMember, KafkaDriver } from './driver.js';
import { KafkaUnavailableError, LogClosedError } from './errors.js';
import type { Topics } from './topics.js';

export interface ChainGroupOptions {
  readonly driver: KafkaDriver;
  readonly topics: Topics;
  /** Name of the group: the processes that share this work. All of them use the same driver. */
  readonly group: string;
  readonly chains: readonly string[];
  /** A member that shows no life for so long is replaced, milliseconds; the brokers allow 6,000 and more by default. */
  readonly sessionTimeoutMs?: number;
  /** Begins the work on a chain that is now this process's. @returns what ends it */
  readonly work: (chain: string) => Promise<() => Promise<void>>;
  readonly onError?: (error: unknown) => void;
}

const SESSION_TIMEOUT_MS = 6000;
const RETRY_MS = 1000;

/**
 * Shares chains among any number of processes by a consumer group. The group says who should work; that two who both
 * believe it do no harm is for the log's lease and the sinks' repeatable effects.
 */
export class ChainGroup {
  readonly #options: ChainGroupOptions;
  readonly #changes = new Serial();
  readonly #running = new Map<string, () => Promise<void>>();
  readonly #stop = new AbortController();
  #wanted: readonly string[] = [];
  #member: GroupMember | undefined;
  #joining: Promise<void> | undefined;
  #watch: NodeJS.Timeout | undefined;
  /** Times that the membership was lost. */
  losses = 0;

  constructor(options: ChainGroupOptions) {
    this.#options = options;
  }

  /** Chains that this process works on now. */
  get chains(): string[] {
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

  /** Where the group is with a chain: whoever takes it over goes on from there. @param store for `also` */
  cursor(chain: string, store: KeyValueStore): Cursor {
    const topic = this.#options.topics.events(chain);
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
    const { driver, topics, group, chains, sessionTimeoutMs = SESSION_TIMEOUT_MS } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for (const chain of chains) await topics.ensure(driver, topics.events(chain));
        let lost = false;
        const member = await driver.join({
          group,
          topics: chains.map((chain) => topics.events(chain)),
          sessionTimeoutMs,
          onAssigned: (names) => {
            if (lost || signal.aborted) return;
            void this.#want(names.map((name) => topics.chainOf(name)).filter((name) => name !== undefined));
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
        // Ends early when the group is left.
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
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
    this.#joining = this.#want([]).then(async () => {
      await member.leave();
      await this.#join();
    });
  }

  /** Ends and begins work until it is on exactly these chains. */
  #want(chains: readonly string[]): Promise<void> {
    this.#wanted = chains;
    return this.#changes.run(async () => {
      for (const [chain, end] of [...this.#running])
        if (!this.#wanted.includes(chain)) {
          this.#running.delete(chain);
          await this.#try(end);
        }
      for (const chain of this.#wanted) {
        if (this.#running.has(chain) || this.#stop.signal.aborted) continue;
        const end = await this.#try(() => this.#options.work(chain));
        if (end !== undefined) this.#running.set(chain, end);
        else this.#again();
      }
    });
  }

  #again(): void {
    const timer = setTimeout(() => void this.#want(this.#wanted), RETRY_MS);
    timer.unref();
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
