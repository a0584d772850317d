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

/** Everything that routes answer from. */
export interface ApiContext {
  readonly version: string;
  readonly client: MainChainClient;
  readonly chains: readonly RelayChain[];
  readonly pages: HeaderPages;
  readonly builder: ProofBuilder;
  readonly format: FormatContext;
  /** How `POST /v1/proofs/verify` checks: with this relay's own trusted genesis. */
  readonly verify: VerifyOptions;
  readonly metrics: RelayMetrics;
  readonly recent: RecentProofs;
  readonly evidence: EvidenceLog;
  readonly operator: { readonly account: Uint8Array; balance(): bigint | undefined };
  lastStep(chain: string): LastStep | undefined;
  /** Further checks for `/readyz`: resolves, or rejects with what is wrong. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
  onProof(proof: {
    readonly chain: string;
    readonly kind: string;
    readonly height: number;
    readonly milliseconds: number;
  }): void;
  onFault(error: unknown): void;
}
