import { keccak_256 } from '@noble/hashes/sha3.js';
import { Transaction as EthersTransaction } from 'ethers';
import { describe, expect, it } from 'vitest';
import { parseBlock } from '../../adapters/bitcoin/blocks/block.js';
import { merkleRows } from '../../adapters/bitcoin/proofs/merkle.js';
import { foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { decodeReceipt, decodeTransaction } from '../../adapters/ethereum/proofs/index.js';
import type { RpcObject } from '../../adapters/ethereum/sources/fields.js';
import type { ForeignBlock } from '../../adapters/source.js';
import { bitcoinContents } from '../../indexers/store/contents/bitcoin.js';
import type { EthereumTransactionRow } from '../../indexers/store/contents/blockContents.js';
import { ethereumContents, transactionInput } from '../../indexers/store/contents/ethereum.js';
import { fromHex, toHex } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import { connectOf } from '../support/contents/events.js';
import { RAW_BLOCKS, realBlock } from './ethereum/blocks.js';
import { hasData, needsData, readBytes, readJson } from './folder.js';

interface Entry {
  readonly file: string;
  readonly hash: string;
  readonly ntx: number;
  readonly bytes?: number;
}

/** A whole block of the shared folder, at some height. */
function bitcoinBlock(file: string): ForeignBlock {
  const rawBlock = readBytes(`btc-blocks/${file}`);
  return {
    header: foreignHeader(rawBlock.slice(0, 80), 1),
    transactionHashes: parseBlock(rawBlock).transactions.map(({ txid }) => txid),
    rawBlock,
  };
}

describe.skipIf(!hasData)(needsData('contents of real Bitcoin blocks'), () => {
  const entries = hasData ? readJson<Entry[]>('btc-blocks/index.json') : [];

  it.each(entries)('$file: as another parser reads it', async ({ file, ntx }) => {
    const block = bitcoinBlock(file);
    const contents = await bitcoinContents(connectOf('bitcoin-mainnet', block.header), block);
    const parsed = parseBlock(block.rawBlock!);
    expect(contents.transactions.length).toBe(ntx);
    expect(merkleRows(contents.transactions.map(({ txid }) => txid)).at(-1)![0]).toEqual(
      block.header.transactionsRoot,
    );
    // As text, compared at once: a block has thousands of each.
    const text = contents.transactions.map((row) =>
      [
        ...[toHex(row.txid), toHex(row.wtxid), row.weight, row.version, row.lockTime, row.coinbase],
        ...row.inputs.map((one) => [toHex(one.txid), one.vout, one.sequence]),
        ...row.outputs.map((one) => [one.value, toHex(one.script)]),
      ].join(),
    );
    const other = parsed.transactions.map(({ txid, wtxid, transaction }) =>
      [
        ...[toHex(txid), toHex(wtxid), transaction.weight(), transaction.version, transaction.locktime],
        transaction.isCoinbase(),
        ...(transaction.isCoinbase() ? [] : transaction.ins).map((one) => [
          ...[toHex(one.hash), one.index, one.sequence],
        ]),
        ...transaction.outs.map((one) => [one.value, toHex(one.script)]),
      ].join(),
    );
    expect(text).toEqual(other);
    expect(contents.transactions.map(({ raw }) => toHex(sha256d(raw)))).toEqual(
      contents.transactions.map(({ wtxid }) => toHex(wtxid)),
    );
  });

  it('a block without its raw form, or with bytes too many, is refused', async () => {
    const { rawBlock, ...block } = bitcoinBlock(entries[0]!.file);
    const event = connectOf('bitcoin-mainnet', block.header);
    await expect(bitcoinContents(event, block)).rejects.toThrow(/without its raw form/);
    const longer = Uint8Array.from([...rawBlock!, 0]);
    await expect(bitcoinContents(event, { ...block, rawBlock: longer })).rejects.toThrow(/1 bytes too many/);
  });
});

async function rowsOf(height: number): Promise<readonly EthereumTransactionRow[]> {
  const block = realBlock(height);
  return (await ethereumContents(connectOf('ethereum-mainnet', block.header), block)).transactions;
}

describe.skipIf(!hasData)(needsData('contents of real Ethereum blocks'), () => {
  it.each(RAW_BLOCKS)('mainnet %i: as another library reads it', async (height) => {
    const { transactions, receipts, header } = realBlock(height);
    const rows = await rowsOf(height);
    expect(rows.length).toBe(transactions.length);
    for (const [i, row] of rows.entries()) {
      const raw = transactions[i]!;
      const other = EthersTransaction.from(toHex(raw));
      expect(toHex(row.from!)).toBe(other.from!.toLowerCase());
      expect(row).toMatchObject({
        type: other.type,
        nonce: BigInt(other.nonce),
        value: other.value,
        gas: other.gasLimit,
        maxFeePerGas: other.maxFeePerGas ?? other.gasPrice,
        maxPriorityFeePerGas: other.maxPriorityFeePerGas ?? other.gasPrice,
        maxFeePerBlobGas: other.maxFeePerBlobGas ?? undefined,
        raw,
      });
      expect(toHex(row.hash)).toBe(other.hash);
      expect(row.to === undefined ? null : toHex(row.to)).toBe(other.to?.toLowerCase() ?? null);
      expect(toHex(transactionInput(row.raw))).toBe(other.data);
      expect(transactionInput(row.raw)).toEqual(decodeTransaction(raw).input);
      expect(row.logs).toEqual(decodeReceipt(receipts[i]!).logs);
    }
    const total = rows.reduce((sum, { gasUsed }) => sum + gasUsed, 0n);
    expect(total).toBe(rows.at(-1)?.cumulativeGasUsed ?? 0n);
    expect(keccak_256(header.raw)).toEqual(header.hash);
  });

  it('19433902: senders, prices, gas and contracts as a node answers them', async () => {
    const { receipts } = readJson<{ receipts: RpcObject[] }>(
      'eth-blocks/mainnet_19433902_rpc_block_receipts.json',
    );
    const rows = await rowsOf(19433902);
    expect(rows.length).toBe(receipts.length);
    for (const [i, row] of rows.entries()) {
      const told = receipts[i]!;
      expect(toHex(row.hash)).toBe(told.transactionHash);
      expect(toHex(row.from!)).toBe(told.from);
      expect(row.effectiveGasPrice).toBe(BigInt(told.effectiveGasPrice as string));
      expect(row.gasUsed).toBe(BigInt(told.gasUsed as string));
      expect(row.succeeded).toBe(told.status === '0x1');
      expect(row.created === undefined ? null : toHex(row.created)).toBe(told.contractAddress);
      expect(row.logs.length).toBe((told.logs as unknown[]).length);
    }
  });

  it('blocks without receipts, or of gas that falls, are refused', async () => {
    const block = realBlock(17034869);
    const event = connectOf('ethereum-mainnet', block.header);
    const { receipts, ...bare } = block;
    await expect(ethereumContents(event, bare)).rejects.toThrow(/without its transactions and receipts/);
    const turned = { ...block, receipts: receipts.toReversed() };
    await expect(ethereumContents(event, turned)).rejects.toThrow(/below that of the transaction before/);
    const unknown = { ...block, transactions: [fromHex('0x7e'), ...block.transactions.slice(1)] };
    await expect(ethereumContents(event, unknown)).rejects.toThrow(/type 126, which is not known/);
  });
});
