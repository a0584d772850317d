import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { callNode, type RpcEndpoint } from '../../devnet/rpcClient.js';

/** A litecoind regtest node with REST and a transaction index: Bitcoin Core's interfaces over Litecoin's chain. */
export class Litecoind {
  readonly #child: ChildProcess;

  private constructor(
    child: ChildProcess,
    readonly rpc: RpcEndpoint,
  ) {
    this.#child = child;
  }

  /** @param port and the one after it are taken */
  static async start(binary: string, dataDir: string, port: number): Promise<Litecoind> {
    const child = spawn(
      binary,
      [
        ...['-regtest', `-datadir=${dataDir}`, '-server=1', '-rest=1', '-txindex=1', '-printtoconsole=0'],
        ...[
          `-rpcport=${port}`,
          `-bind=127.0.0.1:${port + 1}`,
          '-listenonion=0',
          '-rpcuser=u',
          '-rpcpassword=p',
        ],
        '-vbparams=mweb:4000000000:4100000000',
      ],
      { stdio: 'ignore' },
    );
    const rpc = { url: `http://127.0.0.1:${port}`, auth: { user: 'u', password: 'p' } };
    const node = new Litecoind(child, rpc);
    for (let tries = 0; ; tries++) {
      try {
        await node.call('getblockcount');
        return node;
      } catch (error) {
        if (tries === 300 || child.exitCode !== null) throw error;
        await sleep(100);
      }
    }
  }

  call(method: string, ...params: unknown[]): Promise<unknown> {
    return callNode(this.rpc, method, params);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}
