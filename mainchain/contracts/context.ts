import type { ChainKind, NetworkInfo } from '../../adapters/types.js';
import type { Bls } from '../../proofs/bls/bls.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import type { TermInfo } from '../chain/schedule.js';

/** Foreign headers that one block may have validated in all: what bounds its cost. */
export const BLOCK_HEADER_BUDGET = 4096;
/** Foreign headers in one batch. */
export const MAX_BATCH_HEADERS = 2016;
/** Headers in a batch that only shows a reorganisation deeper than the window. */
export const MAX_EVIDENCE_HEADERS = 4096;

/** What one update of a committee's finality counts against that budget, its signers apart: some milliseconds, as that many headers take. */
export const UPDATE_COST = 64;
/** Bytes of an update's signers that count as one header: two keys to read and check. */
export const SIGNER_BYTES = 96;
/**
 * Blocks by which a committee's finality may be ahead of the newest leaf: what bounds the headers that wait in the state. Four periods
 * of Ethereum's sync committees; one update moves finality by less than two.
 */
export const MAX_FINALITY_LEAD = 32_768;

/** What a call knows of the block that it is in. */
export interface BlockContext {
  readonly genesis: Genesis;
  readonly genesisRoot: Uint8Array;
  readonly height: number;
  /** Unix seconds at which the slot begins: the only clock there is. */
  readonly now: number;
  /** Term of this block, with the current set. */
  readonly term: TermInfo;
  readonly bls: Bls;
  readonly kinds: readonly ChainKind[];
}

/** A kind and one of its networks. */
export interface Network {
  readonly kind: ChainKind;
  readonly info: NetworkInfo;
}

export function findNetwork(kinds: readonly ChainKind[], code: number, name: string): Network | undefined {
  const kind = kinds.find((k) => k.code === code);
  const info = kind?.networks.find((n) => n.name === name);
  return kind === undefined || info === undefined ? undefined : { kind, info };
}
