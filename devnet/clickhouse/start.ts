import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endOf, stopChild, waitUntilReady } from '../child.js';

/** chDB's native addon works on libuv's threads, which files need as well. */
const THREADS = 8;
/** A folder with much in it takes a while to open. */
const START_MS = 60_000;

export interface ClickHouseProcessOptions {
  /** `main.js`; by default the one beside this file. */
  readonly program?: string;
  readonly dataDir: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** More of `main.js --help`. */
  readonly args?: readonly string[];
}

export interface ClickHouseProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Resolves with words about its end. */
  readonly ended: Promise<string>;
  /** Lets running statements end. */
  stop(): Promise<void>;
  /** As `kill -9`. */
  kill(): Promise<void>;
}

/** Starts the stand-in for a ClickHouse server as a process of its own. @throws NodeStartError */
export async function startClickHouse(options: ClickHouseProcessOptions): Promise<ClickHouseProcess> {
  const program = options.program ?? fileURLToPath(new URL('./main.js', import.meta.url));
  const args = ['--data', options.dataDir, '--port', String(options.port), ...(options.args ?? [])];
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, UV_THREADPOOL_SIZE: String(THREADS) },
  });
  const { ended } = endOf(child, 'clickhouse');
  let said = '';
  child.stdout.on('data', (part: Buffer) => {
    if (said.length < 4096) said += part.toString('utf8');
  });
  const stop = (signal: NodeJS.Signals) => stopChild(child, ended, signal);
  try {
    const url = await waitUntilReady('clickhouse', ended, async () => readyUrl(said), START_MS);
    return { url, child, ended, stop: () => stop('SIGTERM'), kill: () => stop('SIGKILL') };
  } catch (error) {
    await stop('SIGKILL');
    throw error;
  }
}

function readyUrl(said: string): string | undefined {
  return /^\{"url":"(http:\/\/127\.0\.0\.1:\d+)"[^\n]*\}\n/.exec(said)?.[1];
}
