import { keccak_256 } from '@noble/hashes/sha3.js';
import { foreignEthereumHeader } from '../../../adapters/ethereum/rules/header.js';
import { encodeHeaderJson } from '../../../adapters/ethereum/sources/encodeHeader.js';
import { encodeReceiptJson } from '../../../adapters/ethereum/sources/encodeReceipt.js';
import { encodeTransactionJson } from '../../../adapters/ethereum/sources/encodeTransaction.js';
import { encodeWithdrawalJson } from '../../../adapters/ethereum/sources/encodeWithdrawal.js';
import { type RpcObject, rpcHeight } from '../../../adapters/ethereum/sources/fields.js';
import type { ForeignBlock } from '../../../adapters/source.js';
import { fromHex } from '../../../proofs/bytes.js';
import { readJson } from '../folder.js';

/** Mainnet blocks whose transactions and receipts are there as raw bytes: London to Prague, the borders of forks among them. */
export const RAW_BLOCKS = [14764013, 15537393, 17034869, 17034870, 19426587, 22431084];
/** Mainnet blocks with transactions and receipts as nodes answer them. */
export const RPC_BLOCKS = [19433902];
/** One with receipts alone. */
export const RECEIPTS_ONLY = 21925176;

export interface RealBlock extends ForeignBlock {
  readonly transactions: readonly Uint8Array[];
  readonly receipts: readonly Uint8Array[];
}

interface RawBlock {
  readonly headerRlp: string;
  readonly transactions: readonly string[];
  readonly receipts: readonly string[];
  readonly withdrawals: readonly string[] | null;
}

interface RpcBlock {
  readonly block: RpcObject;
  readonly receipts: RpcObject[];
}

/** A block of the shared folder, whichever form it has; without its transactions where they are not there. */
export function realBlock(height: number): RealBlock {
  const raws = (list: readonly string[]) => list.map((raw) => fromHex(raw));
  if (RAW_BLOCKS.includes(height)) {
    const block = readJson<RawBlock>(`eth-blocks/mainnet_${height}.json`);
    const header = foreignEthereumHeader(fromHex(block.headerRlp), height);
    const transactions = raws(block.transactions);
    const withdrawals = block.withdrawals === null ? {} : { withdrawals: raws(block.withdrawals) };
    return { header, ...bodies(transactions, raws(block.receipts)), ...withdrawals };
  }
  const { block, receipts } = readJson<RpcBlock>(`eth-blocks/mainnet_${height}_rpc_block_receipts.json`);
  const header = foreignEthereumHeader(encodeHeaderJson(block), rpcHeight(block.number, 'number'));
  const listed = (block.transactions as readonly unknown[]).filter((one) => typeof one === 'object');
  const transactions = (listed as RpcObject[]).map(encodeTransactionJson);
  const withdrawals = (block.withdrawals as RpcObject[]).map((one) => encodeWithdrawalJson(one));
  return { header, ...bodies(transactions, receipts.map(encodeReceiptJson)), withdrawals };
}

function bodies(transactions: readonly Uint8Array[], receipts: readonly Uint8Array[]) {
  return { transactions, receipts, transactionHashes: transactions.map((raw) => keccak_256(raw)) };
}
