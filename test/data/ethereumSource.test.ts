import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SourceFaultError } from '../../adapters/errors.js';
import { EthereumRpcSource } from '../../adapters/ethereum/sources/jsonRpc.js';
import { fromHex, toHex } from '../../proofs/bytes.js';
import {
  blockJson,
  type RecordedBlock,
  type ReplayMethods,
  type ReplayNode,
  rawBlockOf,
  receiptsJson,
  startReplayNode,
} from '../support/replayNode.js';
import { hasData, needsData, readJson } from './folder.js';

/** Real blocks of mainnet as providers of different kinds answer them. */
const HEIGHTS = [14764013, 15537393, 17034869, 17034870, 19426587, 22431084];

describe.skipIf(!hasData)(needsData('real blocks over JSON-RPC'), () => {
  let node: ReplayNode;
  let source: EthereumRpcSource;
  beforeAll(async () => {
    node = await startReplayNode({});
    source = new EthereumRpcSource({ chain: 'ethereum-mainnet', url: node.url });
  });
  afterAll(async () => {
    await source?.close();
    await node?.close();
  });
  const recorded = (height: number) => readJson<RecordedBlock>(`eth-blocks/mainnet_${height}.json`);
  const open = () => new EthereumRpcSource({ chain: 'ethereum-mainnet', url: node.url });
  const json = (block: RecordedBlock): ReplayMethods => ({
    eth_chainId: () => '0x1',
    eth_getBlockByHash: () => blockJson(block),
    eth_getBlockReceipts: () => receiptsJson(block),
  });
  const raw = (block: RecordedBlock): ReplayMethods => ({
    debug_getRawHeader: () => block.headerRlp,
    debug_getRawBlock: () => rawBlockOf(block),
    debug_getRawReceipts: () => block.receipts,
  });

  describe.each(HEIGHTS)('mainnet %i', (height) => {
    const check = async (block: RecordedBlock, methods: ReplayMethods, from = source) => {
      node.methods = methods;
      const read = await from.block(fromHex(block.hash));
      expect(toHex(read.header.raw)).toBe(block.headerRlp);
      expect(read.transactions!.map(toHex)).toEqual(block.transactions);
      expect(read.receipts!.map(toHex)).toEqual(block.receipts);
      expect(read.withdrawals?.map(toHex) ?? null).toEqual(block.withdrawals);
    };

    it('in JSON alone, byte for byte', async () => {
      const block = recorded(height);
      await check(block, json(block));
    });

    it('with receipts that come raw, or one by one', async () => {
      const block = recorded(height);
      const { eth_getBlockReceipts: _, ...others } = json(block);
      await check(block, { ...others, debug_getRawReceipts: () => block.receipts }, open());
      const receipts = receiptsJson(block);
      const hashes = (blockJson(block).transactions as { hash: string }[]).map(({ hash }) => hash);
      const one = ([hash]: readonly unknown[]) => receipts[hashes.indexOf(String(hash))];
      await check(block, { ...others, eth_getTransactionReceipt: one }, open());
    });

    it('with transactions and withdrawals that JSON does not tell, read raw', async () => {
      const block = recorded(height);
      const { withdrawals: _, ...fields } = blockJson(block);
      const unknown = (fields.transactions as object[]).map((tx) => ({ ...tx, type: '0x7e' }));
      const poor = {
        ...fields,
        transactions: unknown,
        ...(block.withdrawals === null ? {} : { withdrawals: null }),
      };
      await check(block, { ...json(block), ...raw(block), eth_getBlockByHash: () => poor }, open());
    });

    it('with a header that JSON does not tell, read raw', async () => {
      const block = recorded(height);
      const poor = { ...blockJson(block), mixHash: undefined };
      await check(block, { ...json(block), ...raw(block), eth_getBlockByHash: () => poor }, open());
    });

    it('each part changed is refused', async () => {
      const block = recorded(height);
      const whole = blockJson(block);
      const refused = async (methods: ReplayMethods) => {
        node.methods = { ...json(block), ...methods };
        await expect(open().block(fromHex(block.hash))).rejects.toThrow(SourceFaultError);
      };
      const [first, ...rest] = whole.transactions as object[];
      await refused({
        eth_getBlockByHash: () => ({ ...whole, transactions: [{ ...first, value: '0x7' }, ...rest] }),
      });
      // None at all is what nodes answer that have pruned them.
      const fewer = (list: object[]) => (list.length > 1 ? list.slice(1) : [...list, ...list]);
      await refused({
        eth_getBlockByHash: () => ({ ...whole, transactions: fewer(whole.transactions as object[]) }),
      });
      await refused({ eth_getBlockByHash: () => ({ ...whole, gasUsed: '0x7' }) });
      const receipts = receiptsJson(block) as { logs: object[] }[];
      const at = receipts.findIndex(({ logs }) => logs.length > 0);
      if (at >= 0) {
        const without = receipts.map((one, i) => (i === at ? { ...one, logs: one.logs.slice(1) } : one));
        await refused({ eth_getBlockReceipts: () => without });
      }
      await refused({ eth_getBlockReceipts: () => fewer(receipts) });
      if (block.withdrawals?.length) {
        const [one, ...others] = whole.withdrawals as object[];
        await refused({ eth_getBlockByHash: () => ({ ...whole, withdrawals: others }) });
        await refused({
          eth_getBlockByHash: () => ({ ...whole, withdrawals: [{ ...one, amount: '0x1' }, ...others] }),
        });
      }
    });
  });

  it('21925176 and 19433902 as a real provider answered them', async () => {
    for (const height of [19433902, 21925176]) {
      const { block, receipts } = readJson<{ block: Record<string, unknown>; receipts: object[] }>(
        `eth-blocks/mainnet_${height}_rpc_block_receipts.json`,
      );
      node.methods = { eth_getBlockByHash: () => block, eth_getBlockReceipts: () => receipts };
      const read = open().block(fromHex(String(block.hash)));
      // The newer one was recorded with hashes of transactions alone, which is no answer to what was asked.
      if (typeof (block.transactions as unknown[])[0] === 'string')
        await expect(read).rejects.toThrow(SourceFaultError);
      else expect((await read).withdrawals).toHaveLength(16);
    }
  });
});
