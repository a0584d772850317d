import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { serveEsplora } from '../../../devnet/bitcoin/esplora/server.js';
import { concatBytes } from '../../../proofs/bytes.js';
import { bitcoinSourceSuite } from '../../../test/conformance/bitcoinSource.js';
import { startRegtest } from '../../../test/support/regtest.js';
import { decodeMerkleBlock, readPartialTree } from '../proofs/partialMerkleTree.js';
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

it('reads Merkle proofs from Esplora, and checks them', async () => {
  const { node, close } = await startRegtest();
  const server = await serveEsplora({ port: 0, view: node.chain, isWaiting: () => false });
  for (let i = 0; i < 4; i++) await node.pay(node.wallet.script, 1000n);
  const [entry] = await node.generate(1, node.wallet.script);
  const source = new EsploraSource({ chain: CHAIN, url: `${server.url}/`, requestsPerSecond: 1000 });
  const { transactionHashes } = await source.block(entry!.hash);
  expect(transactionHashes).toHaveLength(5);
  for (const [position, txid] of transactionHashes.entries()) {
    const proof = await source.merkleProof(txid);
    expect(proof).toMatchObject({ height: entry!.height, position });
    expect(proof?.branch).toHaveLength(3);
    const tree = readPartialTree(decodeMerkleBlock((await source.merkleBlock(txid))!));
    expect(tree.matches).toEqual([{ index: position, txid }]);
  }
  expect(await source.merkleProof(new Uint8Array(32))).toBeUndefined();
  await source.close();
  await server.close();
  await close();
});
