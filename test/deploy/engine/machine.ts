import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithUs } from '../../../devnet/endWithUs.js';

/** Whether this machine lets us make namespaces: Linux, root, and the tools for it. @returns why not, as text */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes root on Linux';
  // What containers run as another user has to be where everybody may read.
  if (!process.execPath.startsWith('/usr/')) return `Node is not below /usr: ${process.execPath}`;
  const made = spawnSync(
    'unshare',
    ['-mnu', 'sh', '-c', 'ip link add br0 type bridge && nsenter --version'],
    {
      encoding: 'utf8',
    },
  );
  return made.status === 0 ? undefined : `no namespaces can be made: ${made.stderr ?? made.error?.message}`;
}

/** What somebody runs in a namespace came to. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A network of its own, one network namespace for each name in it, in which every name is known: what a container engine gives
 * its containers. All of it is gone with this process.
 */
export class Machine {
  readonly addresses: ReadonlyMap<string, string>;
  readonly folder: string;
  readonly #children = new Map<string, ChildProcess>();
  #holder: ChildProcess | undefined;

  constructor(folder: string, names: readonly string[]) {
    this.folder = folder;
    this.addresses = new Map(names.map((name, i) => [name, `172.30.0.${10 + i}`]));
  }

  /** Names of all, as in /etc/hosts. */
  get hosts(): string {
    return join(this.folder, 'hosts');
  }

  async start(): Promise<void> {
    const entries = [...this.addresses].map(([name, address]) => `${address} ${name}\n`);
    writeFileSync(this.hosts, `127.0.0.1 localhost\n${entries.join('')}`);
    this.#holder = spawn('unshare', ['-mn', '--propagation', 'private', 'sleep', 'infinity'], {
      stdio: 'ignore',
    });
    endWithUs(this.#holder);
    // Until it has its own network, its only link is not there to be named.
    while ((await this.#outer('ip link show lo | grep -q DOWN')).code !== 0) await sleep(50);
    const lines = ['set -e', 'ip link add br0 type bridge', 'ip addr add 172.30.0.1/16 dev br0'];
    lines.push('ip link set br0 up', 'ip link set lo up', 'mount -t tmpfs none /run', 'mkdir /run/netns');
    for (const [name, address] of this.addresses) {
      const link = `v${lines.length}`;
      lines.push(
        `ip netns add ${name}`,
        `ip link add ${link} type veth peer name eth0 netns ${name}`,
        `ip link set ${link} master br0 up`,
        `ip -n ${name} addr add ${address}/16 dev eth0`,
        `ip -n ${name} link set eth0 up`,
        `ip -n ${name} link set lo up`,
      );
    }
    const { code, stderr } = await this.#outer(lines.join('\n'));
    if (code !== 0) throw new Error(`the network cannot be made: ${stderr}`);
  }

  /** Starts a program in a namespace, on mounts of its own. @param script of sh; it ends with `exec` */
  spawn(name: string, script: string, label = name): ChildProcess {
    const output = openSync(this.log(label), 'a');
    const words = [
      'ip',
      'netns',
      'exec',
      name,
      'unshare',
      '-mu',
      'sh',
      '-c',
      `set -e\nhostname ${name}\n${script}`,
    ];
    const child = spawn('nsenter', [...this.#entering(), ...words], { stdio: ['ignore', output, output] });
    closeSync(output);
    endWithUs(child);
    this.#children.set(label, child);
    return child;
  }

  log(label: string): string {
    return join(this.folder, `${label}.log`);
  }

  /** Runs a program on a name's network. */
  on(name: string, ...words: readonly string[]): Promise<Ran> {
    return run('nsenter', [...this.#entering(), 'ip', 'netns', 'exec', name, ...words]);
  }

  /** Runs a program inside a running container, as `docker exec` does. */
  inside(label: string, ...words: readonly string[]): Promise<Ran> {
    const pid = String(this.child(label).pid);
    return run('nsenter', ['-t', pid, '-m', '-n', '-u', '--root', '--wd', ...words]);
  }

  child(label: string): ChildProcess {
    const child = this.#children.get(label);
    if (child === undefined) throw new RangeError(`nothing runs that is called ${label}`);
    return child;
  }

  /** Ends everything at once, and waits until it has ended: nothing writes to the folder any more. */
  async stop(): Promise<void> {
    await Promise.all([...this.#children.values()].map(end));
    if (this.#holder !== undefined) await end(this.#holder);
  }

  #entering(): string[] {
    return ['-t', String(this.#holder?.pid), '-m', '-n'];
  }
  #outer(script: string): Promise<Ran> {
    return run('nsenter', [...this.#entering(), 'sh', '-c', script]);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

function run(program: string, words: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(program, [...words], { maxBuffer: 2 ** 26 }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
