import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chainMethods } from '../../devnet/bitcoin/rpc/chainMethods.js';
import { serverMethods } from '../../devnet/bitcoin/rpc/methods.js';
import { type RpcCredentials, type RpcServer, serveRpc } from '../../devnet/bitcoin/rpc/server.js';
import { rawTransactionMethods } from '../../devnet/bitcoin/rpc/transactionMethods.js';
import { ReplayChain } from './bitcoinChain.js';

/** First height of the replayed run and how many blocks it has. */
export const BITCOIN_REPLAY = { firstHeight: 831328, count: 4 } as const;

export interface BitcoinReplayOptions {
  /** Folder with `btc-blocks/`. */
  readonly dataFolder: string;
  readonly port?: number;
  readonly credentials: RpcCredentials;
  /** Blocks known at first; default 1. */
  readonly released?: number;
}

export interface ReplayServer {
  readonly url: string;
  /** Releases more blocks; returns the new height. */
  step(count?: number): number;
  close(): Promise<void>;
}

/** Serves mainnet blocks 831328 to 831331 as a pruned Bitcoin Core node would. */
export async function serveBitcoinReplay(options: BitcoinReplayOptions): Promise<ReplayServer> {
  const blocks = Array.from({ length: BITCOIN_REPLAY.count }, (_, i) =>
    readFileSync(join(options.dataFolder, 'btc-blocks', `main_${BITCOIN_REPLAY.firstHeight + i}.raw`)),
  );
  const chain = new ReplayChain(BITCOIN_REPLAY.firstHeight, blocks, options.released);
  const server: RpcServer = await serveRpc({
    port: options.port ?? 0,
    credentials: [options.credentials],
    methods: {
      ...chainMethods(chain),
      ...rawTransactionMethods(chain),
      ...serverMethods('/crossroot-replay:0.1.0/', Date.now(), () => void server.close()),
      getrawmempool: { params: ['verbose?'], call: (args) => (args.bool(0, false) ? {} : []) },
    },
  });
  return { url: server.url, step: (count) => chain.step(count), close: () => server.close() };
}
