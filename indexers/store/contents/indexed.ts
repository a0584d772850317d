import type * as z from 'zod';
import type { BlockOfRow } from './blocks.js';
import { transactionInput } from './ethereum.js';
import type { BitcoinRow, EthereumRow, LogRow, ReceiptRow, statisticsRow } from './rows.js';
import type {
  IndexedBitcoinTransaction,
  IndexedEthereumTransaction,
  IndexedLog,
  IndexedReceipt,
  IndexedStatistics,
  InTransaction,
} from './types.js';

function placeOf(row: BlockOfRow & { readonly height: number; readonly position: number }): InTransaction {
  const { height, blockHash, time, canonical, position } = row;
  return { height, blockHash, time, canonical, position };
}

export function bitcoinTransaction(
  row: Omit<BitcoinRow, keyof BlockOfRow> & BlockOfRow,
): IndexedBitcoinTransaction {
  return {
    kind: 'bitcoin',
    ...placeOf(row),
    hash: row.hash_text,
    wtxid: row.wtxid_text,
    version: row.version,
    lockTime: row.lock_time,
    coinbase: row.coinbase,
    size: row.raw_text.length,
    weight: row.weight,
    inputs: row.inputs,
    outputs: row.outputs,
    value: row.value_text,
    raw: row.raw_text,
  };
}

/** Who takes part in a transaction: nobody where a flag says so, whatever the column holds. */
function parties(
  row: Pick<EthereumRow, 'known_sender' | 'sender_text' | 'creates' | 'recipient_text' | 'created_text'>,
) {
  return {
    from: row.known_sender ? row.sender_text : undefined,
    to: row.creates ? undefined : row.recipient_text,
    created: row.creates && row.known_sender ? row.created_text : undefined,
  };
}

export function ethereumTransaction(
  row: Omit<EthereumRow, keyof BlockOfRow> & BlockOfRow,
): IndexedEthereumTransaction {
  return {
    kind: 'ethereum',
    ...placeOf(row),
    hash: row.hash_text,
    type: row.type,
    nonce: row.nonce_text,
    ...parties(row),
    value: row.value_text,
    gas: row.gas_text,
    maxFeePerGas: row.max_fee_text,
    maxPriorityFeePerGas: row.max_tip_text,
    maxFeePerBlobGas: row.max_blob_fee_text ?? undefined,
    effectiveGasPrice: row.price_text,
    input: transactionInput(row.raw_text),
    raw: row.raw_text,
  };
}

export function receiptOf(row: Omit<ReceiptRow, keyof BlockOfRow> & BlockOfRow): IndexedReceipt {
  return {
    ...placeOf(row),
    transactionHash: row.hash_text,
    type: row.type,
    succeeded: row.succeeded ?? undefined,
    stateRoot: row.succeeded === null ? row.state_root_text : undefined,
    gasUsed: row.gas_used_text,
    cumulativeGasUsed: row.cumulative_gas_used_text,
    effectiveGasPrice: row.price_text,
    ...parties(row),
    logs: row.logs,
  };
}

export function statisticsOf(row: z.infer<typeof statisticsRow>): IndexedStatistics {
  return {
    time: row.begin,
    blocks: row.block_count,
    transactions: row.transaction_count,
    outputs: row.output_count,
    inputs: row.input_count,
    value: row.value_text,
    bytes: row.byte_count,
    weight: row.weight_count,
    gasUsed: row.gas_used_text,
    logs: row.log_count,
  };
}

export function indexedLog(row: LogRow & BlockOfRow): IndexedLog {
  return {
    ...placeOf(row),
    transactionHash: row.hash_text,
    logIndex: row.log_index,
    blockLogIndex: row.block_log_index,
    address: row.address_text,
    topics: row.topic_texts.slice(0, row.topics),
    data: row.data_text,
  };
}
