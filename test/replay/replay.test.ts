import { fork } from 'node:child_process';
import { ethers } from 'ethers';
import { describe, expect, it } from 'vitest';
import { callNode } from '../../devnet/rpcClient.js';
import { dataFolder, hasData, needsData, readJson } from '../data/folder.js';
import { compileEntry } from '../support/compile.js';
import { serveBitcoinReplay } from './bitcoinServer.js';
import { ETHEREUM_REPLAY, serveEthereumReplay } from './ethereumServer.js';

interface Indexed {
  readonly file: string;
  readonly height: number;
  readonly hash: string;
  readonly txidLast: string;
  readonly ntx: number;
}

describe.skipIf(!hasData)(needsData('Bitcoin replay'), () => {
  it('releases blocks one by one in the shapes of Bitcoin Core', async () => {
    const index = readJson<Indexed[]>('btc-blocks/index.json');
    const auth = { user: 'u', password: 'p' };
    const server = await serveBitcoinReplay({ dataFolder, credentials: auth });
    const rpc = { url: server.url, auth };
    const at = (height: number) => index.find((row) => row.height === height);
    expect(await callNode(rpc, 'getblockchaininfo')).toMatchObject({
      chain: 'main',
      blocks: 831328,
      pruned: true,
    });
    await expect(callNode(rpc, 'getblockhash', [831329])).rejects.toMatchObject({ code: -8 });
    await expect(callNode(rpc, 'getblockheader', [at(831329)?.hash])).rejects.toMatchObject({ code: -5 });
    expect(server.step()).toBe(831329);
    expect(await callNode(rpc, 'getblockcount')).toBe(831329);
    const hash = await callNode(rpc, 'getblockhash', [831329]);
    expect(hash).toBe(at(831329)?.hash);
    const block = (await callNode(rpc, 'getblock', [hash, 1])) as { tx: string[]; nTx: number };
    expect(block.tx.at(-1)).toBe(at(831329)?.txidLast);
    expect(block.nTx).toBe(at(831329)?.ntx);
    expect(((await callNode(rpc, 'getblock', [hash, 0])) as string).slice(0, 160)).toBe(
      await callNode(rpc, 'getblockheader', [hash, false]),
    );
    expect(await callNode(rpc, 'getrawtransaction', [block.tx[5], true])).toMatchObject({
      blockhash: hash,
      confirmations: 1,
    });
    expect(server.step(9)).toBe(831331);
    await server.close();
  });
});

describe.skipIf(!hasData)(needsData('Ethereum replay'), () => {
  it('answers in shapes that an independent client reads, with the hashes of the real blocks', async () => {
    const server = await serveEthereumReplay({ dataFolder });
    const provider = new ethers.JsonRpcProvider(server.url, 1, { staticNetwork: true, cacheTimeout: -1 });
    expect(
      await callNode(server, 'eth_getBlockByNumber', [ethers.toQuantity(ETHEREUM_REPLAY[1]), false]),
    ).toBeNull();
    for (const height of ETHEREUM_REPLAY) {
      expect(await provider.getBlockNumber()).toBe(height);
      const raw = readJson<{ hash: string; transactions: string[]; receipts: string[] }>(
        `eth-blocks/mainnet_${height}.json`,
      );
      const block = await provider.getBlock('finalized', true);
      expect(block?.hash).toBe(raw.hash);
      expect(block?.prefetchedTransactions.map(({ hash }) => hash)).toEqual(
        raw.transactions.map((tx) => ethers.keccak256(tx)),
      );
      for (const [i, tx] of (block?.prefetchedTransactions ?? []).entries())
        expect(ethers.Transaction.from(tx).serialized).toBe(raw.transactions[i]);
      const receipts = (await callNode(server, 'eth_getBlockReceipts', [
        ethers.toQuantity(height),
      ])) as Record<string, unknown>[];
      expect(receipts.length).toBe(raw.receipts.length);
      expect(receipts.reduce((sum, r) => sum + BigInt(String(r.gasUsed)), 0n)).toBe(block?.gasUsed);
      const one = await provider.getTransactionReceipt(block?.prefetchedTransactions[3]?.hash ?? '');
      expect(one?.blockHash).toBe(raw.hash);
      expect(one?.logs.every((log) => log.transactionHash === one.hash)).toBe(true);
      server.step();
    }
    await expect(callNode(server, 'debug_getRawHeader')).rejects.toMatchObject({ code: -32601 });
    await expect(callNode(server, 'eth_getBlockByNumber', ['x', false])).rejects.toMatchObject({
      code: -32602,
    });
    provider.destroy();
    await server.close();
  });

  it('runs as a process of its own', async () => {
    const child = fork(await compileEntry('test/replay/main.ts'), ['ethereum', '--folder', dataFolder], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const message = () =>
      new Promise<Record<string, unknown>>((resolve) =>
        child.once('message', (m) => resolve(m as Record<string, unknown>)),
      );
    const { url } = await message();
    expect(await callNode({ url: String(url) }, 'eth_blockNumber')).toBe(
      ethers.toQuantity(ETHEREUM_REPLAY[0]),
    );
    const stepped = message();
    child.send({ type: 'step' });
    expect((await stepped).height).toBe(ETHEREUM_REPLAY[1]);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.disconnect();
    expect(await ended).toBe(0);
  });
});
