import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveEsplora } from '../../../devnet/bitcoin/esplora/server.js';
import { concatBytes } from '../../../proofs/bytes.js';
import { bitcoinSourceSuite } from '../../../test/conformance/bitcoinSource.js';
import { CoreRestSource } from './coreRest.js';
import { CoreRpcSource } from './coreRpc.js';
import { EsploraSource } from './esplora.js';
import { HeadersFileSource } from './headersFile.js';

const CHAIN = 'bitcoin-regtest';

bitcoinSourceSuite('RPC', async ({ rpc }) => ({
  open: (chain = CHAIN) => new CoreRpcSource({ chain, ...rpc }),
  hasBlocks: true,
}));

bitcoinSourceSuite('REST', async ({ rpc }) => ({
  open: (chain = CHAIN) => new CoreRestSource({ chain, url: rpc.url }),
  hasBlocks: true,
}));

for (const pageSize of [10, 15])
  bitcoinSourceSuite(`Esplora with pages of ${pageSize}`, async ({ node }) => {
    const server = await serveEsplora({
      port: 0,
      pageSize,
      view: node.chain,
      isWaiting: (id) => node.mempool.get(id) !== undefined,
    });
    return {
      open: (chain = CHAIN) => new EsploraSource({ chain, url: server.url, requestsPerSecond: 1000 }),
      close: () => server.close(),
      hasBlocks: true,
    };
  });

bitcoinSourceSuite('a headers file', async ({ node }) => {
  const folder = await mkdtemp(join(tmpdir(), 'headers-file-'));
  const path = join(folder, 'headers.bin');
  const sync = async () => {
    const headers: Uint8Array[] = [];
    for (let at = 0; at <= node.chain.tip.height; at++) headers.push(node.chain.entryAt(at)!.header);
    await writeFile(path, concatBytes(...headers));
  };
  await sync();
  return {
    open: (chain = CHAIN) => new HeadersFileSource({ chain, path }),
    sync,
    close: () => rm(folder, { recursive: true }),
    hasBlocks: false,
  };
});
