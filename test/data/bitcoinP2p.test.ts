import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BlockProver } from '../../adapters/bitcoin/proofs/build.js';
import { verifyBitcoinInclusion } from '../../adapters/bitcoin/proofs/verify.js';
import { foreignHeader, splitHeaders, timeAt } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { plausibleBlocks } from '../../adapters/bitcoin/sources/p2p/peerHeaders.js';
import { P2pSource } from '../../adapters/bitcoin/sources/p2p.js';
import { serveP2p } from '../../devnet/bitcoin/p2p/server.js';
import { bytesEqual, fromHex } from '../../proofs/bytes.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { ReplayChain } from '../replay/bitcoinChain.js';
import { BITCOIN_REPLAY } from '../replay/bitcoinServer.js';
import { startHostilePeer } from '../support/hostilePeer.js';
import { honest } from '../support/p2p.js';
import { hasData, needsData, readBytes, readJson } from './folder.js';

useFastHasher();

interface BlockInfo {
  readonly file: string;
  readonly height: number;
  readonly ntx: number;
}

describe.skipIf(!hasData)(needsData('a P2P source over real headers and blocks'), () => {
  it.each([
    ['bitcoin-mainnet', 'mainnet_0_10236.bin'],
    ['bitcoin-testnet3', 'testnet3_0_5999.bin'],
    ['bitcoin-testnet4', 'testnet4_0_100.bin'],
    ['bitcoin-signet', 'signet_0_2015.bin'],
    ['bitcoin-regtest', 'regtest_0_100.bin'],
  ])('reads %s as it is', async (chain, file) => {
    const headers = splitHeaders(readBytes(`btc-headers/${file}`)).map(foreignHeader);
    const peer = await startHostilePeer(honest(headers.slice(1)), chain);
    const source = new P2pSource({ chain, address: peer.address, cachedHeaders: 50 });
    const last = headers.at(-1)!;
    for (let i = 0; i < 200 && (await source.tip()).height < last.height; i++) await sleep(10);
    expect(await source.tip()).toEqual({ height: last.height, hash: last.hash });
    const read = await source.headers(0, headers.length);
    expect(read.length).toBe(headers.length);
    for (const [i, { raw, height }] of read.entries())
      if (height !== i || !bytesEqual(raw, headers[i]!.raw)) throw new Error(`header ${i} is another`);
    await source.close();
    await peer.close();
  });

  it('refuses the mainnet headers of another chain with less work', async () => {
    const headers = splitHeaders(readBytes('btc-headers/bsv_900000_900299_NEGATIVE.bin')).map((raw, i) =>
      foreignHeader(raw, 900_000 + i),
    );
    const peer = await startHostilePeer(honest(headers), 'bitcoin-mainnet');
    const source = new P2pSource({ chain: 'bitcoin-mainnet', address: peer.address });
    await expect(source.check()).rejects.toThrow('build on none of ours');
    await source.close();
    await peer.close();
  });

  it.each(['testnet3', 'signet'])(
    'never finds that %s had too many blocks, from no checkpoint on',
    (name) => {
      const network = bitcoinNetwork(`bitcoin-${name}`);
      const start = { height: 0, time: timeAt(network.genesisHeader) };
      const later = readJson<readonly { height: number; header: string }[]>(
        `btc-headers/${name}_checkpoints_every2016.json`,
      ).map(({ height, header }) => ({ height, time: timeAt(fromHex(header)) }));
      for (const [i, from] of [start, ...later].entries())
        for (const to of later.slice(i))
          if (to.height - from.height > plausibleBlocks(network, from.time, to.time))
            throw new Error(`${to.height} above ${from.height} is too much`);
    },
  );

  it('reads, proves and finds in whole mainnet blocks', async () => {
    const { firstHeight, count } = BITCOIN_REPLAY;
    const blocks = Array.from({ length: count }, (_, i) =>
      readBytes(`btc-blocks/main_${firstHeight + i}.raw`),
    );
    const chain = new ReplayChain(firstHeight, blocks, count);
    const server = await serveP2p({
      chain,
      mempool: { get: () => undefined },
      port: 0,
      onTip: () => () => undefined,
    });
    const { hash } = chain.entryAt(firstHeight)!;
    const source = new P2pSource({
      chain: 'bitcoin-mainnet',
      address: server.address,
      checkpoint: { height: firstHeight, hash },
    });
    const headers = await source.headers(firstHeight, 10);
    expect(headers.map(({ height }) => height)).toEqual([0, 1, 2, 3].map((i) => firstHeight + i));
    const known = readJson<readonly BlockInfo[]>('btc-blocks/index.json');
    const read = await Promise.all(headers.map((header) => source.block(header.hash)));
    for (const [i, block] of read.entries()) {
      expect(bytesEqual(block.rawBlock!, blocks[i]!)).toBe(true);
      const { ntx } = known.find(({ file }) => file === `main_${firstHeight + i}.raw`)!;
      expect(block.transactionHashes).toHaveLength(ntx);
      const txid = block.transactionHashes[ntx - 3]!;
      expect(await source.findTransaction(txid)).toEqual({
        height: firstHeight + i,
        hash: headers[i]!.hash,
      });
      const payload = new BlockProver(block.rawBlock!).prove([txid]);
      expect(verifyBitcoinInclusion(payload, headers[i]!.transactionsRoot)[0]!.index).toBe(ntx - 3);
    }
    await source.close();
    await server.close();
  });
});
