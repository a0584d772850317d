import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegtestNode, type RegtestNodeOptions } from '../../devnet/bitcoin/node.js';
import { answerRest } from '../../devnet/bitcoin/rest/handle.js';
import { nodeMethods } from '../../devnet/bitcoin/rpc/methods.js';
import { serveRpc } from '../../devnet/bitcoin/rpc/server.js';
import { callNode, type RpcEndpoint } from '../../devnet/rpcClient.js';
import { toBareHex } from '../../proofs/bytes.js';
import { MemoryStore } from '../../storage/memory.js';

/** A regtest node in memory with its RPC, for tests. */
export interface TestRegtest {
  readonly node: RegtestNode;
  readonly rpc: RpcEndpoint;
  call(method: string, ...params: unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

export async function startRegtest(options: Partial<RegtestNodeOptions> = {}): Promise<TestRegtest> {
  const dataDir = mkdtempSync(join(tmpdir(), 'regtest-'));
  const auth = { user: 'u', password: 'p' };
  const node = await RegtestNode.open({ dataDir, store: new MemoryStore(), ...options });
  const methods = nodeMethods(node, () => undefined);
  const server = await serveRpc({
    port: 0,
    credentials: [auth],
    methods,
    rest: (target) => answerRest(node.chain, methods, target),
  });
  const rpc = { url: server.url, auth };
  return {
    node,
    rpc,
    call: (method, ...params) => callNode(rpc, method, params),
    close: async () => {
      await server.close();
      await node.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}

/** The whole set of unspent outputs, as text. */
export async function unspentOf(node: RegtestNode): Promise<string[]> {
  const out: string[] = [];
  for await (const [key, value] of node.chain.unspent()) out.push(`${toBareHex(key)}=${toBareHex(value)}`);
  return out;
}
