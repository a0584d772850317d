import { type Config, hasLocalBeacon } from '../../config/schema.js';
import type { RebuildContents } from '../../indexers/sinks/rebuild/rebuild.js';
import { untilAborted } from '../abort.js';
import { resolveChain } from '../init/chains.js';
import { DataFolder } from '../init/data.js';
import { PartFailedError } from '../init/errors.js';
import { makeGenesis } from '../init/genesis.js';
import type { FromChild } from '../processes/messages.js';
import type { ChainInit } from '../roles/chainInit.js';
import { checkAttested, followBeacon, localBeacon } from './beacon.js';
import { Part } from './children.js';
import { type DemoResult, payAndProve } from './demo.js';
import { NotForUpError } from './errors.js';
import { foreignWords, type RunningForeign, startForeign } from './foreign.js';
import { Milestones } from './milestones.js';
import { checkPorts } from './ports.js';
import type { Progress } from './progress.js';

const LOOPBACK = '127.0.0.1';

export interface SupervisorOptions {
  /** Whether the index is made anew first, and where its blocks' contents come from. */
  readonly rebuild?: RebuildContents | undefined;
  /** Of all keys; by default each has its own beside it. */
  readonly passphrase?: string | undefined;
}

/** Starts everything in order, keeps it running, stops it in reverse. */
export class Supervisor {
  readonly #config: Config;
  readonly #path: string;
  readonly #progress: Progress;
  readonly #options: SupervisorOptions;
  readonly #milestones = new Milestones();
  readonly #abort = new AbortController();
  readonly #foreign: RunningForeign[] = [];
  readonly #parts: Part[] = [];
  #data: DataFolder | undefined;
  #running: Promise<DemoResult[]> | undefined;
  #fail: (error: unknown) => void = () => undefined;
  /** Rejects when a part is given up. */
  readonly failed: Promise<never>;

  constructor(config: Config, path: string, progress: Progress, options: SupervisorOptions = {}) {
    this.#config = config;
    this.#options = options;
    this.#path = path;
    this.#progress = progress;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever races with it handles it; before that it must not count as unhandled.
    this.failed.catch(() => undefined);
  }

