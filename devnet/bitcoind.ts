import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cookiePath } from './bitcoin/rpc/cookie.js';
import { checkPortFree, endOf, freePort, stopChild, waitUntilReady } from './child.js';
import { endWithUs } from './endWithUs.js';
import { MissingBinaryError, NodeCallError } from './errors.js';
import type { ForeignNode } from './foreignNode.js';
import { endLeftover } from './processes.js';
import { type BitcoinNodeOptions, launchRegtest, readCookie } from './regtest.js';
import { callNode, type RpcEndpoint } from './rpcClient.js';

const WALLET = 'crossroot';
/** Blocks after which the first coinbase can be spent, and some more. */
const FIRST_BLOCKS = 110;

/** Bitcoin Core's program: the configured path, or the one on PATH; `undefined` if there is none. @throws MissingBinaryError for a configured path */
export function findBitcoind(configured?: string, path = process.env.PATH ?? ''): string | undefined {
  if (configured !== undefined) {
    if (!isExecutable(configured))
      throw new MissingBinaryError('bitcoind', `${configured} is not a program; correct the configuration.`);
    return configured;
  }
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, process.platform === 'win32' ? 'bitcoind.exe' : 'bitcoind'))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts Bitcoin Core on regtest with a wallet, a transaction index and spendable coins. One that a killed run left behind on
 * the same data folder is ended first.
 * @throws PortInUseError, NodeStartError, NodeCallError
 */
export async function launchBitcoind(options: BitcoinNodeOptions, binary: string): Promise<ForeignNode> {
  mkdirSync(options.dataDir, { recursive: true });
  const pidFile = join(options.dataDir, 'bitcoind.pid');
  await endLeftover(pidFile, (command) => command.includes(`-datadir=${options.dataDir} `));
  await checkPortFree(options.port);
  const p2pPort = options.p2pPort === 0 ? await freePort() : options.p2pPort;
  if (p2pPort !== undefined) await checkPortFree(p2pPort);
  const child = spawn(
    binary,
    [
      ...[
        '-regtest',
        `-datadir=${options.dataDir}`,
        '-server=1',
        '-txindex=1',
        ...(p2pPort === undefined ? ['-listen=0'] : listenArguments(p2pPort)),
        '-printtoconsole=0',
      ],
      ...[`-rpcport=${options.port}`, '-rpcbind=127.0.0.1', '-rpcallowip=127.0.0.1', '-fallbackfee=0.0001'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  endWithUs(child, { signal: 'SIGTERM', graceSeconds: 60 });
  const { ended } = endOf(child, 'bitcoind');
  if (child.pid !== undefined) writeFileSync(pidFile, String(child.pid));
  const url = `http://127.0.0.1:${options.port}`;
  let endpoint: RpcEndpoint;
  try {
    endpoint = await waitUntilReady('bitcoind', ended, () => probe(url, options.dataDir), 60_000);
    await openWallet(endpoint);
    const height = Number(await callNode(endpoint, 'getblockcount'));
    if (height < FIRST_BLOCKS) await mine(endpoint, FIRST_BLOCKS - height);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  const stopMining =
    options.blockIntervalMs === undefined ? () => undefined : mineEvery(endpoint, options.blockIntervalMs);
  return {
    kind: 'bitcoind',
    url,
    auth: endpoint.auth,
    ...(p2pPort === undefined ? {} : { p2p: `127.0.0.1:${p2pPort}` }),
    pid: child.pid ?? 0,
    ended,
    stop: async () => {
      stopMining();
      await stopChild(child, ended, 'SIGTERM', 60_000);
      rmSync(pidFile, { force: true });
    },
  };
}

/** P2P on loopback only, with Bloom filters; no peers of its own. */
function listenArguments(port: number): string[] {
  return ['-listen=1', `-bind=127.0.0.1:${port}`, '-connect=0', '-listenonion=0', '-peerbloomfilters=1'];
}

async function probe(url: string, dataDir: string): Promise<RpcEndpoint | undefined> {
  if (!existsSync(cookiePath(dataDir))) return undefined;
  const endpoint = { url, auth: readCookie(dataDir) };
  try {
    await callNode(endpoint, 'getblockcount');
    return endpoint;
  } catch (error) {
    if (error instanceof NodeCallError) return undefined;
    throw error;
  }
}

/** Loads our wallet, or makes it: -18 is Core's "not found", -35 "already loaded". */
async function openWallet(endpoint: RpcEndpoint): Promise<void> {
  try {
    await callNode(endpoint, 'loadwallet', [WALLET]);
  } catch (error) {
    if (!(error instanceof NodeCallError)) throw error;
    if (error.code === -35) return;
    if (error.code !== -18) throw error;
    await callNode(endpoint, 'createwallet', [WALLET]);
  }
}

async function mine(endpoint: RpcEndpoint, count: number): Promise<void> {
  await callNode(endpoint, 'generatetoaddress', [count, await callNode(endpoint, 'getnewaddress')]);
}

/** Bitcoin Core does not mine by itself. A failed round is repeated at the next: the node's end is told elsewhere. */
function mineEvery(endpoint: RpcEndpoint, intervalMs: number): () => void {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    mine(endpoint, 1)
      .catch((error: unknown) => {
        if (!(error instanceof NodeCallError)) throw error;
      })
      .finally(() => {
        busy = false;
      });
  }, intervalMs);
  return () => clearInterval(timer);
}

/** Bitcoin Core where it is configured or on PATH, our own regtest node otherwise. */
export async function launchBitcoin(
  options: BitcoinNodeOptions & { readonly bitcoind?: string },
): Promise<ForeignNode> {
  const binary = findBitcoind(options.bitcoind);
  return binary === undefined ? launchRegtest(options) : launchBitcoind(options, binary);
}
