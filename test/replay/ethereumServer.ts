import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { listen, readBody } from '../../devnet/bitcoin/rpc/server.js';
import type { ReplayServer } from './bitcoinServer.js';
import { type EthereumBlockJson, ethereumBlock, quantity, type RawEthereumBlock } from './ethereumBlock.js';

/** The replayed blocks: the last before and the first after the Shanghai fork. */
export const ETHEREUM_REPLAY = [17034869, 17034870] as const;

export interface EthereumReplayOptions {
  /** Folder with `eth-blocks/`. */
  readonly dataFolder: string;
  readonly port?: number;
  /** Blocks known at first; default 1. */
  readonly released?: number;
}

class CallError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

type Methods = Readonly<Record<string, (params: readonly unknown[]) => unknown>>;

/** Serves two adjacent mainnet blocks as an Ethereum node would; `safe` and `finalized` are its newest block. */
export async function serveEthereumReplay(options: EthereumReplayOptions): Promise<ReplayServer> {
  const blocks = ETHEREUM_REPLAY.map((height) => {
    const path = join(options.dataFolder, 'eth-blocks', `mainnet_${height}.json`);
    return ethereumBlock(JSON.parse(readFileSync(path, 'utf8')) as RawEthereumBlock);
  });
  let released = Math.min(Math.max(options.released ?? 1, 1), blocks.length);
  const methods = ethereumMethods(() => blocks.slice(0, released));
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readBody(request, 5 * 1024 * 1024);
      const reply = body === undefined ? failure(null, -32600, 'request too large') : answer(methods, body);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
    })();
  });
  await listen(server, '127.0.0.1', options.port ?? 0);
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    step(count = 1) {
      released = Math.min(released + count, blocks.length);
      return ETHEREUM_REPLAY[released - 1] ?? 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(methods: Methods, body: string): unknown {
  let request: unknown;
  try {
    request = JSON.parse(body);
  } catch {
    return failure(null, -32700, 'parse error');
  }
  if (!Array.isArray(request)) return answerOne(methods, request);
  return request.length === 0
    ? failure(null, -32600, 'empty batch')
    : request.map((call) => answerOne(methods, call));
}

function answerOne(methods: Methods, call: unknown): unknown {
  if (typeof call !== 'object' || call === null) return failure(null, -32600, 'invalid request');
  const { id, method, params } = call as { id?: unknown; method?: unknown; params?: unknown };
  const found = typeof method === 'string' && Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (found === undefined)
    return failure(id, -32601, `the method ${String(method)} does not exist/is not available`);
  try {
    return { jsonrpc: '2.0', id: id ?? null, result: found(Array.isArray(params) ? params : []) ?? null };
  } catch (error) {
    if (error instanceof CallError) return failure(id, error.code, error.message);
    throw error;
  }
}

function failure(id: unknown, code: number, message: string): unknown {
  return { jsonrpc: '2.0', id: id ?? null, error: { code, message } };
}

function ethereumMethods(known: () => readonly EthereumBlockJson[]): Methods {
  const newest = (): EthereumBlockJson => {
    const block = known().at(-1);
    if (block === undefined) throw new CallError(-32000, 'no blocks');
    return block;
  };
  const byNumber = (at: unknown): EthereumBlockJson | undefined => {
    if (at === 'latest' || at === 'safe' || at === 'finalized' || at === 'pending') return newest();
    if (at === 'earliest') return undefined;
    if (typeof at !== 'string' || !/^0x(0|[1-9a-f][0-9a-f]*)$/i.test(at))
      throw new CallError(-32602, `invalid argument 0: ${JSON.stringify(at)} is not a block number or tag`);
    return known().find(({ number }) => number === Number(at));
  };
  const byHash = (hash: unknown): EthereumBlockJson | undefined => {
    if (typeof hash !== 'string' || !/^0x[0-9a-f]{64}$/i.test(hash))
      throw new CallError(-32602, `invalid argument 0: ${JSON.stringify(hash)} is not a 32-byte hash`);
    return known().find((block) => block.hash === hash.toLowerCase());
  };
  const find = (part: 'transactions' | 'receipts', key: string, hash: unknown) => {
    byHash(hash);
    const items = known().flatMap((block) => block[part]);
    return items.find((item) => item[key] === String(hash).toLowerCase());
  };
  return {
    eth_chainId: () => '0x1',
    net_version: () => '1',
    web3_clientVersion: () => 'crossroot-replay/0.1.0',
    eth_syncing: () => false,
    eth_blockNumber: () => quantity(newest().number),
    eth_getBlockByNumber: ([at, full]) => blockJson(byNumber(at), full === true),
    eth_getBlockByHash: ([hash, full]) => blockJson(byHash(hash), full === true),
    eth_getBlockReceipts: ([at]) =>
      (typeof at === 'string' && at.length === 66 ? byHash(at) : byNumber(at))?.receipts ?? null,
    eth_getTransactionByHash: ([hash]) => find('transactions', 'hash', hash) ?? null,
    eth_getTransactionReceipt: ([hash]) => find('receipts', 'transactionHash', hash) ?? null,
  };
}

function blockJson(block: EthereumBlockJson | undefined, full: boolean): unknown {
  if (block === undefined) return null;
  return {
    ...block.header,
    transactions: full ? block.transactions : block.transactions.map(({ hash }) => hash),
  };
}
