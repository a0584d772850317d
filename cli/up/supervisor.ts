import type { ChainConfig, Config } from '../../config/schema.js';
import type { ChainInit, FromChild } from '../processes/messages.js';
import { resolveChain } from './chains.js';
import { Part } from './children.js';
import { DataFolder } from './data.js';
import { type DemoResult, payAndProve } from './demo.js';
import { PartFailedError } from './errors.js';
import { foreignWords, type RunningForeign, startForeign } from './foreign.js';
import { Milestones } from './milestones.js';
import { checkPorts } from './ports.js';
import type { Progress } from './progress.js';

/** Starts everything in order, keeps it running, stops it in reverse. */
export class Supervisor {
  readonly #config: Config;
  readonly #path: string;
  readonly #progress: Progress;
  readonly #milestones = new Milestones();
  readonly #abort = new AbortController();
  readonly #foreign: RunningForeign[] = [];
  readonly #parts: Part[] = [];
  #data: DataFolder | undefined;
  #stopping = false;
  #fail: (error: unknown) => void = () => undefined;
  /** Rejects when a part is given up. */
  readonly failed: Promise<never>;

  constructor(config: Config, path: string, progress: Progress) {
    this.#config = config;
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
  async run(): Promise<DemoResult[]> {
    const config = this.#config;
    const data = await DataFolder.open(this.#path);
    this.#data = data;
    await checkPorts(config);
    await data.genesis(config);
    this.#progress.say(`data in ${data.path}`);
    const chains = await Promise.all(config.chains.map((chain) => this.#startChain(chain, data)));
    await this.#startDelegates(chains, data);
    await this.#startRelay(chains, data);
    return this.#demo(data);
  }

  abort(): void {
    this.#stopping = true;
    this.#abort.abort(new PartFailedError('up', 'was interrupted'));
  }

  /** Stops the relay, the delegates, the foreign nodes, in this order. */
  async stop(): Promise<void> {
    this.abort();
    for (const part of [...this.#parts].reverse().slice(0, 1)) await part.stop();
    await Promise.all(this.#parts.map((part) => part.stop()));
    await Promise.all(this.#foreign.map(({ node }) => node.stop()));
    await this.#data?.close();
  }

  async #startChain(chain: ChainConfig, data: DataFolder): Promise<ChainInit> {
    if (chain.devnet === undefined) return resolveChain(chain, chain.sources ?? [], data);
    const foreign = await startForeign(chain, data);
    this.#foreign.push(foreign);
    this.#progress.say(`${chain.name}: ${foreignWords(foreign.node)} at ${foreign.node.url}`);
    void foreign.node.ended.then((how) => {
      if (!this.#stopping) this.#fail(new PartFailedError(`${chain.name} node`, how));
    });
    return resolveChain(chain, foreign.sources, data);
  }

  async #startDelegates(chains: readonly ChainInit[], data: DataFolder): Promise<void> {
    const { main, logLevel } = this.#config;
    const ports = Array.from({ length: main.delegates }, (_, i) => main.p2pPort + i);
    const delegates = ports.map((p2pPort, index) =>
      this.#part(`delegate ${index}`, {
        role: 'node',
        index,
        dataDir: data.delegate(index),
        genesisFile: data.genesisFile,
        p2pPort,
        peers: ports.filter((port) => port !== p2pPort),
        rpcPort: main.rpcPort + index,
        chains,
        logFile: data.log(`delegate-${index}`),
        logLevel,
      }),
    );
    await Promise.all(delegates.map((delegate) => delegate.start()));
    this.#progress.say(`main chain: ${delegates.length} delegates, a process each`);
  }

  async #startRelay(chains: readonly ChainInit[], data: DataFolder): Promise<void> {
    const { main, api, logLevel } = this.#config;
    const relay = this.#part('the relay', {
      role: 'relay',
      dataDir: data.path,
      genesisFile: data.genesisFile,
      operatorDir: data.operator,
      rpcPorts: Array.from({ length: main.delegates }, (_, i) => main.rpcPort + i),
      chains,
      host: api.host,
      port: api.port,
      requestsPerMinute: api.requestsPerMinute,
      logFile: data.log('relay'),
      logLevel,
    });
    await relay.start();
    this.#progress.say(`relay: page and API at ${this.api}`);
  }

  #part(name: string, init: ConstructorParameters<typeof Part>[0]['init']): Part {
    const part = new Part({
      name,
      init,
      onMessage: (message) => this.#hear(message),
      onDeath: (line) => this.#progress.say(line),
      onFailure: (error) => this.#fail(error),
    });
    this.#parts.push(part);
    return part;
  }

  #hear(message: FromChild): void {
    if (message.type !== 'event') return;
    const { event } = message;
    this.#milestones.note(event);
    if (event.type === 'registered')
      this.#progress.say(`${event.chain}: registered by a quorum of delegates`);
    if (event.type === 'paused') this.#progress.say(`${event.chain}: PAUSED on the main chain`);
  }

  async #demo(data: DataFolder): Promise<DemoResult[]> {
    const { demo, chains } = this.#config;
    const shown = demo === false ? [] : this.#foreign;
    const context = {
      api: this.api,
      data,
      milestones: this.#milestones,
      progress: this.#progress,
      signal: this.#abort.signal,
    };
    if (shown.length > 0) return Promise.all(shown.map((foreign) => payAndProve(foreign, context)));
    await Promise.all(chains.map((chain) => this.#milestones.reached('finalized', chain.name, 0)));
    for (const chain of chains) this.#progress.say(`${chain.name}: committed and final on the main chain`);
    return [];
  }
}
