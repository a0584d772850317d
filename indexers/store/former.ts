import type { NumberedEvidence } from '../follow/evidence.js';
import type { ChainEvent } from '../log/event.js';

/** A header of any branch that ever was the best one. Hashes in internal byte order. */
export interface IndexedHeader {
  readonly height: number;
  readonly hash: Uint8Array;
  readonly parentHash: Uint8Array;
  /** Unix seconds. */
  readonly time: number;
  readonly raw: Uint8Array;
  /** Whether it is on the best chain. */
  readonly canonical: boolean;
  /** Number of the last event about it. */
  readonly number: number;
}

export interface Reorganisation {
  /** Number of the first disconnect. */
  readonly number: number;
  /** Last height that both branches share. */
  readonly forkHeight: number;
  /** Blocks undone. */
  readonly depth: number;
  readonly oldTipHeight: number;
  readonly oldTipHash: Uint8Array;
}

/** One chain's commitment in a finalised main-chain block. */
export interface IndexedCommitment {
  readonly mainHeight: number;
  readonly mainRoot: Uint8Array;
  readonly status: number;
  readonly epoch: number;
  readonly start: number;
  readonly size: number;
  readonly historyRoot: Uint8Array;
  readonly tipHeight: number;
  readonly tipHash: Uint8Array;
  readonly reorgCount: number;
  readonly policyVersion: number;
}

export interface ChainCounts {
  readonly chain: string;
  /** Headers of every branch. */
  readonly headers: number;
  readonly canonical: number;
  readonly reorganisations: number;
  readonly commitments: number;
  readonly height: number | undefined;
  readonly finalizedHeight: number | undefined;
}

export interface HeaderQuery {
  /** First height. */
  readonly from: number;
  /** Last height. */
  readonly to?: number;
  readonly limit: number;
  /** Branches that lost as well. Default false. */
  readonly branches?: boolean;
}

/**
 * What can be asked about all chains at leisure; never on a proof's path. Writes may be repeated: rows are
 * identified by chain and number, and the log can rebuild everything but commitments.
 * All methods throw IndexQueryError (retryable), or IndexUnavailableError where there is no store.
 */
export interface FormerIndexStore {
  /** Takes in events of one chain, in order. */
  writeEvents(chain: string, events: readonly ChainEvent[]): Promise<void>;
  writeCommitments(chain: string, commitments: readonly IndexedCommitment[]): Promise<void>;
  writeEvidence(chain: string, evidence: readonly NumberedEvidence[]): Promise<void>;
  /** Number of the newest event that is in the store; 0 if there is none. */
  lastNumber(chain: string): Promise<number>;
  /** By height, upwards. */
  headers(chain: string, query: HeaderQuery): Promise<IndexedHeader[]>;
  header(chain: string, hash: Uint8Array): Promise<IndexedHeader | undefined>;
  /** Best chain, newest first. */
  latest(chain: string, limit: number): Promise<IndexedHeader[]>;
  /** Newest first. */
  reorganisations(chain: string, limit: number): Promise<Reorganisation[]>;
  /** Newest first. */
  commitments(chain: string, limit: number): Promise<IndexedCommitment[]>;
  /** Newest first. */
  evidence(chain: string, limit: number): Promise<NumberedEvidence[]>;
  counts(): Promise<ChainCounts[]>;
  /** Forgets what events said of one chain, so that they can be taken in again. */
  clear(chain: string): Promise<void>;
  close(): Promise<void>;
}
