import { utf8 } from '../../../proofs/bytes.js';
import { RowWriter } from '../sql/rowBinary.js';
import type { BitcoinTransactionRow, BlockContents, EthereumTransactionRow } from './blockContents.js';
import { transactionInput } from './ethereum.js';
import { CONTENTS_WRITTEN, type WrittenTable } from './schema.js';
import { scriptKinds } from './types.js';

const PLACE = ['chain', 'number', 'height'] as const;
/** Columns of each table in the order in which rows have them. */
export const COLUMNS: Readonly<Record<WrittenTable, readonly string[]>> = {
  blocks: [
    ...PLACE,
    ...[
      'block_hash',
      'time',
      'kind',
      'transactions',
      'inputs',
      'outputs',
      'logs',
      'value',
      'bytes',
      'weight',
    ],
    'gas_used',
  ],
  bitcoin_transactions: [
    ...PLACE,
    ...[
      'position',
      'txid',
      'wtxid',
      'version',
      'lock_time',
      'coinbase',
      'weight',
      'inputs',
      'outputs',
      'value',
    ],
    'raw',
  ],
  bitcoin_coins: [
    ...PLACE,
    ...['script_key', 'position', 'vout', 'txid', 'coinbase', 'value', 'kind', 'script'],
  ],
  bitcoin_spends: [...PLACE, 'spent_txid', 'spent_vout', 'position', 'vin', 'txid', 'sequence'],
  ethereum_transactions: [
    ...PLACE,
    ...[
      'position',
      'hash',
      'type',
      'nonce',
      'known_sender',
      'sender',
      'creates',
      'recipient',
      'created',
      'value',
    ],
    ...['gas', 'max_fee', 'max_tip', 'max_blob_fee', 'price', 'selector', 'raw', 'succeeded', 'state_root'],
    ...['gas_used', 'cumulative_gas_used', 'logs'],
  ],
  ethereum_logs: [
    ...PLACE,
    ...['position', 'log_index', 'block_log_index', 'transaction_hash', 'address', 'topics'],
    ...['topic0', 'topic1', 'topic2', 'topic3', 'data'],
  ],
};

const KIND = { bitcoin: 1, ethereum: 2 } as const;
const SCRIPT_KIND = new Map(scriptKinds.map((kind, i) => [kind, i]));
const NO_ADDRESS = new Uint8Array(20);
const NO_WORD = new Uint8Array(32);
const SELECTOR_BYTES = 4;

/** Rows of all tables, as RowBinary, growing block by block. */
export class ContentsRows {
  readonly tables: Readonly<Record<WrittenTable, RowWriter>>;
  /** The name written last, encoded. */
  #chain: { readonly name: string; readonly bytes: Uint8Array } = { name: '', bytes: new Uint8Array(0) };

  constructor() {
    const writers = CONTENTS_WRITTEN.map((table) => [table, new RowWriter(1024)] as const);
    this.tables = Object.fromEntries(writers) as Record<WrittenTable, RowWriter>;
  }

  /** Bytes of all tables. */
  get size(): number {
    return CONTENTS_WRITTEN.reduce((sum, table) => sum + this.tables[table].size, 0);
  }

  /** One transaction of a block, with all that it has. @param logsBefore logs of the block's transactions before it */
  addTransaction(block: BlockContents, position: number, logsBefore: number): void {
    if (block.kind === 'bitcoin') {
      const row = block.transactions[position];
      if (row !== undefined) this.#bitcoin(block, position, row);
    } else {
      const row = block.transactions[position];
      if (row !== undefined) this.#ethereum(block, position, row, logsBefore);
    }
  }

  /** The block's own row. */
  addBlock(block: BlockContents): void {
    const sums = sumsOf(block);
    this.#place(this.tables.blocks, block)
      .fixed(block.blockHash, 32)
      .uint64(block.time)
      .uint8(KIND[block.kind])
      .uint32(block.transactions.length)
      .uint32(sums.inputs)
      .uint32(sums.outputs)
      .uint32(sums.logs)
      .uint256(sums.value)
      .uint64(sums.bytes)
      .uint64(sums.weight)
      .uint64(sums.gasUsed)
      .endRow();
  }

