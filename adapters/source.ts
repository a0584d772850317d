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
  /** A linked run on the source's best chain from height `from`: up to `count`, fewer at the tip, none above it. */
  headers(from: number, count: number): Promise<ForeignHeader[]>;
  /** @throws SourceUnavailableError when it does not know the hash. */
  block(hash: Uint8Array): Promise<ForeignBlock>;
  /** Hash and height of the best-chain block that contains the transaction, if the source can tell. */
  findTransaction(hash: Uint8Array): Promise<SourceTip | undefined>;
  close(): Promise<void>;
}
