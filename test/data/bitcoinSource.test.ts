import { describe, expect, it } from 'vitest';
import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { BlockProver } from '../../adapters/bitcoin/proofs/build.js';
import { verifyBitcoinInclusion } from '../../adapters/bitcoin/proofs/verify.js';
import { CoreRpcSource } from '../../adapters/bitcoin/sources/coreRpc.js';
import { HeaderTree } from '../../adapters/tree.js';
import { serveBitcoinReplay } from '../replay/bitcoinServer.js';
import { startRegtest } from '../support/regtest.js';
import { dataFolder, hasData, needsData } from './folder.js';

describe.skipIf(!hasData)(needsData('Bitcoin Core source over replayed mainnet blocks'), () => {
  it('checks by checkpoint, reads headers and blocks, finds a transaction', async () => {
    const auth = { user: 'u', password: 'p' };
    const server = await serveBitcoinReplay({ dataFolder, credentials: auth });
    server.step(9);
    const bare = new CoreRpcSource({ chain: 'bitcoin-mainnet', url: server.url, auth });
    const tip = await bare.tip();
    const headers = await bare.headers(tip.height - 3, 10);
    expect(headers.map((header) => header.height)).toEqual([0, 1, 2, 3].map((i) => tip.height - 3 + i));
    expect(headers.at(-1)!.hash).toEqual(tip.hash);
    const checkpoint = {
      height: headers[0]!.height,
      hash: headers[0]!.hash,
      work: 0n,
      periodStartTime: 0,
      periodStartBits: 0,
    };
    const source = new CoreRpcSource({ chain: 'bitcoin-mainnet', url: server.url, auth, checkpoint });
    await source.check();
    await expect(
      new CoreRpcSource({
        chain: 'bitcoin-signet',
        url: server.url,
        auth,
        checkpoint: { ...checkpoint, hash: new Uint8Array(32) },
      }).check(),
    ).rejects.toThrow(/is not on/);
    const block = await source.block(headers[0]!.hash);
    expect(block.header).toEqual(headers[0]);
    const txid = block.transactionHashes[7]!;
    expect(await source.findTransaction(txid)).toEqual({
      height: headers[0]!.height,
      hash: headers[0]!.hash,
    });
    const payload = new BlockProver(block.rawBlock!).prove([txid]);
    expect(verifyBitcoinInclusion(payload, headers[0]!.transactionsRoot)[0]!.index).toBe(7);
    await source.close();
    await bare.close();
    await server.close();
  });
});

describe('Bitcoin Core source over a regtest node', () => {
  it('follows what the node mines and undoes, by all rules', async () => {
    const node = await startRegtest();
    const { url, auth } = node.rpc;
    const source = new CoreRpcSource({
      chain: 'bitcoin-regtest',
      url,
      ...(auth === undefined ? {} : { auth }),
    });
    await source.check();
    const [genesis] = await source.headers(0, 1);
    const checkpoint = { height: 0, hash: genesis!.hash, work: 2n, periodStartTime: 0, periodStartBits: 0 };
    const tree = new HeaderTree(bitcoinKind, checkpoint, { header: genesis!, work: 2n });
    const now = Math.floor(Date.now() / 1000) + 3600;
    const add = async (from: number) =>
      tree.add(await source.headers(from, 500), (header, ancestors) =>
        bitcoinKind.validate('bitcoin-regtest', header, ancestors, now),
      );
    const address = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
    await node.call('generatetoaddress', 20, address);
    const { height } = await source.tip();
    expect((await add(1)).connected.length).toBe(height);
    expect(tree.tip.hash).toEqual((await source.tip()).hash);
    const gone = [tree.at(height), tree.at(height - 1)];
    await node.call('invalidateblock', bitcoinKind.displayHash(tree.at(height - 1)!.hash));
    await node.call(
      'generatetoaddress',
      3,
      'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry',
    );
    const change = await add(height - 5);
    expect(change.disconnected).toEqual(gone);
    expect(change.connected.length).toBe(3);
    expect(tree.tip.hash).toEqual((await source.tip()).hash);
    const block = await source.block(tree.tip.hash);
    expect(await source.findTransaction(block.transactionHashes[0]!)).toEqual({
      height: height + 1,
      hash: tree.tip.hash,
    });
    await source.close();
    await node.close();
  });
});
