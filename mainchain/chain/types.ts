import type { ChainKind } from '../../adapters/types.js';
import type { Bls } from '../../proofs/bls/bls.js';
import type { Certificate, DelegateSet } from '../../proofs/containers/consensus.js';
import type { MainHeader } from '../../proofs/containers/header.js';
import type { Receipt, SignedBlock, SignedTransaction } from '../../proofs/containers/transaction.js';
import type { Schedule } from './schedule.js';

export interface ChainOptions {
  readonly bls: Bls;
  /** Kinds of foreign chain that this node knows the rules of: `adapters/registry.ts`. Part of consensus. */
  readonly kinds: readonly ChainKind[];
  /** Default: `roundRobin`. */
  readonly schedule?: Schedule;
  /** How far ahead of this node's clock a slot may begin. Default 250 ms. */
  readonly maxClockDrift?: number;
}

/** A block of the tree, without its body. */
export interface BlockEntry {
  readonly root: Uint8Array;
  readonly header: MainHeader;
}

export interface ImportResult extends BlockEntry {
  /** `known`: it was in the tree already. */
  readonly status: 'imported' | 'known';
}

export interface BuildInput {
  readonly parentRoot: Uint8Array;
  readonly slot: number;
  /** Index in the set of the block's term. */
  readonly producer: number;
  /** Tried in this order; those that do not fit are left out. */
  readonly transactions: readonly SignedTransaction[];
  /** One that closes the parent's term makes the block the first of the next term. */
  readonly certificate?: Certificate;
  readonly extra?: Uint8Array;
}

/** A transaction that was left out, and why. */
export interface Dropped {
  readonly transaction: SignedTransaction;
  readonly reason: string;
  /** It may fit a later block. */
  readonly retryable: boolean;
}

export interface BuiltBlock extends BlockEntry {
  readonly block: SignedBlock;
  readonly dropped: readonly Dropped[];
}

/** Signs a 32-byte signing root with the producer's BLS key: 96 bytes. */
export type BlockSigner = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** Where a transaction is. */
export interface TransactionLocation {
  readonly blockRoot: Uint8Array;
  readonly height: number;
  /** Within the block. */
  readonly position: number;
  readonly receipt: Receipt;
}

/** The delegate sets around a block. */
export interface SetsAt {
  readonly current: DelegateSet;
  /** Final once the header's height reaches `termStart + termBlocks - 1`. */
  readonly next: DelegateSet;
}
