import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithUs } from '../../devnet/endWithUs.js';

export interface SupervisedOptions {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** What it says is appended here. */
  readonly output: string;
  /** Answers with 2xx when the process is up. */
  readonly health: string;
}

/** Last words that are kept of an end that nobody asked for. */
const KEPT = 600;

/** A process that is started again when it ends by itself, as a container engine would, and killed on purpose at times. */
export class Supervised {
  readonly #options: SupervisedOptions;
  #child: ChildProcess | undefined;
  #wanted = false;
  kills = 0;
  /** Most memory that was seen, bytes. */
  memory = 0;
  /** How it ended when nobody had killed it. */
  readonly ends: string[] = [];

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Notes how much memory it has now, where the system tells. */
  measure(): void {
    if (this.pid !== undefined) this.memory = Math.max(this.memory, residentBytes(this.pid));
  }

  start(): void {
    this.#wanted = true;
    if (this.#child !== undefined) return;
    const { program, args, output } = this.#options;
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    endWithUs(child);
    let tail = '';
    const file = createWriteStream(output, { flags: 'a' });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => {
        tail = (tail + part.toString('utf8')).slice(-KEPT);
        file.write(part);
      });
    child.once('exit', (code, signal) => {
      file.end();
      this.#child = undefined;
      if (!this.#wanted) return;
      this.ends.push(`${signal ?? `exit code ${code}`}: ${tail.trim()}`);
      setTimeout(() => {
        if (this.#wanted) this.start();
      }, 500);
    });
  }

  /** As a power cut: the process has no say. It stays down until `start`. */
  async kill(): Promise<void> {
    this.kills++;
    await this.#end('SIGKILL');
  }

  /** As an operator does. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async healthy(): Promise<boolean> {
    try {
      const response = await fetch(this.#options.health, { signal: AbortSignal.timeout(3000) });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }

  /** @throws Error with its last words if it does not come up */
  async up(milliseconds = 120_000): Promise<void> {
    for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(200))
      if (await this.healthy()) return;
    throw new Error(`${this.name} did not come up; its ends: ${this.ends.join(' | ')}`);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(late);
  }
}

/** Resident memory of a process; 0 where it cannot be told. */
export function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  } catch {
    // It has just ended, or this is no Linux.
    return 0;
  }
}
