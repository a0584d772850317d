import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BlockProver } from '../../adapters/bitcoin/proofs/build.js';
import { CoreRpcSource } from '../../adapters/bitcoin/sources/coreRpc.js';
import { P2pSource } from '../../adapters/bitcoin/sources/p2p.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { type P2pTestNode, p2pSourceSuite } from '../conformance/p2pSource.js';
import { Btcd, findBtcd } from '../support/btcd.js';
import { freePorts } from '../support/ports.js';

const CHAIN = 'bitcoin-regtest';
const binary = findBtcd();
if (binary === undefined) console.warn('btcd is not on PATH, in $GOPATH/bin or in ~/go/bin: skipped');

/**
 * btcd, a full node that shares no code with ours. It has no RPC that undoes blocks: a second one, cut off at the fork, mines the
 * longer branch, and the first takes it over when the two are connected.
 */
async function start(folder: string): Promise<P2pTestNode> {
  const first = await freePorts(4);
  const [node, rival] = [0, 2].map((offset) => {
    const dataDir = join(folder, `btcd-${offset}`);
    mkdirSync(dataDir);
    return new Btcd({
      binary: binary ?? '',
      dataDir,
      p2pPort: first + offset,
      rpcPort: first + offset + 1,
    });
  }) as [Btcd, Btcd];
  await node.start();
  await rival.start();
  const call = (method: string, ...params: unknown[]) => node.call(method, ...params);
  const height = async (of: Btcd) => Number(await of.call('getblockcount'));
  const mine = async (count: number) => {
    await node.call('generate', count);
  };
  /** The rival takes over blocks one by one, as a file of blocks would give them. */
  const copyTo = async (to: number) => {
    for (let at = (await height(rival)) + 1; at <= to; at++) {
      const hash = await node.call('getblockhash', at);
      await rival.call('submitblock', await node.call('getblock', hash, 0));
    }
  };
  return {
    p2p: node.p2p,
    call,
    mine,
    reorganise: async (depth) => {
      // The rival cannot go back: the fork is not below where it stands.
      await mine(Math.max(1, (await height(rival)) + depth - (await height(node))));
      const tip = await height(node);
      await copyTo(tip - depth);
      await rival.call('generate', depth + 1);
      for (let at = tip - depth + 1; at <= tip + 1; at++) {
        const hash = await rival.call('getblockhash', at);
        await node.call('submitblock', await rival.call('getblock', hash, 0));
      }
      expect(await height(node)).toBe(tip + 1);
    },
    killAndRestart: () => node.restart(1),
    loseEverything: async () => {
      const before = await height(node);
      await node.kill();
      await node.start();
      await mine(before + 1);
    },
    close: async () => {
      await node.stop();
      await rival.stop();
    },
  };
}

describe.skipIf(binary === undefined)('btcd', () => {
  p2pSourceSuite('btcd', start);

  describe('is read over both of its protocols alike', () => {
    const folder = mkdtempSync(join(tmpdir(), 'crossroot-btcd-'));
    let node: Btcd;
    beforeAll(async () => {
      useFastHasher();
      const first = await freePorts(2);
      node = new Btcd({ binary: binary ?? '', dataDir: folder, p2pPort: first, rpcPort: first + 1 });
      await node.start();
    });
    afterAll(async () => {
      await node?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it('says that it does not answer while it has no recent block', async () => {
      const source = new P2pSource({ chain: CHAIN, address: node.p2p, times: { graceMs: 200 } });
      await expect(source.check()).rejects.toThrow('may still be loading the chain');
      await source.close();
    });

    it('thousands of blocks over several messages, with P2P and RPC agreeing on each', async () => {
      await node.call('generate', 4500);
      const peer = new P2pSource({ chain: CHAIN, address: node.p2p, cachedHeaders: 100 });
      const rpc = new CoreRpcSource({ chain: CHAIN, url: node.rpc.url, auth: { user: 'u', password: 'p' } });
      await peer.check();
      await rpc.check();
      const tip = await rpc.tip();
      expect(tip.height).toBe(4500);
      await expect.poll(() => peer.tip(), { interval: 20 }).toEqual(tip);
      for (const [from, count] of [
        [0, 3],
        [1999, 4],
        [0, 4501],
        [4399, 200],
      ] as const)
        expect(await peer.headers(from, count)).toEqual(await rpc.headers(from, count));
      const { header } = { header: (await rpc.headers(4321, 1))[0]! };
      const [overP2p, overRpc] = [await peer.block(header.hash), await rpc.block(header.hash)];
      expect(overP2p).toEqual(overRpc);
      const txid = overP2p.transactionHashes[0]!;
      expect(new BlockProver(overP2p.rawBlock!).prove([txid]).length).toBeGreaterThan(80);
      expect(await peer.findTransaction(txid)).toEqual({ height: 4321, hash: header.hash });
      expect(await rpc.findTransaction(txid)).toEqual({ height: 4321, hash: header.hash });
      await peer.close();
      await rpc.close();
    });

    it('many questions at once', async () => {
      const source = new P2pSource({ chain: CHAIN, address: node.p2p, cachedHeaders: 1 });
      await source.check();
      await expect.poll(async () => (await source.tip()).height, { interval: 20 }).toBe(4500);
      const headers = await source.headers(1000, 60);
      const blocks = await Promise.all(headers.map(({ hash }) => source.block(hash)));
      expect(blocks.map(({ header }) => header)).toEqual(headers);
      const runs = await Promise.all([5, 900, 2500, 4000].map((from) => source.headers(from, 10)));
      expect(runs.map(([first]) => first!.height)).toEqual([5, 900, 2500, 4000]);
      await source.close();
    });
  });
});
