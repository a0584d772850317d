import type { EvidenceKind } from '../follow/evidence.js';
import type { View } from './view.js';

/** A header of any branch that ever was the best one. Hashes in internal byte order. */
export interface IndexedHeader {
  readonly height: number;
  readonly hash: Uint8Array;
  readonly parentHash: Uint8Array;
  /** The header's own time, Unix seconds. */
  readonly time: number;
  readonly raw: Uint8Array;
  /** Whether it is on the best chain of the view. */
  readonly canonical: boolean;
  /** Number of the newest event about it in the view. */
  readonly number: number;
}

/** Blocks that were undone together. */
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

/** One chain's commitment in a finalised main-chain block (docs/proof-format.md). */
export interface IndexedCommitment {
  readonly chain: string;
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

/** A certificate that the block's producer carried: it finalises `target`. */
export interface IndexedCertificate {
  /** Height and root of the block that it finalises. */
  readonly mainHeight: number;
  readonly mainRoot: Uint8Array;
  readonly term: number;
  /** Number of signers. */
  readonly signers: number;
  /** Who signed: SSZ bits over the delegate set. */
  readonly bits: Uint8Array;
  /** BLS, aggregated. */
  readonly signature: Uint8Array;
  /** Whether whoever wrote it has checked it: a quorum of the right delegates signed. What is wrong is not written at all. */
  readonly verified: boolean;
}

/** A finalised main-chain block. */
export interface IndexedMainBlock {
  readonly height: number;
  readonly root: Uint8Array;
  readonly parentRoot: Uint8Array;
  readonly slot: number;
  readonly term: number;
  /** Index in the term's delegate set. */
  readonly producer: number;
  /** SSZ `MainHeader`. */
  readonly header: Uint8Array;
}

/** A main-chain block as it is written: with all that it says of chains. */
export interface MainBlockContents {
  readonly block: IndexedMainBlock;
  readonly commitments: readonly IndexedCommitment[];
  readonly certificate?: IndexedCertificate;
}

/** What a source did wrong. The same evidence of the same chain is one row, whoever saw it and however often. */
export interface IndexedEvidence {
  readonly chain: string;
  /** Of the same evidence always the same: SHA-256 of what it says. */
  readonly id: Uint8Array;
  readonly kind: EvidenceKind;
  readonly source: string;
  readonly height: number;
  /** As the chain's own users read it; empty if there is none. */
  readonly hash: string;
  readonly message: string;
  /** Raw header, bare hex, where there is one. */
  readonly raw?: string;
  /** When it was seen, Unix seconds. */
  readonly seen: number;
}

/** How a source was doing at one time. */
export interface SourceSample {
  readonly chain: string;
  readonly source: string;
  /** Unix milliseconds. */
  readonly time: number;
  readonly healthy: boolean;
  /** 0 to 100. */
  readonly score: number;
  readonly latencyMs: number;
  /** Failed polls since the follower began. */
  readonly errors: number;
  readonly tipHeight?: number;
}

/** How far behind something was at one time. */
export interface LagSample {
  readonly chain: string;
  /** What lags: `headers`, `contents`, `backfill`, or of no chain `main` and `evidence`. */
  readonly stream: string;
  /** Unix milliseconds. */
  readonly time: number;
  /** Events that were not done yet. */
  readonly events: number;
  /** Seconds since the oldest of them was written into the log; 0 if there are none. */
  readonly seconds: number;
}

/** A proof that was built and sent. */
export interface ServedProof {
  readonly chain: string;
  readonly kind: string;
  /** Transaction hash as users write it, an account, a block, or the number of a reorganisation. */
  readonly subject: string;
  readonly height: number;
  readonly mainHeight: number;
  readonly bytes: number;
  readonly milliseconds: number;
  /** Unix milliseconds. */
  readonly time: number;
}

/** Samples of one source in one step of time. */
export interface SourceStep {
  readonly source: string;
  /** Begin of the step, Unix seconds. */
  readonly time: number;
  readonly samples: number;
  /** Share of samples that were healthy, 0 to 1. */
  readonly healthy: number;
  /** Mean. */
  readonly score: number;
  /** Mean and greatest. */
  readonly latencyMs: number;
  readonly maxLatencyMs: number;
  /** Greatest; `undefined` where it named none. */
  readonly tipHeight: number | undefined;
}

/** Samples of one stream's lag in one step of time. */
export interface LagStep {
  readonly stream: string;
  /** Begin of the step, Unix seconds. */
  readonly time: number;
  readonly samples: number;
  /** Mean and greatest. */
  readonly events: number;
  readonly maxEvents: number;
  /** As `LagSample.seconds`: the greatest. */
  readonly maxSeconds: number;
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
  /** The event after which all of this but the commitments was counted. */
  readonly number: number;
}

/** Heights, both inclusive. */
export interface HeightRange {
  readonly from: number;
  readonly to: number;
}

/** Which blocks' contents are in the index. */
export interface Coverage {
  readonly view: View;
  /** First height with a header; `undefined` before the first event. */
  readonly start: number | undefined;
  /** Heights of the best chain whose blocks' contents are in, upwards: never more than there is. */
  readonly contents: readonly HeightRange[];
}
