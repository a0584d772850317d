import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endOf, stopChild, waitUntilReady } from '../child.js';
import { endWithUs } from '../endWithUs.js';

/** The command line's program, beside this folder in what was built. */
export const CROSSROOT = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

export interface MemberOptions {
  /** As people call it: `relay 1`. */
  readonly name: string;
  /** Of `crossroot`. */
  readonly args: readonly string[];
  /** Gets its output. */
  readonly logFile: string;
  /** Answers 2xx once it runs. */
  readonly health: string;
  /** Told when it ended without being asked. */
  readonly onEnd: (member: Member, how: string) => void;
}

/** Milliseconds that a start may take on a busy machine. */
const START_MS = 90_000;

/** A role as a process of its own, started by its command alone. */
export class Member {
  readonly #options: MemberOptions;
  #child: ChildProcess | undefined;
  #ended: Promise<string> = Promise.resolve('not started');
  #stopping = false;

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it and waits until it answers. @throws NodeStartError */
  async start(): Promise<void> {
    const { name, args, logFile, health, onEnd } = this.#options;
    mkdirSync(dirname(logFile), { recursive: true });
    const file = openSync(logFile, 'a');
    // A group of its own: a terminal's Ctrl-C is for whoever started it to handle, in order.
    const child = spawn(process.execPath, [CROSSROOT, ...args], {
      stdio: ['ignore', file, file],
      detached: true,
    });
    closeSync(file);
    endWithUs(child, { signal: 'SIGTERM', graceSeconds: 5 });
    this.#child = child;
    this.#stopping = false;
    const { ended } = endOf(child, name);
    this.#ended = ended;
    await waitUntilReady(name, ended, () => answers(health), START_MS);
    void ended.then((how) => {
      if (!this.#stopping) onEnd(this, how);
    });
  }

  /** Asks it to end, and waits. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** As `kill -9`. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#stopping = true;
    if (this.#child !== undefined) await stopChild(this.#child, this.#ended, signal, 20_000);
  }
}

async function answers(url: string): Promise<true | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await answer.body?.cancel();
    return answer.ok ? true : undefined;
  } catch {
    // Not yet.
    return undefined;
  }
}
