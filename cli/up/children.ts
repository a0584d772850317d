import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PartFailedError } from '../init/errors.js';
import type { FromChild, Init, ToChild } from '../processes/messages.js';

/** Milliseconds that a start may take: a slow machine with much else to do needs more than a minute. */
const START_MS = 180_000;
/** Milliseconds that a stop may take before the process is killed. */
const STOP_MS = 20_000;
/** Deaths within a minute after which a part is given up. */
const MAX_DEATHS = 5;

export interface PartOptions {
  /** As people call it: `delegate 2`, `the relay`. */
  readonly name: string;
  readonly init: Init;
  readonly onMessage?: (message: FromChild) => void;
  /** Told when it died and is being started again. */
  readonly onDeath: (line: string) => void;
  /** Told when it is given up. */
  readonly onFailure: (error: PartFailedError) => void;
}

/** One of our processes: started, brought back when it dies, stopped. */
export class Part {
  readonly #options: PartOptions;
  #child: ChildProcess | undefined;
  #stopping = false;
  #deaths: number[] = [];
  #restart: NodeJS.Timeout | undefined;

  constructor(options: PartOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }
  get role(): Init['role'] {
    return this.#options.init.role;
  }

  /** Starts the process and waits until it is ready. @throws PartFailedError */
  async start(): Promise<void> {
    const { name, init } = this.#options;
    if (this.#stopping) throw new PartFailedError(name, 'is being stopped');
    const entry = fileURLToPath(new URL(`../processes/${init.role}.js`, import.meta.url));
    const child = fork(entry, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' });
    this.#child = child;
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-2000);
    });
    let told: string | undefined;
    const outcome = new Promise<string | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(`did not start within ${START_MS / 1000} s`), START_MS);
      child.on('message', (message: FromChild) => {
        this.#options.onMessage?.(message);
        if (message.type === 'ready') resolve(undefined);
        if (message.type !== 'failed') return;
        told = message.message;
        resolve(told);
      });
      child.once('exit', (code, signal) => resolve(lastLine(stderr) ?? ended(code, signal)));
      child.once('error', (error) => resolve(error.message));
      void Promise.resolve().then(() => post(child, { type: 'init', init }));
      child.once('exit', () => clearTimeout(timer));
    });
    const problem = await outcome;
    if (problem !== undefined) {
      child.kill('SIGKILL');
      throw new PartFailedError(name, problem, init.logFile);
    }
    const died = () => this.#died(told ?? lastLine(stderr) ?? ended(child.exitCode, child.signalCode));
    // Its last words may come after its exit: they are there once the channel has closed.
    const heard = () => {
      if (child.connected) child.once('disconnect', died);
      else died();
    };
    if (child.exitCode !== null || child.signalCode !== null) heard();
    else child.once('exit', heard);
  }

  /** Asks it to end and waits; kills it after a grace period. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    post(child, { type: 'stop' });
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(timer);
  }

  #died(how: string): void {
    if (this.#stopping) return;
    const { name, init, onDeath, onFailure } = this.#options;
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < 60_000), now];
    if (this.#deaths.length >= MAX_DEATHS) {
      onFailure(new PartFailedError(name, `ended ${MAX_DEATHS} times within a minute: ${how}`, init.logFile));
      return;
    }
    const wait = 250 * 2 ** this.#deaths.length;
    onDeath(`${name} ended (${how}); starting it again in ${wait} ms`);
    this.#restart = setTimeout(() => {
      this.start().catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        if (!this.#stopping) this.#died(message.replace(`${name}: `, ''));
      });
    }, wait);
  }
}

function post(child: ChildProcess, message: ToChild): void {
  // A child that is already gone is told of by its exit.
  if (child.connected) child.send(message, () => undefined);
}

function ended(code: number | null, signal: string | null): string {
  return signal === null ? `exit code ${code ?? 'unknown'}` : `killed by ${signal}`;
}

function lastLine(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.includes('Warning'));
  return lines.find((line) => /Error|error/.test(line)) ?? lines.at(-1);
}
