/**
 * What the index says of blocks' contents. Hashes in internal byte order, 32 bytes; addresses 20 bytes; amounts in the chain's
 * smallest unit (satoshi, wei), exactly.
 */

/** The block that something is in. */
export interface InBlock {
  readonly height: number;
  readonly blockHash: Uint8Array;
  /** The block's own time, Unix seconds. */
  readonly time: number;
  /** Whether the block is on the best chain of the view that was read. */
  readonly canonical: boolean;
}

/** Position of a transaction in its block, from 0. */
export interface InTransaction extends InBlock {
  readonly position: number;
}

export interface IndexedBitcoinTransaction extends InTransaction {
  readonly kind: 'bitcoin';
  /** The txid. */
  readonly hash: Uint8Array;
  /** Hash with witness (BIP141); equal to the txid without one. */
  readonly wtxid: Uint8Array;
  /** Signed, as in Bitcoin Core. */
  readonly version: number;
  readonly lockTime: number;
  readonly coinbase: boolean;
  /** Bytes with witness. */
  readonly size: number;
  /** Weight units (BIP141): three times the size without witness and the size with it. */
  readonly weight: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Of all outputs, satoshi. */
  readonly value: bigint;
  /** With witness. */
  readonly raw: Uint8Array;
}

export interface IndexedEthereumTransaction extends InTransaction {
  readonly kind: 'ethereum';
  readonly hash: Uint8Array;
  /** EIP-2718 type; 0 for legacy. */
  readonly type: number;
  readonly nonce: bigint;
  /** Recovered from the signature; `undefined` where that is none, as of transactions that a development node makes up. */
  readonly from: Uint8Array | undefined;
  /** `undefined` where it creates a contract. */
  readonly to: Uint8Array | undefined;
  /** Address of the contract that it creates, whether that succeeded or not. */
  readonly created: Uint8Array | undefined;
  /** wei */
  readonly value: bigint;
  /** Limit. */
  readonly gas: bigint;
  /** wei a unit of gas: what it offers at most (the gas price of types 0 and 1). */
  readonly maxFeePerGas: bigint;
  /** wei a unit of gas: the tip at most (the gas price of types 0 and 1). */
  readonly maxPriorityFeePerGas: bigint;
  /** wei a unit of blob gas; `undefined` in types without blobs. */
  readonly maxFeePerBlobGas: bigint | undefined;
  /** wei a unit of gas, as it was paid (EIP-1559). */
  readonly effectiveGasPrice: bigint;
  readonly input: Uint8Array;
  /** Consensus encoding. */
  readonly raw: Uint8Array;
}

export type IndexedTransaction = IndexedBitcoinTransaction | IndexedEthereumTransaction;

/** Standard forms of an output script (Bitcoin Core `Solver`), and `other`. */
export const scriptKinds = [
  'other',
  'pubkey',
  'pubkeyhash',
  'scripthash',
  'multisig',
  'nulldata',
  'witness_v0_keyhash',
  'witness_v0_scripthash',
  'witness_v1_taproot',
  'witness_unknown',
  'anchor',
] as const;
export type ScriptKind = (typeof scriptKinds)[number];

/** Who spends an output in the view that was read. */
export interface SpentBy {
  /** The spending transaction. */
  readonly txid: Uint8Array;
  /** Its input, from 0. */
  readonly vin: number;
  readonly height: number;
  readonly blockHash: Uint8Array;
}

export interface IndexedOutput extends InTransaction {
  readonly txid: Uint8Array;
  /** Output of its transaction, from 0. */
  readonly vout: number;
  /** satoshi */
  readonly value: bigint;
  readonly script: Uint8Array;
  readonly kind: ScriptKind;
  readonly coinbase: boolean;
  /** `undefined` while unspent in this view. */
  readonly spentBy: SpentBy | undefined;
}

/** An input that spends an output. */
export interface IndexedSpend extends InTransaction {
  /** The spending transaction. */
  readonly txid: Uint8Array;
  /** Its input, from 0. */
  readonly vin: number;
  /** What is spent. */
  readonly outpoint: Outpoint;
  readonly sequence: number;
  readonly scriptSig: Uint8Array;
  /** Items of its witness stack. */
  readonly witness: readonly Uint8Array[];
}

export interface Outpoint {
  readonly txid: Uint8Array;
  readonly vout: number;
}

export interface IndexedReceipt extends InTransaction {
  readonly transactionHash: Uint8Array;
  /** EIP-2718 type; 0 for legacy. */
  readonly type: number;
  /** `undefined` before Byzantium (EIP-658). */
  readonly succeeded: boolean | undefined;
  /** State root after the transaction, before Byzantium. */
  readonly stateRoot: Uint8Array | undefined;
  readonly gasUsed: bigint;
  readonly cumulativeGasUsed: bigint;
  /** wei a unit of gas, as it was paid. */
  readonly effectiveGasPrice: bigint;
  readonly from: Uint8Array | undefined;
  readonly to: Uint8Array | undefined;
  /** The contract that it created. */
  readonly created: Uint8Array | undefined;
  /** Number of its logs. */
  readonly logs: number;
}

export interface IndexedLog extends InTransaction {
  readonly transactionHash: Uint8Array;
  /** Among the transaction's logs, from 0. */
  readonly logIndex: number;
  /** Among the block's logs, from 0. */
  readonly blockLogIndex: number;
  readonly address: Uint8Array;
  /** At most four of 32 bytes. */
  readonly topics: readonly Uint8Array[];
  readonly data: Uint8Array;
}

/** One topic's place in a filter: any topic (but there has to be one), this one, or one of these. */
export type TopicFilter = Uint8Array | readonly Uint8Array[] | null;

/** Which logs: as `eth_getLogs` has it. */
export interface LogQuery {
  /** One of these contracts; none means any. */
  readonly addresses?: readonly Uint8Array[];
  /** At most four; a shorter list says nothing of the topics after it. Logs with fewer topics than places do not fit. */
  readonly topics?: readonly TopicFilter[];
  /** First height. */
  readonly from?: number;
  /** Last height. */
  readonly to?: number;
}

/** What happened on the best chain in one step of time. Numbers that a kind of chain does not have are zero. */
export interface IndexedStatistics {
  /** Begin of the step, Unix seconds. */
  readonly time: number;
  readonly blocks: number;
  readonly transactions: number;
  /** Bitcoin: outputs made and spent; their value in satoshi. Ethereum: value of the transactions in wei. */
  readonly outputs: number;
  readonly inputs: number;
  readonly value: bigint;
  /** Bytes of the blocks' transactions. */
  readonly bytes: number;
  /** Bitcoin, weight units. */
  readonly weight: number;
  readonly gasUsed: bigint;
  readonly logs: number;
}
