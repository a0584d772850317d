import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { KafkaInstallation } from '../kafka/install.js';
import { freePorts } from '../ports.js';
import { ClusterError } from './errors.js';
import { Gateway } from './gateway.js';
import { CROSSROOT, Member } from './member.js';
import { type Plan, PORTS, planCluster, type Role } from './plan.js';
import { type Servers, startServers } from './servers.js';

export interface ClusterOptions {
  /** Of this run alone. */
  readonly folder: string;
  readonly installation: KafkaInstallation;
  /** Of the one address. */
  readonly port: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Pause before a process that ended is started again. */
const RESTART_MS = 2000;

/** Real servers and the roles' own processes on loopback: what docker-compose.yml brings up, without a container engine. */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #members = new Map<string, Member>();
  #servers: Servers | undefined;
  #plan: Plan | undefined;
  #gateway: Gateway | undefined;
  #stopping = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** The one address of the API servers. */
  get url(): string {
    return this.#gateway?.url ?? '';
  }
  get servers(): Servers {
    if (this.#servers === undefined) throw new ClusterError('the servers', 'are not there');
    return this.#servers;
  }
  /** What `init` made. */
  get data(): string {
    return this.#plan?.data ?? '';
  }

  /** Servers, then genesis and keys, then delegates, indexers, relays, API servers, and the one address. @throws NodeStartError, ClusterError */
  async start(): Promise<void> {
    const { folder, installation, port, say, signal } = this.#options;
    const first = await freePorts(PORTS);
    const ports = Array.from({ length: PORTS }, (_, i) => first + i);
    const [clickhouse = 0, bitcoin = 0, ethereum = 0, beacon = 0, ...rest] = ports;
    const taken = [clickhouse, bitcoin, ethereum, beacon] as const;
    const servers = await startServers(folder, installation, taken, say);
    this.#servers = servers;
    signal.throwIfAborted();
    const plan = planCluster(folder, servers, rest);
    this.#plan = plan;
    await mkdir(folder, { recursive: true });
    await writeFile(plan.configFile, `${JSON.stringify(plan.config, undefined, 2)}\n`);
    await this.#init(plan);
    for (const group of [plan.nodes, plan.indexers, plan.relays, plan.apis]) {
      signal.throwIfAborted();
      await this.#startAll(group);
    }
    this.#gateway = await Gateway.start({
      host: '127.0.0.1',
      port,
      targets: plan.apis.map(({ url }) => url),
      onChange: (target, healthy) =>
        say(healthy ? `the one address: ${target} answers again` : `the one address: without ${target}`),
    });
    say(`page and API: ${this.url}`);
  }

  /** Ends the first of each pair at once, for good. */
  async killOneOfEach(): Promise<void> {
    const plan = this.#plan;
    if (plan === undefined) return;
    const doomed = [plan.indexers[0], plan.relays[0], plan.apis[0]].filter((role) => role !== undefined);
    await Promise.all(doomed.map(({ name }) => this.#members.get(name)?.kill()));
    this.#options.say(`killed, as by kill -9: ${doomed.map(({ name }) => name).join(', ')}`);
  }

  /** Ends everything: who asks before whom it asks. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#gateway?.close();
    const plan = this.#plan;
    for (const group of plan === undefined ? [] : [plan.apis, plan.relays, plan.indexers, plan.nodes])
      await Promise.all(group.map(({ name }) => this.#members.get(name)?.stop()));
    await this.#servers?.stop();
  }

  async #init({ configFile, data }: Plan): Promise<void> {
    const args = [CROSSROOT, 'init', '--config', configFile, '--data', data];
    try {
      await promisify(execFile)(process.execPath, args);
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
      throw new ClusterError('crossroot init', said);
    }
  }

  async #startAll(roles: readonly Role[]): Promise<void> {
    const starting = roles.map(async ({ name, args, logFile, url }) => {
      const onEnd = (member: Member, how: string) => void this.#again(member, how);
      const member = new Member({ name, args, logFile, health: `${url}/healthz`, onEnd });
      this.#members.set(name, member);
      await member.start();
      this.#options.say(`${name}: ${url}, process ${member.pid}, log ${logFile}`);
    });
    // All of them, also when one fails: what has been started must be known to be stopped.
    await Promise.allSettled(starting);
    await Promise.all(starting);
  }

  async #again(member: Member, how: string): Promise<void> {
    for (let reason = how; !this.#stopping; ) {
      this.#options.say(`${reason}; it is started again`);
      await sleep(RESTART_MS);
      if (this.#stopping) return;
      try {
        return await member.start();
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
  }
}