  get api(): string {
    const { host, port } = this.#config.api;
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  /** Starts everything, and proves a payment on each chain that is to show one. */
  run(): Promise<DemoResult[]> {
    this.#running = this.#run();
    return this.#running;
  }

  async #run(): Promise<DemoResult[]> {
    const config = this.#config;
    const { signal } = this.#abort;
    if (config.main.nodes !== undefined) throw new NotForUpError('main.nodes');
    const data = await DataFolder.open(this.#path);
    this.#data = data;
    await checkPorts(config, data, signal, (line) => this.#progress.say(line));
    await makeGenesis(config.main, data, this.#options.passphrase);
    this.#progress.say(`data in ${data.path}`);
    // All of them, also when one fails: what has been started must be known to be stopped.
    const starting = await Promise.allSettled(config.chains.map((_, i) => this.#startChain(i, data)));
    const chains = starting.map((one) => {
      if (one.status === 'rejected') throw one.reason;
      return one.value;
    });
    signal.throwIfAborted();
    await this.#startDelegates(chains, data);
    await this.#startRelay(chains, data);
    return this.#demo(data);
  }

  /** Whether any process was started. */
  get hasStarted(): boolean {
    return this.#parts.length + this.#foreign.length > 0;
  }

  /** Begins to stop: what is being started or waited for gives up. */
  abort(): void {
    this.#abort.abort(new PartFailedError('up', 'was interrupted'));
  }

  /** Stops the relay, the delegates, the foreign nodes, in this order. */
  async stop(): Promise<void> {
    this.abort();
    await this.#stopParts();
    // A start under way may still have brought something up. How it ended was told, or was of no interest any more.
    await Promise.allSettled([this.#running]);
    await this.#stopParts();
    await Promise.all(this.#foreign.map(({ node }) => node.stop()));
    await this.#data?.close();
  }

  /** Ends every process at once. Nothing is lost: all of them survive that. */
  kill(): void {
    for (const pid of [
      ...this.#parts.map((part) => part.pid),
      ...this.#foreign.map(({ node }) => node.pid),
    ]) {
      if (pid !== undefined && pid > 0) endNow(pid);
    }
  }

  async #stopParts(): Promise<void> {
    const isRelay = (part: Part) => part.role === 'relay';
    await Promise.all(this.#parts.filter(isRelay).map((part) => part.stop()));
    await Promise.all(this.#parts.map((part) => part.stop()));
  }

  async #startChain(index: number, data: DataFolder): Promise<ChainInit> {
    const chain = this.#config.chains[index];
    if (chain === undefined) throw new RangeError(`no chain ${index}`);
    const { signal } = this.#abort;
    const { logLevel } = this.#config;
    if (chain.devnet === undefined) return resolveChain(chain, chain.sources ?? [], data, signal);
    const foreign = await startForeign(chain, data, `chains[${index}].devnet.port`);
    this.#foreign.push(foreign);
    signal.throwIfAborted();
    this.#progress.say(`${chain.name}: ${foreignWords(foreign.node)} at ${foreign.node.url}`);
    void foreign.node.ended.then((how) => {
      if (!signal.aborted) this.#fail(new PartFailedError(`${chain.name}`, how));
    });
    if (!hasLocalBeacon(chain)) {
      await checkAttested(chain, data);
      return resolveChain(chain, foreign.sources, data, signal);
    }
    const { url, part } = localBeacon(chain, foreign, data, logLevel);
    await this.#part(`${chain.name}: the beacon chain`, part).start();
    signal.throwIfAborted();
    this.#progress.say(`${chain.name}: beacon chain (slots of ${part.slotMilliseconds} ms) at ${url}`);
    const follow = await followBeacon(chain, foreign, url, data);
    return resolveChain(follow.chain, follow.sources, data, signal);
  }

  async #startDelegates(chains: readonly ChainInit[], data: DataFolder): Promise<void> {
    const { main, logLevel } = this.#config;
    const ports = Array.from({ length: main.delegates }, (_, i) => main.p2pPort + i);
    const delegates = ports.map((p2pPort, index) =>
      this.#part(`delegate ${index}`, {
        role: 'node',
        dataDir: data.delegate(index),
        passphrase: this.#options.passphrase,
        genesisFile: data.genesisFile,
        listen: { host: LOOPBACK, port: p2pPort },
        rpc: { host: LOOPBACK, port: main.rpcPort + index },
        peers: ports.filter((port) => port !== p2pPort).map((port) => ({ host: LOOPBACK, port })),
        chains,
        logFile: data.log(`delegate-${index}`),
        logLevel,
      }),
    );
    await Promise.all(delegates.map((delegate) => delegate.start()));
    this.#abort.signal.throwIfAborted();
    this.#progress.say(`main chain: ${delegates.length} delegates, a process each`);
  }

  async #startRelay(chains: readonly ChainInit[], data: DataFolder): Promise<void> {
    const { main, api, log, index, logLevel } = this.#config;
    const relay = this.#part('the relay', {
      role: 'relay',
      dataDir: data.path,
      genesisFile: data.genesisFile,
      operatorDir: data.operator(0),
      passphrase: this.#options.passphrase,
      nodes: Array.from({ length: main.delegates }, (_, i) => `http://${LOOPBACK}:${main.rpcPort + i}`),
      chains,
      http: api,
      log,
      index,
      rebuild: this.#options.rebuild,
      logFile: data.log('relay'),
      logLevel,
    });
    await relay.start();
    this.#abort.signal.throwIfAborted();
    this.#progress.say(`relay: page and API at ${this.api}`);
  }

  #part(name: string, init: ConstructorParameters<typeof Part>[0]['init']): Part {
    const part = new Part({
      name,
      init,
      onMessage: (message) => this.#hear(name, message),
      onDeath: (line) => this.#progress.say(line),
      onFailure: (error) => this.#fail(error),
    });
    this.#parts.push(part);
    return part;
  }

  #hear(name: string, message: FromChild): void {
    if (message.type === 'problem') this.#progress.say(`${name}: ${message.problem ?? 'goes on'}`);
    if (message.type !== 'event') return;
    const { event } = message;
    this.#milestones.note(event);
    if (event.type === 'registered')
      this.#progress.say(`${event.chain}: registered by a quorum of delegates`);
    if (event.type === 'governed')
      this.#progress.say(`${event.chain}: ${event.what} approved by a quorum of delegates`);
    if (event.type === 'paused') this.#progress.say(`${event.chain}: PAUSED on the main chain`);
  }

  async #demo(data: DataFolder): Promise<DemoResult[]> {
    const { demo, chains } = this.#config;
    const shown = demo ? this.#foreign : [];
    const context = {
      api: this.api,
      data,
      milestones: this.#milestones,
      progress: this.#progress,
      signal: this.#abort.signal,
    };
    if (shown.length > 0) return Promise.all(shown.map((foreign) => payAndProve(foreign, context)));
    const final = chains.map((chain) => this.#milestones.reached('finalized', chain.name, 0));
    await untilAborted(Promise.all(final), context.signal);
    for (const chain of chains) this.#progress.say(`${chain.name}: committed and final on the main chain`);
    return [];
  }
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It is gone already.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
