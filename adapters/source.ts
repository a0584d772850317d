import type { ForeignHeader } from './types.js';

export interface SourceTip {
  readonly height: number;
  /** Internal byte order. */
  readonly hash: Uint8Array;
}

/** A block with all that proofs of it need, already checked against its header's roots. */
export interface ForeignBlock {
  readonly header: ForeignHeader;
  /** Transaction hashes in block order, internal byte order. */
  readonly transactionHashes: readonly Uint8Array[];
  /** Bitcoin: the raw block. Ethereum: absent. */
  readonly rawBlock?: Uint8Array;
  /** Ethereum: consensus encodings (typed envelopes included) in block order. */
  readonly transactions?: readonly Uint8Array[];
  readonly receipts?: readonly Uint8Array[];
  /** Ethereum since Shanghai: RLP of each withdrawal in block order; absent where the block has no withdrawals root. */
  readonly withdrawals?: readonly Uint8Array[];
}

/** Trie nodes of one account and some of its storage slots in one block's state, already checked against that block's state root. */
export interface AccountNodes {
  /** The block whose state it is. */
  readonly header: ForeignHeader;
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** From the state root down; they show either the account or that there is none. */
  readonly accountNodes: readonly Uint8Array[];
  /** In the order asked for; nodes from the account's storage root down, none for an account without storage. */
  readonly slots: readonly { readonly key: Uint8Array; readonly nodes: readonly Uint8Array[] }[];
}

/** Where an adapter reads one chain from. Every answer is checked as far as it can be without trust. */
export interface Source {
  /** For logs and errors; holds no secret. */
  readonly name: string;
  readonly chain: string;
  /** Checks that the source is of this network. @throws SourceFaultError, SourceUnavailableError */
  check(): Promise<void>;
  tip(): Promise<SourceTip>;
  /** Newest block that the chain itself calls final, where it has such a thing. */
  finalized(): Promise<SourceTip | undefined>;
  /** Newest block that the chain itself calls safe: justified, not yet final. Left out by kinds that know no such thing. */
  safe?(): Promise<SourceTip | undefined>;
  /** A linked run on the source's best chain from height `from`: up to `count`, fewer at the tip, none above it. */
  headers(from: number, count: number): Promise<ForeignHeader[]>;
  /** @throws SourceUnavailableError when it does not know the hash. */
  block(hash: Uint8Array): Promise<ForeignBlock>;
  /** Hash and height of the best-chain block that contains the transaction, if the source can tell. */
  findTransaction(hash: Uint8Array): Promise<SourceTip | undefined>;
  /**
   * An account and storage slots of it in the state after that very block.
   * @param slots keys, 32 bytes each
   * @throws SourceFaultError for nodes that do not lead down from the block's state root; SourceUnavailableError where
   * the state is not kept
   */
  proof?(address: Uint8Array, slots: readonly Uint8Array[], blockHash: Uint8Array): Promise<AccountNodes>;
  /** A contract's code in the state after that block, empty where there is none. The caller compares its hash. */
  code?(address: Uint8Array, blockHash: Uint8Array): Promise<Uint8Array>;
  /** Calls `listener` when there may be a new tip, where the source is told of them. @returns what ends it */
  subscribe?(listener: () => void): () => void;
  /** How many ranges of headers may be asked for at once. Default 1. */
  readonly parallelRanges?: number;
  /** Seconds by which this machine's clock is ahead of the source's, negative if behind; left out where it tells no time. */
  readonly clockSkew?: number | undefined;
  close(): Promise<void>;
}
