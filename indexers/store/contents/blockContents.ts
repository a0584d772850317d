import type { ScriptKind } from './types.js';

/**
 * A block's contents as they are written: a function of the block, and of the number of the event that first connected it.
 * Bytes may be views of the block that they were read from.
 */
interface BlockRow {
  readonly chain: string;
  /** Of the event that connected the block. */
  readonly number: number;
  readonly height: number;
  readonly blockHash: Uint8Array;
  /** Unix seconds. */
  readonly time: number;
}

export interface BitcoinTransactionRow {
  readonly txid: Uint8Array;
  readonly wtxid: Uint8Array;
  readonly version: number;
  readonly lockTime: number;
  readonly coinbase: boolean;
  readonly weight: number;
  readonly inputs: readonly BitcoinInputRow[];
  readonly outputs: readonly BitcoinOutputRow[];
  /** Of all outputs, satoshi. */
  readonly value: bigint;
  /** With witness. */
  readonly raw: Uint8Array;
}

/** An input that spends an output. What satisfies the output's script is in the transaction. */
export interface BitcoinInputRow {
  readonly txid: Uint8Array;
  readonly vout: number;
  readonly sequence: number;
}

export interface BitcoinOutputRow {
  readonly value: bigint;
  readonly script: Uint8Array;
  /** First eight bytes of the script's SHA-256, as a little-endian number. */
  readonly scriptKey: bigint;
  readonly kind: ScriptKind;
}

export interface BitcoinContents extends BlockRow {
  readonly kind: 'bitcoin';
  readonly transactions: readonly BitcoinTransactionRow[];
}

/** A transaction with its receipt. */
export interface EthereumTransactionRow {
  readonly hash: Uint8Array;
  readonly type: number;
  readonly nonce: bigint;
  readonly from: Uint8Array | undefined;
  readonly to: Uint8Array | undefined;
  readonly created: Uint8Array | undefined;
  readonly value: bigint;
  readonly gas: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly maxFeePerBlobGas: bigint | undefined;
  readonly effectiveGasPrice: bigint;
  /** Consensus encoding. */
  readonly raw: Uint8Array;
  readonly succeeded: boolean | undefined;
  readonly stateRoot: Uint8Array | undefined;
  readonly gasUsed: bigint;
  readonly cumulativeGasUsed: bigint;
  readonly logs: readonly EthereumLogRow[];
}

export interface EthereumLogRow {
  readonly address: Uint8Array;
  readonly topics: readonly Uint8Array[];
  readonly data: Uint8Array;
}

export interface EthereumContents extends BlockRow {
  readonly kind: 'ethereum';
  readonly transactions: readonly EthereumTransactionRow[];
}

export type BlockContents = BitcoinContents | EthereumContents;
