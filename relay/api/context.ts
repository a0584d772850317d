import type { ChainKind } from '../../adapters/types.js';
import type { IndexReader, ServedProof } from '../../indexers/store/indexStore.js';
import type { MainChainClient } from '../../mainchain/rpc/types.js';
import type { FormatContext } from '../../proofs/format/json.js';
import type { VerifyOptions } from '../../proofs/verify/verify.js';
import type { RelayMetrics } from '../metrics.js';
import type { HeaderPages, RelayChain } from '../ports.js';
import type { ProofBuilder } from '../proofs/builder.js';
import type { RecentProofs } from '../proofs/recent.js';
import type { EvidenceLog } from '../submit/evidence.js';
import type { StepResult } from '../submit/result.js';

/** What the last step for a chain came to. */
export interface LastStep {
  readonly result?: StepResult;
  readonly error?: string;
  /** Unix milliseconds. */
  readonly time: number;
}

/** Whoever submits for the main chain in this process. A server that only answers has none. */
export interface Operating {
  readonly account: Uint8Array;
  balance(): bigint | undefined;
  readonly evidence: EvidenceLog;
  lastStep(chain: string): LastStep | undefined;
}

/** A chain as answers of the index need it. */
export interface IndexedChain {
  readonly name: string;
  readonly kind: Pick<ChainKind, 'code' | 'name' | 'displayHash' | 'parseHash'>;
}

/** Everything that routes answer from. Nothing of it is kept but caches. */
export interface ApiContext {
  readonly version: string;
  readonly client: MainChainClient;
  readonly chains: readonly RelayChain[];
  readonly pages: HeaderPages;
  /** The cross-chain index, where there is one. */
  readonly index?: IndexReader | undefined;
  readonly builder: ProofBuilder;
  readonly format: FormatContext;
  /** How `POST /v1/proofs/verify` checks: with this relay's own trusted genesis. */
  readonly verify: VerifyOptions;
  readonly metrics: RelayMetrics;
  readonly recent: RecentProofs;
  readonly operating?: Operating | undefined;
  /** Further checks for `/readyz`: resolves, or rejects with what is wrong. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
  /** Must return at once. */
  onProof(proof: ServedProof): void;
  onFault(error: unknown): void;
}