  #place(rows: RowWriter, { chain, number, height }: BlockContents): RowWriter {
    if (this.#chain.name !== chain) this.#chain = { name: chain, bytes: utf8(chain) };
    return rows.bytes(this.#chain.bytes).uint64(number).uint64(height);
  }

  #bitcoin(block: BlockContents, position: number, row: BitcoinTransactionRow): void {
    this.#place(this.tables.bitcoin_transactions, block)
      .uint32(position)
      .fixed(row.txid, 32)
      .fixed(row.wtxid, 32)
      .int32(row.version)
      .uint32(row.lockTime)
      .bool(row.coinbase)
      .uint32(row.weight)
      .uint32(row.inputs.length)
      .uint32(row.outputs.length)
      // Each output is at most all coins; their sum, in a block that no full node takes, could be longer than the column.
      .uint64(BigInt.asUintN(64, row.value))
      .bytes(row.raw)
      .endRow();
    for (const [vout, { value, script, scriptKey, kind }] of row.outputs.entries())
      this.#place(this.tables.bitcoin_coins, block)
        .uint64(scriptKey)
        .uint32(position)
        .uint32(vout)
        .fixed(row.txid, 32)
        .bool(row.coinbase)
        .uint64(value)
        .uint8(SCRIPT_KIND.get(kind) ?? 0)
        .bytes(script)
        .endRow();
    for (const [vin, { txid, vout, sequence }] of row.inputs.entries())
      this.#place(this.tables.bitcoin_spends, block)
        .fixed(txid, 32)
        .uint32(vout)
        .uint32(position)
        .uint32(vin)
        .fixed(row.txid, 32)
        .uint32(sequence)
        .endRow();
  }

  #ethereum(block: BlockContents, position: number, row: EthereumTransactionRow, logsBefore: number): void {
    this.#place(this.tables.ethereum_transactions, block)
      .uint32(position)
      .fixed(row.hash, 32)
      .uint8(row.type)
      .uint64(row.nonce)
      .bool(row.from !== undefined)
      .fixed(row.from ?? NO_ADDRESS, 20)
      .bool(row.to === undefined)
      .fixed(row.to ?? NO_ADDRESS, 20)
      .fixed(row.created ?? NO_ADDRESS, 20)
      .uint256(row.value)
      .uint64(row.gas)
      .uint256(row.maxFeePerGas)
      .uint256(row.maxPriorityFeePerGas)
      .nullable(row.maxFeePerBlobGas, (fee, rows) => rows.uint256(fee))
      .uint256(row.effectiveGasPrice)
      .fixed(selectorOf(row.raw), SELECTOR_BYTES)
      .bytes(row.raw)
      .nullable(row.succeeded, (value, rows) => rows.bool(value))
      .fixed(row.stateRoot ?? NO_WORD, 32)
      .uint64(row.gasUsed)
      .uint64(row.cumulativeGasUsed)
      .uint32(row.logs.length)
      .endRow();
    for (const [logIndex, { address, topics, data }] of row.logs.entries()) {
      const rows = this.#place(this.tables.ethereum_logs, block)
        .uint32(position)
        .uint32(logIndex)
        .uint32(logsBefore + logIndex)
        .fixed(row.hash, 32)
        .fixed(address, 20)
        .uint8(topics.length);
      for (let i = 0; i < 4; i++) rows.fixed(topics[i] ?? NO_WORD, 32);
      rows.bytes(data).endRow();
    }
  }
}

function selectorOf(raw: Uint8Array): Uint8Array {
  const selector = new Uint8Array(SELECTOR_BYTES);
  selector.set(transactionInput(raw).subarray(0, SELECTOR_BYTES));
  return selector;
}

interface Sums {
  inputs: number;
  outputs: number;
  logs: number;
  value: bigint;
  bytes: number;
  weight: number;
  gasUsed: bigint;
}

function sumsOf(block: BlockContents): Sums {
  const sums: Sums = { inputs: 0, outputs: 0, logs: 0, value: 0n, bytes: 0, weight: 0, gasUsed: 0n };
  for (const { value, raw } of block.transactions) {
    sums.value += value;
    sums.bytes += raw.length;
  }
  if (block.kind === 'bitcoin')
    for (const { inputs, outputs, weight } of block.transactions) {
      sums.inputs += inputs.length;
      sums.outputs += outputs.length;
      sums.weight += weight;
    }
  else
    for (const { logs, gasUsed } of block.transactions) {
      sums.logs += logs.length;
      sums.gasUsed += gasUsed;
    }
  // The sum of amounts that do not exist could be longer than the column.
  sums.value = BigInt.asUintN(256, sums.value);
  return sums;
}
