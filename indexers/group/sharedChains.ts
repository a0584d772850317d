import type { HeaderBook } from '../follow/book.js';
import { Follower, type FollowerOptions } from '../follow/follower.js';
import { LogReplica } from '../follow/replica.js';
import { SharedWork } from './sharedWork.js';
import type { OpenUnit, RunnerOptions, SharedUnit, UnitStatus } from './unitRunner.js';
import type { MakeGroup } from './workGroup.js';

/** A chain whose following is shared among processes. */
export interface SharedChain {
  readonly follower: Omit<FollowerOptions, 'onEnd'>;
  /**
   * Begins what goes along with the follower while the chain is this process's, such as sinks. The follower starts after it.
   * @returns what ends it
   */
  readonly begin?: (follower: Follower) => Promise<() => Promise<void>>;
}

export interface SharedChainsOptions extends RunnerOptions {
  readonly chains: readonly SharedChain[];
  /** Other work that one process should do at a time, such as publishing the main chain's blocks. */
  readonly units?: readonly SharedUnit[];
  readonly group: MakeGroup;
}

/** One chain in this process: followed, or kept in step with the log for the moment that it has to be. */
class ChainUnit implements SharedUnit {
  readonly name: string;
  readonly #chain: SharedChain;
  readonly #onError: ((error: unknown, unit: string) => void) | undefined;
  #replica: LogReplica | undefined;
  follower: Follower | undefined;

  constructor(chain: SharedChain, onError: ((error: unknown, unit: string) => void) | undefined) {
    this.name = chain.follower.chain;
    this.#chain = chain;
    this.#onError = onError;
  }

  get book(): HeaderBook | undefined {
    return this.follower?.book ?? this.#replica?.book;
  }

  /** Keeps the header book in step with what another process writes. */
  standBy(): void {
    const { chain, kind, checkpoint, log, store } = this.#chain.follower;
    const onError = (error: unknown) => this.#onError?.(error, this.name);
    this.#replica = new LogReplica({ chain, kind, checkpoint, log, store, onError });
    this.#replica.start();
  }

  async endStandBy(): Promise<void> {
    const replica = this.#replica;
    this.#replica = undefined;
    await replica?.stop();
  }

  async open(): Promise<OpenUnit> {
    // The book has one writer.
    await this.endStandBy();
    try {
      return await this.#follow();
    } catch (error) {
      this.standBy();
      throw error;
    }
  }

  async #follow(): Promise<OpenUnit> {
    let end: (error: Error) => void = () => undefined;
    const ended = new Promise<Error>((resolve) => {
      end = resolve;
    });
    const follower = await Follower.open({ ...this.#chain.follower, onEnd: (error) => end(error) });
    let endAlong: (() => Promise<void>) | undefined;
    try {
      endAlong = await this.#chain.begin?.(follower);
    } catch (error) {
      await follower.stop();
      throw error;
    }
    this.follower = follower;
    follower.start();
    return {
      ended,
      stop: async () => {
        this.follower = undefined;
        try {
          await Promise.all([follower.stop(), endAlong?.()]);
        } finally {
          this.standBy();
        }
      },
    };
  }
}

/**
 * Follows those chains that are this process's, writing their events into the log, and does what goes along with it; keeps
 * step with the others, so that it can take any of them over within seconds, however long its history is.
 */
export class SharedChains {
  readonly #work: SharedWork;
  readonly #chains: ReadonlyMap<string, ChainUnit>;

  constructor(options: SharedChainsOptions) {
    const { chains, units = [], ...rest } = options;
    const own = chains.map((chain) => new ChainUnit(chain, options.onError));
    this.#chains = new Map(own.map((unit) => [unit.name, unit]));
    this.#work = new SharedWork({ ...rest, units: [...own, ...units] });
  }

  start(): void {
    for (const unit of this.#chains.values()) unit.standBy();
    this.#work.start();
  }

  /** Ends all work; others take over at once. Log and store stay open. */
  async stop(): Promise<void> {
    await this.#work.stop();
    await Promise.all([...this.#chains.values()].map((unit) => unit.endStandBy()));
  }

  /** Chains, and names of other units, that are this process's now. */
  get chains(): readonly string[] {
    return this.#work.units;
  }

  /** Times that the membership of the group was lost. */
  get losses(): number {
    return this.#work.losses;
  }

  /** While this process follows the chain. */
  follower(chain: string): Follower | undefined {
    return this.#chains.get(chain)?.follower;
  }

  /** The chain's header book, whoever follows it; a new object after each change of hands. */
  book(chain: string): HeaderBook | undefined {
    return this.#chains.get(chain)?.book;
  }

  /** Of each unit that is this process's. */
  status(): UnitStatus[] {
    return this.#work.status();
  }
}
