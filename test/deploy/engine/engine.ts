import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaInstallation } from '../../../devnet/kafka/install.js';
import type { Service } from '../files.js';
import { containerScript, Storage } from './container.js';
import { Machine } from './machine.js';
import { bridge, type ForeignProgram, foreignPrograms, nameServer } from './programs.js';

const PATIENCE_MS = 240_000;

/** Brings up the services of docker-compose.yml as a container engine does, in namespaces of this machine's own. */
export class Engine {
  readonly machine: Machine;
  readonly storage: Storage;
  readonly #services: ReadonlyMap<string, Service>;
  readonly #foreign: ReadonlyMap<string, ForeignProgram>;
  readonly #up = new Map<string, Promise<void>>();

  /** @param folder of this run, empty */
  constructor(folder: string, services: ReadonlyMap<string, Service>, kafka: KafkaInstallation) {
    this.#services = services;
    this.machine = new Machine(folder, [...services.keys()]);
    this.storage = new Storage(folder);
    execFileSync('sh', [this.storage.deployed('deploy/secrets.sh')], { stdio: 'ignore' });
    this.#foreign = foreignPrograms(services, kafka, folder);
  }

  /** Starts all, each after those that it waits for. @throws Error with the last words of what does not come up */
  async start(): Promise<void> {
    await this.machine.start();
    // All containers are made before the first is started.
    for (const service of this.#services.values()) this.storage.create(service);
    await Promise.all([...this.#services.keys()].map((name) => this.#bring(name)));
  }

  #bring(name: string): Promise<void> {
    const known = this.#up.get(name);
    if (known !== undefined) return known;
    const up = this.#start(name);
    this.#up.set(name, up);
    return up;
  }

  async #start(name: string): Promise<void> {
    const service = this.#services.get(name);
    if (service === undefined) throw new RangeError(`no service ${name}`);
    await Promise.all(Object.keys(service.depends_on ?? {}).map((other) => this.#bring(other)));
    const { machine, storage } = this;
    const foreign = this.#foreign.get(name);
    if (name === 'gateway') machine.spawn(name, nameServer(machine.addresses), `${name}-names`);
    for (const port of foreign?.loopback ?? [])
      machine.spawn(name, bridge(machine.addresses.get(name) ?? '', port), `${name}-${port}`);
    const { entrypoint = ['node', '/app/dist/cli/main.js'], command = [] } = service;
    const program = foreign ?? {
      words: [...entrypoint, ...command],
      environment: { NODE_ENV: 'production' },
    };
    const child = machine.spawn(name, containerScript(name, service, program, storage, machine.hosts));
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    if (service.restart === 'no') {
      const code = await ended;
      if (code !== 0) throw new Error(`${name} ended with ${code}: ${this.#said(name)}`);
      return;
    }
    for (const end = Date.now() + PATIENCE_MS; !(await this.#healthy(name, service)); await sleep(500))
      if (child.exitCode !== null || Date.now() > end)
        throw new Error(`${name} does not come up (exit code ${child.exitCode}): ${this.#said(name)}`);
  }

  /** As the health check of the file says, where the image is ours. */
  async #healthy(name: string, { healthcheck, build }: Service): Promise<boolean> {
    const ready = this.#foreign.get(name)?.ready;
    const [, ...words] = healthcheck?.test ?? [];
    if (build !== undefined) return (await this.machine.inside(name, ...words)).code === 0;
    const code = `require('node:net').connect(${ready}, '127.0.0.1').on('connect', () => process.exit(0)).on('error', () => process.exit(1))`;
    return (await this.machine.on(name, 'node', '-e', code)).code === 0;
  }

  #said(name: string): string {
    return readFileSync(this.machine.log(name), 'utf8').slice(-2000);
  }

  stop(): Promise<void> {
    return this.machine.stop();
  }
}
