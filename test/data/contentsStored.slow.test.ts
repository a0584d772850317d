import { statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseBlock } from '../../adapters/bitcoin/blocks/block.js';
import { merkleRows } from '../../adapters/bitcoin/proofs/merkle.js';
import { foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { logFilter, matches } from '../../adapters/ethereum/proofs/filter.js';
import { integerBytes } from '../../adapters/ethereum/rlp/read.js';
import { encodeRlp } from '../../adapters/ethereum/rlp/rlp.js';
import { bloomOf } from '../../adapters/ethereum/rules/bloom.js';
import { indexTrie } from '../../adapters/ethereum/trie/build.js';
import type { ForeignBlock } from '../../adapters/source.js';
import { bitcoinContents } from '../../indexers/store/contents/bitcoin.js';
import { ethereumContents } from '../../indexers/store/contents/ethereum.js';
import type { IndexedLog, IndexedReceipt, LogQuery } from '../../indexers/store/contents/types.js';
import type { PageKey, Slice } from '../../indexers/store/view.js';
import { concatBytes, toHex } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import { hasChdb } from '../support/clickhouse/front.js';
import { connectOf } from '../support/contents/events.js';
import { type ContentsSet, openContentsSet } from '../support/contents/set.js';
import { RAW_BLOCKS, RPC_BLOCKS, realBlock } from './ethereum/blocks.js';
import { dataPath, hasData, needsData, readBytes, readJson } from './folder.js';

const BITCOIN = 'bitcoin-mainnet';
const ETHEREUM = 'ethereum-mainnet';

async function all<T>(page: (after: PageKey | undefined) => Promise<Slice<T>>): Promise<T[]> {
  const found: T[] = [];
  for (let next: PageKey | undefined; ; ) {
    const slice = await page(next);
    found.push(...slice.rows);
    next = slice.next;
    if (next === undefined) return found;
  }
}

/** The consensus encoding of a receipt, from what the index says of it. */
function receiptBytes(receipt: IndexedReceipt, logs: readonly IndexedLog[]): Uint8Array {
  const { type, succeeded, stateRoot } = receipt;
  const body = encodeRlp([
    stateRoot ?? integerBytes(succeeded ? 1n : 0n),
    integerBytes(receipt.cumulativeGasUsed),
    bloomOf(logs),
    logs.map(({ address, topics, data }) => [address, topics, data]),
  ]);
  return type === 0 ? body : concatBytes(Uint8Array.of(type), body);
}

describe.skipIf(!hasData || !hasChdb)(needsData('real blocks in the index'), () => {
  let set: ContentsSet;
  /** Two large ones that follow each other, and small ones of all kinds. */
  const entries = hasData
    ? readJson<{ readonly file: string }[]>('btc-blocks/index.json').filter(
        ({ file }) => /83132[89]/.test(file) || statSync(dataPath(`btc-blocks/${file}`)).size < 300_000,
      )
    : [];
  const heights = [...RAW_BLOCKS, ...RPC_BLOCKS];
  const bitcoin: ForeignBlock[] = [];

  beforeAll(async () => {
    set = await openContentsSet();
    for (const [i, { file }] of entries.entries()) {
      const rawBlock = readBytes(`btc-blocks/${file}`);
      const header = foreignHeader(rawBlock.slice(0, 80), i + 1);
      const block = {
        header,
        rawBlock,
        transactionHashes: parseBlock(rawBlock).transactions.map((one) => one.txid),
      };
      bitcoin.push(block);
      const event = connectOf(BITCOIN, header, i + 1);
      await set.write(BITCOIN, [event], [await bitcoinContents(event, block)]);
    }
    for (const [i, height] of heights.entries()) {
      const block = realBlock(height);
      const event = connectOf(ETHEREUM, block.header, i + 1);
      await set.write(ETHEREUM, [event], [await ethereumContents(event, block)]);
    }
  }, 240_000);
  afterAll(() => set?.close());

  it('Bitcoin: the Merkle root, the size and every txid again from what the index gives back', async () => {
    const snapshot = set.snapshot(BITCOIN, bitcoin.length);
    for (const { header, rawBlock, transactionHashes } of bitcoin) {
      const rows = await all((after) => set.contents.blockTransactions(snapshot, header.hash, 700, after));
      expect(rows.map(({ position }) => position)).toEqual(transactionHashes.map((_, i) => i));
      const raws = rows.map((row) => row.raw);
      const parts = concatBytes(...raws);
      expect(Buffer.compare(parts, rawBlock!.subarray(rawBlock!.length - parts.length))).toBe(0);
      expect(merkleRows(rows.map((row) => row.hash)).at(-1)![0]).toEqual(header.transactionsRoot);
      for (const row of rows) if (row.kind === 'bitcoin') expect(sha256d(row.raw)).toEqual(row.wtxid);
    }
  }, 240_000);

  it('Bitcoin: transactions by hash, outputs by script with their spenders, and spenders', async () => {
    const snapshot = set.snapshot(BITCOIN, bitcoin.length);
    const { transactions } = parseBlock(
      bitcoin.find(({ rawBlock }) => rawBlock!.length > 300_000)!.rawBlock!,
    );
    const spentBy = new Map<string, { readonly txid: Uint8Array; readonly vin: number }>();
    for (const { rawBlock } of bitcoin)
      for (const { txid, transaction } of parseBlock(rawBlock!).transactions)
        for (const [vin, { hash, index }] of transaction.ins.entries())
          spentBy.set(`${toHex(hash)}:${index}`, { txid, vin });
    for (const { txid, transaction } of transactions.filter((_, i) => i % 60 === 0)) {
      const [row] = await set.contents.transaction(snapshot, txid);
      expect(row).toMatchObject({ hash: txid, raw: new Uint8Array(transaction.toBuffer()), canonical: true });
      for (const [vout, { script, value }] of transaction.outs.slice(0, 3).entries()) {
        const outputs = await all((after) =>
          set.contents.outputsByScript(snapshot, { script: new Uint8Array(script) }, 1000, after),
        );
        const own = outputs.find((one) => toHex(one.txid) === toHex(txid) && one.vout === vout)!;
        expect(own).toMatchObject({ value, vout, script: new Uint8Array(script) });
        const spender = spentBy.get(`${toHex(txid)}:${vout}`);
        expect(own.spentBy?.txid).toEqual(spender?.txid);
        const [spend] = await set.contents.spenders(snapshot, { txid, vout });
        expect(spend?.vin).toBe(spender?.vin);
      }
    }
  }, 240_000);

  it('Ethereum: both roots again from what the index gives back', async () => {
    const snapshot = set.snapshot(ETHEREUM, heights.length);
    let checked = 0;
    for (const height of heights) {
      const { header, transactions } = realBlock(height);
      const rows = await all((after) => set.contents.blockTransactions(snapshot, header.hash, 100, after));
      expect(indexTrie(rows.map(({ raw }) => raw)).root).toEqual(header.transactionsRoot);
      const logs = await all((after) =>
        set.contents.logs(snapshot, { from: height, to: height }, 150, after),
      );
      expect(logs.map(({ blockLogIndex }) => blockLogIndex)).toEqual(logs.map((_, i) => i));
      expect(rows.length).toBe(transactions.length);
      // A question for each receipt: of the blocks that are not the largest.
      if (rows.length > 120) continue;
      const receipts: Uint8Array[] = [];
      for (const { hash } of rows) {
        const [receipt] = await set.contents.receipt(snapshot, hash);
        const own = logs.filter((log) => toHex(log.transactionHash) === toHex(hash));
        expect(own.length).toBe(receipt!.logs);
        receipts.push(receiptBytes(receipt!, own));
      }
      expect(indexTrie(receipts).root).toEqual(header.receiptsRoot);
      checked++;
    }
    expect(checked).toBeGreaterThan(2);
  }, 240_000);

  it('Ethereum: by address, newest first, and logs by contract and topics as a plain search finds them', async () => {
    const snapshot = set.snapshot(ETHEREUM, heights.length);
    const everything = [];
    for (const height of heights) {
      const { header } = realBlock(height);
      everything.push(
        ...(await all((after) => set.contents.blockTransactions(snapshot, header.hash, 1000, after))),
      );
    }
    const ordered = everything.sort((a, b) => b.height - a.height || b.position - a.position);
    const ethereum = ordered.flatMap((row) => (row.kind === 'ethereum' ? [row] : []));
    const senders = ethereum.filter((_, i) => i % 50 === 0).flatMap(({ from, to }) => [from, to]);
    for (const address of senders) {
      if (address === undefined) continue;
      const rows = await all((after) => set.contents.transactionsByAddress(snapshot, address, 7, after));
      const text = toHex(address);
      const expected = ethereum.filter((row) =>
        [row.from, row.to, row.created].some((one) => one !== undefined && toHex(one) === text),
      );
      expect(rows).toEqual(expected);
    }

    const logs = await all((after) => set.contents.logs(snapshot, {}, 1000, after));
    const [some] = logs.filter(({ topics }) => topics.length === 3);
    const queries = [
      { addresses: [some!.address] },
      { addresses: [some!.address], topics: [null, some!.topics[1]!] },
      { addresses: [some!.address, logs.at(-1)!.address, logs[3]!.address], from: 15_000_000 },
      { topics: [some!.topics[0]!] },
      { topics: [[some!.topics[0]!, logs.at(-1)!.topics[0]!], null, some!.topics[2]!] },
      { topics: [null, null, null] },
      { from: 17_034_870, to: 17_034_870 },
    ];
    for (const query of queries as LogQuery[]) {
      const { addresses = [], topics = [], from = 0, to = Number.MAX_SAFE_INTEGER } = query;
      const lists = topics.map((topic) => (topic === null ? [] : ([topic].flat() as Uint8Array[])));
      const filter = logFilter(addresses, lists);
      const found = await all((after) => set.contents.logs(snapshot, query, 90, after));
      const expected = logs.filter((log) => log.height >= from && log.height <= to && matches(filter, log));
      expect(found).toEqual(expected);
      expect(found.length).toBeGreaterThan(0);
    }
  }, 240_000);

  it('statistics are the sums of the blocks', async () => {
    const snapshot = set.snapshot(ETHEREUM, heights.length);
    const steps = await set.contents.statistics(snapshot, { from: 0, to: 2 ** 32, step: 2 ** 31 });
    const blocks = heights.map(realBlock);
    expect(steps.reduce((sum, { transactions }) => sum + transactions, 0)).toBe(
      blocks.reduce((sum, { transactions }) => sum + transactions.length, 0),
    );
    expect(steps.reduce((sum, { blocks: count }) => sum + count, 0)).toBe(heights.length);
  });
});
