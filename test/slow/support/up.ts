import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts as freeRun } from '../../support/ports.js';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** What `crossroot up` needs of ports, all free at this moment. */
export interface Ports {
  readonly api: number;
  readonly p2p: number;
  readonly rpc: number;
  readonly bitcoin: number;
  readonly ethereum: number;
}

export async function freePorts(): Promise<Ports> {
  const base = await freeRun(12);
  return { api: base, p2p: base + 1, rpc: base + 5, bitcoin: base + 9, ethereum: base + 10 };
}

export async function tempFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `crossroot-${name}-`));
}

/** `crossroot up` as a user runs it: the built program, in a process group of its own. */
export class Up {
  readonly api: string;
  #child: ChildProcess | undefined;
  #exited: Promise<number | null> = Promise.resolve(0);
  output = '';

  constructor(
    readonly folder: string,
    readonly ports: Ports,
    config: object,
  ) {
    if (!existsSync(MAIN)) throw new Error('dist/ is missing: run "npm run build" first');
    this.api = `http://127.0.0.1:${ports.api}`;
    this.configure(config);
  }

  /** Writes the configuration file: for the next start. */
  configure(config: object): void {
    const { ports, folder } = this;
    const whole = {
      ...config,
      api: { port: ports.api, requestsPerMinute: 100_000 },
      main: {
        p2pPort: ports.p2p,
        rpcPort: ports.rpc,
        slotMilliseconds: 500,
        ...('main' in config ? (config.main as object) : {}),
      },
    };
    writeFileSync(join(folder, 'crossroot.json'), JSON.stringify(whole));
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  start(...more: string[]): void {
    this.output = '';
    const args = [MAIN, 'up', '--config', join(this.folder, 'crossroot.json'), '--data', this.data, ...more];
    const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    const take = (chunk: Buffer) => {
      this.output += chunk.toString();
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
  }

  /** Exit code, once it ended. */
  get exited(): Promise<number | null> {
    return this.#exited;
  }

  /** SIGKILL to the whole process tree at once: nobody gets to clean up. */
  async kill(): Promise<void> {
    const pid = this.#child?.pid;
    if (pid !== undefined && this.#child?.exitCode === null) process.kill(-pid, 'SIGKILL');
    await this.#exited;
  }

  /** Ctrl-C. */
  async stop(): Promise<number | null> {
    this.#child?.kill('SIGINT');
    return this.#exited;
  }

  /**
   * Waits until `check` gives something: far longer than it takes on an idle machine.
   * @throws with the program's output after `seconds`
   */
  async until<T>(what: string, check: () => Promise<T | undefined | false>, seconds = 300): Promise<T> {
    const deadline = Date.now() + seconds * 1000;
    let trouble = '';
    while (Date.now() < deadline) {
      if (this.#child?.exitCode !== null) break;
      try {
        const found = await check();
        if (found !== undefined && found !== false) return found;
      } catch (error) {
        trouble = error instanceof Error ? error.message : String(error);
      }
      await sleep(200);
    }
    throw new Error(`waited ${seconds} s in vain for ${what} (${trouble})\n${this.output}`);
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.api}${path}`, { signal: AbortSignal.timeout(20_000) });
    const body = (await response.json()) as T & { error?: { message: string } };
    if (!response.ok) throw new Error(`${path}: ${response.status} ${body.error?.message ?? ''}`);
    return body;
  }

  async bytes(path: string): Promise<Uint8Array> {
    const response = await fetch(`${this.api}${path}`, { signal: AbortSignal.timeout(20_000) });
    const body = new Uint8Array(await response.arrayBuffer());
    if (!response.ok) throw new Error(`${path}: ${response.status} ${Buffer.from(body).toString()}`);
    return body;
  }
}

/** A command line run to its end. */
export function crossroot(
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** One foreign chain as the API tells it. */
export interface ChainView {
  readonly status: string;
  readonly epoch: string | null;
  readonly start: string;
  readonly size: string | null;
  readonly local: { readonly height: string; readonly hash: string } | null;
  readonly committed: { readonly height: string; readonly hash: string } | null;
  readonly finalized: { readonly height: string; readonly mainHeight: string } | null;
}

/** Small seeded generator (mulberry32), so that a run can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
