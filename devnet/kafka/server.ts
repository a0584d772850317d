import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithUs } from '../endWithUs.js';
import { freePorts } from '../ports.js';
import type { KafkaInstallation } from './install.js';

export interface KafkaOptions {
  readonly installation: KafkaInstallation;
  /** Of this cluster alone. */
  readonly folder: string;
  /** Brokers, each a controller too. Default 1. */
  readonly nodes?: number;
  /** Port that the first broker names to its clients, where something stands in front of it. */
  readonly advertisedPort?: number;
  /** Further lines of every broker's settings, by name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A further listener, named CLIENT, for clients with TLS or a password: `host:port` is put before its settings. */
  readonly secured?: boolean;
  /** Arguments of the formatter, such as `--add-scram`. */
  readonly format?: readonly string[];
}

/** Apache Kafka in KRaft mode on loopback, with a small heap. */
export class KafkaCluster {
  readonly #options: KafkaOptions;
  readonly #children: (ChildProcess | undefined)[] = [];
  #firstPort = 0;

  constructor(options: KafkaOptions) {
    this.#options = options;
  }

  get nodes(): number {
    return this.#options.nodes ?? 1;
  }
  /** Process of a broker that runs. */
  pid(node = 0): number | undefined {
    return this.#children[node]?.pid;
  }
  /** What clients are told. */
  get brokers(): string[] {
    return Array.from({ length: this.nodes }, (_, i) => `127.0.0.1:${this.port(i)}`);
  }
  port(node: number): number {
    return this.#firstPort + 3 * node;
  }
  /** Of the secured listener. */
  securedPort(node: number): number {
    return this.#firstPort + 3 * node + 2;
  }

  /** Formats the folders and starts all brokers; anew on other ports where somebody was faster to take one. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++)
      try {
        return await this.#start();
      } catch (error) {
        await this.stop();
        if (attempt === STARTS || !/in use|BindException/.test(String(error))) throw error;
        for (let node = 0; node < this.nodes; node++)
          rmSync(this.#home(node), { recursive: true, force: true });
      }
  }

  async #start(): Promise<void> {
    this.#firstPort = await freePorts(3 * this.nodes);
    const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
    for (let node = 0; node < this.nodes; node++) {
      mkdirSync(this.#home(node), { recursive: true });
      writeFileSync(this.#file(node), this.#settings(node));
      // As one word each: an id may begin with a hyphen.
      const format = [
        'format',
        `--cluster-id=${id}`,
        '-c',
        this.#file(node),
        ...(this.#options.format ?? []),
      ];
      this.#java('kafka.tools.StorageTool', format);
    }
    await Promise.all(Array.from({ length: this.nodes }, (_, node) => this.up(node)));
  }

  /** Starts a broker that is down, with its data. */
  async up(node = 0): Promise<void> {
    const { java, folder } = this.#options.installation;
    const output = openSync(this.#output(node), 'a');
    const child = spawn(
      java,
      [
        ...HEAP,
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        '-cp',
        join(folder, '*'),
        'kafka.Kafka',
        this.#file(node),
      ],
      { stdio: ['ignore', output, output], cwd: this.#home(node) },
    );
    closeSync(output);
    this.#children[node] = child;
    endWithUs(child);
    const end = Date.now() + START_MS;
    while (Date.now() < end) {
      if (child.exitCode !== null)
        throw new Error(`Kafka ended with exit code ${child.exitCode}: ${this.#said(node)}`);
      if (await listens(this.port(node))) return;
      await sleep(100);
    }
    throw new Error(`Kafka does not listen after ${START_MS / 1000} seconds: ${this.#said(node)}`);
  }

  /** The end of what a broker printed. */
  #said(node: number): string {
    return readFileSync(this.#output(node), 'utf8').slice(-2000);
  }

  /** Ends a broker at once, like a power cut of its process. */
  kill(node = 0): Promise<void> {
    return this.#end(node, 'SIGKILL');
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map((_, node) => this.#end(node, 'SIGKILL')));
  }

  async #end(node: number, signal: NodeJS.Signals): Promise<void> {
    const child = this.#children[node];
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  #java(main: string, args: readonly string[]): void {
    const { java, folder } = this.#options.installation;
    execFileSync(java, ['-Xmx128m', '-cp', join(folder, '*'), main, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  #home(node: number): string {
    return join(this.#options.folder, `broker-${node}`);
  }
  #output(node: number): string {
    return join(this.#home(node), 'output.log');
  }
  #file(node: number): string {
    return join(this.#home(node), 'server.properties');
  }

  #settings(node: number): string {
    const { advertisedPort, settings = {}, secured = false } = this.#options;
    const host = (port: number) => `127.0.0.1:${port}`;
    const told = node === 0 && advertisedPort !== undefined ? advertisedPort : this.port(node);
    const voters = Array.from({ length: this.nodes }, (_, i) => `${i + 1}@${host(this.port(i) + 1)}`);
    const copies = String(Math.min(3, this.nodes));
    const client = host(this.securedPort(node));
    const lines: Record<string, string> = {
      'process.roles': 'broker,controller',
      'node.id': String(node + 1),
      'controller.quorum.voters': voters.join(','),
      listeners: `PLAINTEXT://${host(this.port(node))},CONTROLLER://${host(this.port(node) + 1)}${secured ? `,CLIENT://${client}` : ''}`,
      'advertised.listeners': `PLAINTEXT://${host(told)}${secured ? `,CLIENT://${client}` : ''}`,
      'controller.listener.names': 'CONTROLLER',
      'inter.broker.listener.name': 'PLAINTEXT',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENT:SASL_SSL',
      'log.dirs': join(this.#home(node), 'data'),
      'offsets.topic.num.partitions': '1',
      'offsets.topic.replication.factor': copies,
      'transaction.state.log.num.partitions': '1',
      'transaction.state.log.replication.factor': copies,
      'transaction.state.log.min.isr': '1',
      'group.initial.rebalance.delay.ms': '0',
      'group.min.session.timeout.ms': '1000',
      'auto.create.topics.enable': 'false',
      'broker.session.timeout.ms': '4000',
      'controller.quorum.election.timeout.ms': '1000',
      'controller.quorum.fetch.timeout.ms': '2000',
      ...settings,
    };
    return Object.entries(lines)
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
  }
}

/** A busy machine takes its time. */
const START_MS = 150_000;
const STARTS = 3;
const HEAP = ['-Xmx256m', '-Xms64m'];

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
