import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouseProcess, startClickHouse } from '../../../devnet/clickhouse/start.js';
import { endWithUs } from '../../../devnet/endWithUs.js';
import { compileEntry } from '../compile.js';

/** Whether chDB and ClickHouse's client are installed: they are optional. */
export const hasChdb = ((): boolean => {
  const require = createRequire(import.meta.url);
  try {
    require.resolve('chdb');
    require.resolve('@clickhouse/client');
    return true;
  } catch {
    return false;
  }
})();

export interface TestFront {
  readonly url: string;
  /** Its data folder. */
  readonly folder: string;
  readonly process: ClickHouseProcess;
  /** Ends the process as `kill -9` does and starts another one on the same folder and port. */
  restart(): Promise<void>;
  /** As `kill -9`. */
  kill(): Promise<void>;
  /** Starts it again after `kill`. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

export interface TestFrontOptions {
  readonly password?: string;
  /** More of its command line. */
  readonly args?: readonly string[];
}

/** The stand-in for a ClickHouse server, a process of its own on an empty folder. */
export async function startFront(options: TestFrontOptions = {}): Promise<TestFront> {
  const program = await compileEntry('devnet/clickhouse/main.ts');
  const folder = await mkdtemp(join(tmpdir(), 'crossroot-clickhouse-'));
  const args = [...(options.args ?? [])];
  if (options.password !== undefined) {
    const file = join(folder, 'password');
    await writeFile(file, `${options.password}\n`);
    args.push('--password-file', file);
  }
  const begin = async (port: number) => {
    const started = await startClickHouse({ program, dataDir: join(folder, 'data'), port, args });
    endWithUs(started.child);
    return started;
  };
  let process = await begin(0);
  const port = Number(new URL(process.url).port);
  return {
    url: process.url,
    folder,
    get process() {
      return process;
    },
    async restart() {
      await process.kill();
      process = await begin(port);
    },
    kill: () => process.kill(),
    async start() {
      process = await begin(port);
    },
    async close() {
      await process.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
