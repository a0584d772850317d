import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { CoreRpcSource } from '../../adapters/bitcoin/sources/coreRpc.js';
import { Follower } from '../../indexers/follow/follower.js';
import { EmbeddedLog } from '../../indexers/log/embedded.js';
import { Replay } from '../../indexers/log/replay.js';
import { BlockCache } from '../../indexers/sinks/blockCache.js';
import { TransactionIndex } from '../../indexers/sinks/transactionIndex.js';
import { transactionSink } from '../../indexers/sinks/transactionSink.js';
import { LevelStore } from '../../storage/level.js';
import { startRegtest, type TestRegtest } from '../support/regtest.js';

const CHAIN = 'bitcoin-regtest';
const folder = mkdtempSync(join(tmpdir(), 'crossroot-follow-'));
const { genesisHash } = bitcoinNetwork(CHAIN);
const checkpoint = {
  height: 0,
  hash: genesisHash,
  work: 2n,
  periodStartTime: 1296688602,
  periodStartBits: 0x207fffff,
};
let regtest: TestRegtest;
let address: unknown;
beforeAll(async () => {
  regtest = await startRegtest();
  address = await regtest.call('getnewaddress');
});
afterAll(async () => {
  await regtest.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a real regtest node is followed through a reorganisation and restarts, transactions included', async () => {
  await regtest.call('generatetoaddress', 120, address);
  for (let run = 0; run < 4; run++) {
    const store = await LevelStore.open(folder);
    const log = new EmbeddedLog(store);
    const { url, auth } = regtest.rpc;
    const source = new CoreRpcSource({ chain: CHAIN, url, ...(auth === undefined ? {} : { auth }) });
    const follower = await Follower.open({
      chain: CHAIN,
      kind: bitcoinKind,
      checkpoint,
      sources: [source],
      log,
      store,
      batch: 50,
    });
    const blocks = new BlockCache({ sources: new Map([[CHAIN, [source]]]) });
    const { book } = follower;
    const index = new TransactionIndex(store, blocks, new Map([[CHAIN, book]]));
    const sink = transactionSink({ log, store, book, blocks });

    await follower.pollAll();
    expect(follower.status().sources[0]?.lastError).toBeUndefined();
    await sink.drain();
    const count = Number(await regtest.call('getblockcount'));
    const best = String(await regtest.call('getbestblockhash'));
    expect(bitcoinKind.displayHash(book.tip()!.hash)).toBe(best);
    expect(book.tip()!.height).toBe(count);
    expect(book.work(count)).toBe(2n * BigInt(count + 1));
    const replay = new Replay();
    for (const event of await log.read(CHAIN, 1, 10_000)) replay.apply(event);
    expect(replay.tip?.hash).toEqual(book.tip()!.hash);
    for (const height of [1, 60, count]) {
      const [first] = await index.transactions(CHAIN, book.bestHash(height)!);
      expect(await index.lookup(CHAIN, first!)).toMatchObject({ height, index: 0 });
    }
    await follower.stop();
    await source.close();
    await store.close();

    // Undo five blocks and mine others, more of them.
    await regtest.call('invalidateblock', await regtest.call('getblockhash', count - 4));
    await regtest.call('generatetoaddress', 7, await regtest.call('getnewaddress'));
  }
});
