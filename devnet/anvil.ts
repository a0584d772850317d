import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { anvilStateFile, keepStateCopy, restoreState } from './anvilState.js';
import { checkPortFree, endOf, stopChild, waitUntilReady } from './child.js';
import { endWithUs } from './endWithUs.js';
import { MissingBinaryError, NodeCallError } from './errors.js';
import type { ForeignNode } from './foreignNode.js';
import { endLeftover } from './processes.js';
import { callNode } from './rpcClient.js';

export interface AnvilOptions {
  readonly dataDir: string;
  readonly port: number;
  /** Default 31337. */
  readonly chainId?: number;
  /** Seconds between blocks; default 1. `never`: somebody else has each block made by `evm_mine`. */
  readonly blockTime?: number | 'never';
  /** Default 4: `safe` is 4 and `finalized` 8 blocks below the head. These tags are computed, not consensus. */
  readonly slotsInAnEpoch?: number;
  /** Seconds between writes of the state file; default 2. */
  readonly stateInterval?: number;
  /** Milliseconds between whole copies of it, which a start falls back to; default 10,000. */
  readonly copyInterval?: number;
  /** Path of the program; by default the npm package's. */
  readonly binary?: string;
}

/**
 * How anvil runs under a beacon chain: it makes the blocks that it is told to, its own `finalized` is never newer than the
 * beacon chain's, and what is finalised is in a whole copy of its state before a kill can lose it.
 */
export const DRIVEN = {
  blockTime: 'never',
  slotsInAnEpoch: 12,
  copyInterval: 2000,
} as const satisfies Partial<AnvilOptions>;

/** Names of npm's architectures in the package's. */
const ARCH: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * Path of the anvil program that npm installed. Its launcher script is not used: it would stay between us and the
 * process that has the state.
 * @throws MissingBinaryError
 */
export function findAnvil(): string {
  const require = createRequire(import.meta.url);
  const name = `@foundry-rs/anvil-${process.platform}-${ARCH[process.arch] ?? process.arch}`;
  const file = process.platform === 'win32' ? 'anvil.exe' : 'anvil';
  let folder: string;
  try {
    // npm may put the platform's package beside the main one or inside it.
    const main = createRequire(require.resolve('@foundry-rs/anvil/package.json'));
    folder = dirname(main.resolve(`${name}/package.json`));
  } catch (error) {
    throw new MissingBinaryError(
      'anvil',
      `Run "npm install" without --omit=optional: it brings ${name}.`,
      error,
    );
  }
  const path = join(folder, 'bin', file);
  if (!existsSync(path))
    throw new MissingBinaryError('anvil', `${path} is missing: run "npm install" again.`);
  return path;
}

/**
 * Starts anvil with a chain that survives restarts. An anvil that a killed run left behind on the same data folder is
 * ended first, which also makes it write its state.
 * @throws MissingBinaryError, PortInUseError, NodeStartError
 */
export async function launchAnvil(options: AnvilOptions): Promise<ForeignNode> {
  const binary = options.binary ?? findAnvil();
  if (!existsSync(binary)) throw new MissingBinaryError('anvil', `${binary} does not exist.`);
  mkdirSync(options.dataDir, { recursive: true });
  const pidFile = join(options.dataDir, 'anvil.pid');
  const state = anvilStateFile(options.dataDir);
  const isOurs = (command: string) =>
    basename(command.split(' ')[0] ?? '').startsWith('anvil') && command.includes(state);
  await endLeftover(pidFile, isOurs);
  await checkPortFree(options.port);
  restoreState(state);
  const child = spawn(
    binary,
    [
      ...['--host', '127.0.0.1', '--port', String(options.port), '--quiet'],
      ...['--chain-id', String(options.chainId ?? 31337)],
      ...(options.blockTime === 'never' ? ['--no-mining'] : ['--block-time', String(options.blockTime ?? 1)]),
      ...['--slots-in-an-epoch', String(options.slotsInAnEpoch ?? 4)],
      ...['--state', state, '--state-interval', String(options.stateInterval ?? 2)],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  // It writes its state at this signal.
  endWithUs(child, { signal: 'SIGINT' });
  const { ended } = endOf(child, 'anvil');
  if (child.pid !== undefined) writeFileSync(pidFile, String(child.pid));
  const url = `http://127.0.0.1:${options.port}`;
  try {
    await waitUntilReady('anvil', ended, () => probe(url));
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  const stopCopies = keepStateCopy(state, options.copyInterval);
  void ended.then(stopCopies);
  return {
    kind: 'anvil',
    url,
    auth: undefined,
    pid: child.pid ?? 0,
    ended,
    stop: async () => {
      stopCopies();
      await stopChild(child, ended, 'SIGINT');
      rmSync(pidFile, { force: true });
    },
  };
}

async function probe(url: string): Promise<true | undefined> {
  try {
    await callNode({ url }, 'eth_chainId');
    return true;
  } catch (error) {
    if (error instanceof NodeCallError) return undefined;
    throw error;
  }
}
