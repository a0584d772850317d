import { MemoryStore } from '../../../storage/memory.js';
import { type P2pTestNode, p2pSourceSuite } from '../../../test/conformance/p2pSource.js';
import { callNode } from '../../rpcClient.js';
import { RegtestNode } from '../node.js';
import { nodeMethods } from '../rpc/methods.js';
import { serveRpc } from '../rpc/server.js';
import { type P2pServer, serveP2p } from './server.js';

/** Our regtest node in this process; "killed" means that its connections and its server are gone at once. */
async function start(folder: string): Promise<P2pTestNode> {
  const node = await RegtestNode.open({ dataDir: folder, store: new MemoryStore(), firstBlocks: 0 });
  const auth = { user: 'u', password: 'p' };
  const rpc = await serveRpc({ port: 0, credentials: [auth], methods: nodeMethods(node, () => undefined) });
  const listen = (port: number): Promise<P2pServer> =>
    serveP2p({
      chain: node.chain,
      mempool: node.mempool,
      port,
      onTip: (listener) => node.onTip(listener),
    });
  let server = await listen(0);
  const call = (method: string, ...params: unknown[]) => callNode({ url: rpc.url, auth }, method, params);
  const mine = async (count: number) => {
    await node.generate(count, node.wallet.script);
  };
  return {
    p2p: server.address,
    call,
    mine,
    reorganise: async (depth) => {
      const height = node.chain.tip.height - depth + 1;
      await call('invalidateblock', await call('getblockhash', height));
      await mine(depth + 1);
    },
    killAndRestart: async () => {
      await server.close();
      server = await listen(server.port);
    },
    close: async () => {
      await server.close();
      await rpc.close();
      await node.close();
    },
  };
}

p2pSourceSuite('our regtest node', start);
