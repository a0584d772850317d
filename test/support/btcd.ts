import { type ChildProcess, spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { callNode, type RpcEndpoint } from '../../devnet/rpcClient.js';
import { findProgram } from './programs.js';

/** btcd on PATH, in $GOPATH/bin or in ~/go/bin. */
export function findBtcd(): string | undefined {
  const { GOPATH } = process.env;
  return findProgram('btcd', [
    ...(GOPATH === undefined ? [] : [join(GOPATH, 'bin')]),
    join(homedir(), 'go', 'bin'),
  ]);
}

export interface BtcdOptions {
  readonly binary: string;
  readonly dataDir: string;
  readonly p2pPort: number;
  readonly rpcPort: number;
}

/** A regtest address whose key nobody has. */
const MINING_ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';

/** A btcd regtest node as a child process. It begins with an empty chain at every start: that is btcd's own way on regtest. */
export class Btcd {
  readonly p2p: string;
  readonly rpc: RpcEndpoint;
  readonly #options: BtcdOptions;
  #child: ChildProcess | undefined;

  constructor(options: BtcdOptions) {
    this.#options = options;
    this.p2p = `127.0.0.1:${options.p2pPort}`;
    this.rpc = { url: `http://127.0.0.1:${options.rpcPort}`, auth: { user: 'u', password: 'p' } };
  }

  call(method: string, ...params: unknown[]): Promise<unknown> {
    return callNode(this.rpc, method, params);
  }

  async start(): Promise<void> {
    const { binary, dataDir, p2pPort, rpcPort } = this.#options;
    const child = spawn(
      binary,
      [
        ...['--configfile=/dev/null', '--regtest', '--notls', '--rpcuser=u', '--rpcpass=p', '--nodnsseed'],
        ...[`--datadir=${dataDir}/data`, `--logdir=${dataDir}/logs`, `--miningaddr=${MINING_ADDRESS}`],
        ...[`--listen=127.0.0.1:${p2pPort}`, `--rpclisten=127.0.0.1:${rpcPort}`, '--txindex', '--nobanning'],
      ],
      { stdio: 'ignore' },
    );
    this.#child = child;
    for (let i = 0; i < 300; i++) {
      if (child.exitCode !== null) throw new Error(`btcd ended with exit code ${child.exitCode}`);
      try {
        await this.call('getblockcount');
        return;
      } catch {
        await sleep(100);
      }
    }
    throw new Error('btcd does not answer');
  }

  /** Kills it with SIGKILL, starts it again, and gives it back its blocks but for the last `lost`. */
  async restart(lost = 0): Promise<void> {
    const blocks: unknown[] = [];
    const height = Number(await this.call('getblockcount'));
    for (let at = 1; at <= height - lost; at++)
      blocks.push(await this.call('getblock', await this.call('getblockhash', at), 0));
    await this.kill();
    await this.start();
    for (const block of blocks) await this.call('submitblock', block);
  }

  /** Ends at once, like a power cut of its process. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
}
