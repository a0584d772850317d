import { type ChildProcess, fork } from 'node:child_process';
import { endWithUs } from '../../../devnet/endWithUs.js';
import { compileEntry } from '../compile.js';

export interface GroupProcessOptions {
  readonly driver: string;
  readonly brokers: readonly string[];
  readonly group: string;
  readonly chains: readonly string[];
  readonly prefix: string;
  readonly sessionTimeoutMs: number;
}

export interface ProducerInit {
  readonly driver: string;
  readonly brokers: readonly string[];
  readonly chain: string;
  readonly prefix: string;
  /** Events to be in the log in the end. */
  readonly total: number;
  /** Of the local store. */
  readonly folder: string;
  /** Of the sizes of its appends and the times between them. */
  readonly seed: number;
}

/** A program of `test/support/kafka/` in a process of its own, told what to do by its first message. */
export abstract class TestProcess<Message> {
  readonly #child: ChildProcess;

  /** @param file what `compileEntry` made */
  constructor(file: string, init: object) {
    this.#child = fork(file, [], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    endWithUs(this.#child);
    this.#child.on('message', (message) => this.take(message as Message));
    this.#child.send(init);
  }

  protected abstract take(message: Message): void;

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Tells it to end its work and to leave. */
  async leave(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.send('stop');
    await ended;
  }

  async kill(): Promise<void> {
    if (this.ended) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}

/** A member of a group that tells which chains it has. */
export class GroupProcess extends TestProcess<{ readonly chains: string[] }> {
  chains: string[] = [];

  static async start(options: GroupProcessOptions): Promise<GroupProcess> {
    return new GroupProcess(await compileEntry('test/support/kafka/groupMain.ts'), options);
  }

  protected override take({ chains }: { readonly chains: string[] }): void {
    this.chains = chains;
  }
}

export interface IndexerInit extends GroupProcessOptions {
  /** Of the local store. */
  readonly folder: string;
  /** When the plan began, Unix milliseconds. */
  readonly began: number;
  /** Events of the plan. */
  readonly total: number;
  /** Time of one. */
  readonly everyMs: number;
}

export interface IndexerMessage {
  /** Height of each chain that it follows now. */
  readonly heights: Readonly<Record<string, number>>;
  /** Whether it has the unit `main`. */
  readonly publishing: boolean;
  /** By name of the error. */
  readonly failures: Readonly<Record<string, number>>;
}

/** A process that shares the following of planned chains. */
export class IndexerProcess extends TestProcess<IndexerMessage> {
  state: IndexerMessage = { heights: {}, publishing: false, failures: {} };

  static async start(init: IndexerInit): Promise<IndexerProcess> {
    return new IndexerProcess(await compileEntry('test/support/kafka/indexerMain.ts'), init);
  }

  protected override take(message: IndexerMessage): void {
    this.state = message;
  }
}

/** A writer of the planned events. */
export class ProducerProcess extends TestProcess<{ done?: number; failures: Record<string, number> }> {
  /** Number of the newest event that it knows. */
  done = 0;
  /** By name of the error. */
  failures: Record<string, number> = {};

  static async start(init: ProducerInit): Promise<ProducerProcess> {
    return new ProducerProcess(await compileEntry('test/support/kafka/producerMain.ts'), init);
  }

  protected override take({ done, failures }: { done?: number; failures: Record<string, number> }): void {
    this.done = done ?? this.done;
    this.failures = failures;
  }
}
