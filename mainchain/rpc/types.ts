import type { FinalityView } from '../../adapters/types.js';
import type { Attest, GovernanceAction, Policy } from '../../proofs/containers/calls.js';
import type { Commitment, Reorg } from '../../proofs/containers/commitment.js';
import type { BlockRef, Certificate } from '../../proofs/containers/consensus.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import type { MainHeader } from '../../proofs/containers/header.js';
import type { Handover, LeafAnchor, ReorgAnchor } from '../../proofs/containers/proof.js';
import type { ChainSpec } from '../../proofs/containers/spec.js';
import type { Receipt, SignedBlock, SignedTransaction } from '../../proofs/containers/transaction.js';

/** Which block: a height on the best chain, a root, or a name. */
export type BlockId = number | Uint8Array | 'head' | 'justified' | 'finalized';

/** Reorganisations that a node gives at once. */
export const MAX_REORGS = 500;

export interface NodeStatus {
  readonly genesisRoot: Uint8Array;
  readonly head: BlockRef & { readonly slot: number };
  readonly justified: BlockRef;
  readonly finalized: BlockRef;
  readonly term: number;
  readonly setRoot: Uint8Array;
  readonly delegates: number;
  /** This node's index in the set, if it is a delegate of the current term. */
  readonly delegateIndex: number | undefined;
  /** `false` while the node abstains because its vote lock may be stale. */
  readonly voting: boolean;
  readonly peers: number;
  readonly pool: number;
}

/** What the main chain's state says of one foreign chain. */
export interface ChainState {
  readonly spec: ChainSpec;
  readonly specRoot: Uint8Array;
  readonly name: string;
  readonly policy: Policy;
  readonly policyVersion: number;
  readonly rulesVersion: number;
  readonly status: number;
  readonly epoch: number;
  /** The header history. */
  readonly start: number;
  readonly size: number;
  readonly historyRoot: Uint8Array;
  /** Newest committed leaf; size is at least 1 (the checkpoint). */
  readonly committed: { readonly height: number; readonly hash: Uint8Array };
  /** Best branch: the oldest height still in the window, and its tip. For attested chains equal to `committed`. */
  readonly windowBase: number;
  readonly tip: { readonly height: number; readonly hash: Uint8Array; readonly work: bigint };
  readonly reorgCount: number;
  /** Last committed attestation seq (0: none). */
  readonly lastSeq: number;
}

/** What the main chain's state says of finality that a chain's own committees sign. */
export interface ChainFinality {
  /** The newest that is final, committed or not yet. */
  readonly final: FinalityView;
  /** The header that is waited for next on the way down from a final block; `undefined` while none is missing. */
  readonly pending?: { readonly height: number; readonly hash: Uint8Array };
}

export interface TransactionStatus {
  /** `unknown`: neither pending nor in a block of the best chain. */
  readonly status: 'unknown' | 'pending' | 'included' | 'finalized';
  readonly block?: BlockRef;
  readonly receipt?: Receipt;
}

/** A node's signature and its index in the current delegate set. */
export interface DelegateSignature {
  readonly index: number;
  readonly setRoot: Uint8Array;
  readonly signature: Uint8Array;
}

/** A main-chain node as its clients see it, in process or over JSON-RPC. Retryable errors are marked so. */
export interface MainChainClient {
  status(): Promise<NodeStatus>;
  genesis(): Promise<Genesis>;
  header(id: BlockId): Promise<{ readonly header: MainHeader; readonly root: Uint8Array } | undefined>;
  block(id: BlockId): Promise<SignedBlock | undefined>;
  receipts(id: BlockId): Promise<readonly Receipt[] | undefined>;
  /** The certificate that finalises the block at `height` of the best chain. */
  certificate(height: number): Promise<Certificate | undefined>;
  commitments(
    id: BlockId,
  ): Promise<
    | { readonly header: MainHeader; readonly root: Uint8Array; readonly commitments: readonly Commitment[] }
    | undefined
  >;
  /** State at the head. */
  chains(): Promise<readonly ChainState[]>;
  chain(name: string): Promise<ChainState | undefined>;
  /** `undefined` for a chain that is not followed by its committees, or before its light client has begun. */
  finality(name: string): Promise<ChainFinality | undefined>;
  /** Hash at `height` on the best branch; below the window, from the history; `undefined` outside both. */
  branchHash(name: string, height: number): Promise<Uint8Array | undefined>;
  /**
   * Everything between the leaf of `height` and a certificate.
   * @param at main height whose index root to use (default: the finalised head)
   * @param fromTerm first term whose hand-over to include (default 0)
   * @throws NotCommittedError (retryable) if no finalised commitment holds it yet; BelowStartError; UnknownChainError
   */
  leafAnchor(
    name: string,
    height: number,
    options?: { readonly at?: number; readonly fromTerm?: number },
  ): Promise<LeafAnchor>;
  /** Recorded reorganisations in their order, from the one of index `from` (default 0) on: `limit` of them, by default and at most `MAX_REORGS`. */
  reorgs(
    name: string,
    range?: { readonly from?: number; readonly limit?: number },
  ): Promise<readonly Reorg[]>;
  reorgAnchor(name: string, index: number, options?: { readonly fromTerm?: number }): Promise<ReorgAnchor>;
  handovers(fromTerm: number): Promise<readonly Handover[]>;
  account(account: Uint8Array): Promise<{ readonly nonce: number; readonly balance: bigint }>;
  /** Fee for a call of so many payload bytes. */
  fee(callBytes: number): Promise<bigint>;
  /** Current mark for new transactions: 8 bytes. */
  mark(): Promise<Uint8Array>;
  /** @returns the transaction's root. Sending the same one again is not an error. */
  send(transaction: SignedTransaction): Promise<Uint8Array>;
  transaction(root: Uint8Array): Promise<TransactionStatus>;
  /** Asks this delegate to compare with its own source and sign. @throws AttestationRefusedError (retryable or not) */
  attest(attest: Attest): Promise<DelegateSignature>;
  /** Asks this delegate to approve an action that its own configuration contains. @throws ApprovalRefusedError */
  approve(action: GovernanceAction): Promise<DelegateSignature>;
  /** Sequence that the next governance action must have. */
  governanceSequence(): Promise<number>;
}
