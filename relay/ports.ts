import type { BranchRecord } from '../adapters/chain/branches.js';
import type { ConsensusNetwork } from '../adapters/ethereum/consensus/networks.js';
import type { AccountNodes, ForeignBlock, SourceTip } from '../adapters/source.js';
import type { ChainKind, ForeignHeader } from '../adapters/types.js';
import type { NumberedEvidence } from '../indexers/follow/evidence.js';
import type { LightClientStatus } from '../indexers/follow/lightClient/status.js';
import type { SourceHealth } from '../indexers/follow/sourceMonitor.js';
import type { MainChainClient } from '../mainchain/rpc/types.js';
import type { Registration } from '../proofs/containers/calls.js';

/** What the relay needs of the rooms around it, as narrow as it can be. */
export type Awaitable<T> = T | Promise<T>;

/** One chain's validated headers on the local best branch. */
export interface LocalChain {
  readonly chain: string;
  tip(): Awaitable<SourceTip | undefined>;
  /** Newest block that the chain itself calls final, where it has such a thing. */
  finalized(): Awaitable<SourceTip | undefined>;
  /** Newest block that the chain itself calls safe, where it has such a thing and a source says so now. */
  safe?(): Awaitable<SourceTip | undefined>;
  /** The best-branch header at `height`; `undefined` outside the known range. */
  header(height: number): Awaitable<ForeignHeader | undefined>;
  /** A header by hash, on the best branch or on a branch that lost. */
  find(hash: Uint8Array): Awaitable<ForeignHeader | undefined>;
  /** Total work up to and including the best-branch header at `height`, the checkpoint's work included; 0n where the kind knows no work. */
  work(height: number): Awaitable<bigint | undefined>;
  /** Each source's health, where a follower of this process has them. */
  sources?(): readonly SourceHealth[];
  /** What sources did wrong, where a follower of this process keeps it. */
  readonly evidence?: LocalEvidence;
  /** How far the light client is that finality comes from, where the chain is followed by sync committee. */
  lightClient?(): LightClientStatus;
  /** Whether the chain's source answers. */
  health(): Awaitable<LocalHealth>;
  /** Calls `listener` after each change of tip, safe or finalised block. @returns a function that stops it */
  onChange(listener: () => void): () => void;
}

export interface LocalEvidence {
  /** Newest first. */
  list(limit: number): Promise<readonly NumberedEvidence[]>;
  /** One record, with both branches' headers where they are kept. */
  get(
    number: number,
  ): { readonly evidence: NumberedEvidence; readonly branches: BranchRecord | undefined } | undefined;
}

export interface LocalHealth {
  readonly source: string;
  readonly healthy: boolean;
  /** The last trouble, in one line. */
  readonly problem?: string;
}

/** Where a transaction is on the local best branch. */
export interface TransactionPlace {
  readonly height: number;
  readonly blockHash: Uint8Array;
  /** Position within the block, from 0. */
  readonly index: number;
}

/** Transactions to blocks and blocks to contents: all that a proof reads besides the main chain. */
export interface ProofData {
  place(chain: string, transactionHash: Uint8Array): Promise<TransactionPlace | undefined>;
  /** The whole block, from a cache or a source. @throws SourceUnavailableError */
  block(chain: string, blockHash: Uint8Array): Promise<ForeignBlock>;
  /** Nodes of an account and its slots. Left out where no source keeps state. @throws SourceUnavailableError */
  proof?(
    chain: string,
    address: Uint8Array,
    slots: readonly Uint8Array[],
    blockHash: Uint8Array,
  ): Promise<AccountNodes>;
  /** @param codeHash Keccak-256 of the code, as the account has it @throws SourceUnavailableError, SourceFaultError */
  code?(chain: string, address: Uint8Array, blockHash: Uint8Array, codeHash: Uint8Array): Promise<Uint8Array>;
}

/** Pages of headers by height. The index store when it is there; the local chain otherwise. */
export interface HeaderPages {
  /** Best-branch headers from `from` upwards, at most `limit`. */
  page(chain: string, from: number, limit: number): Promise<readonly ForeignHeader[]>;
}

/** A verified light client of a chain whose finality its own committees sign, encoded as the main chain takes it. */
export interface FinalitySource {
  readonly network: ConsensusNetwork;
  /** What the main chain begins with; `undefined` until it is known. */
  bootstrap(): Awaitable<Uint8Array | undefined>;
  /** Updates of consecutive periods from `fromPeriod` on, at most `limit`. */
  updates(
    fromPeriod: number,
    limit: number,
  ): Awaitable<readonly { readonly period: number; readonly bytes: Uint8Array }[]>;
  latestFinalityUpdate(): Awaitable<Uint8Array | undefined>;
  /** Who signed an update, as briefly as it can be said; `undefined` where that committee is not known. */
  committeeFor(update: Uint8Array): Awaitable<Uint8Array | undefined>;
  /** Calls `listener` after each change. @returns what ends it */
  onChange(listener: () => void): () => void;
}

/** One configured chain with everything that belongs to it. */
export interface RelayChain {
  readonly name: string;
  readonly kind: ChainKind;
  readonly registration: Registration;
  /** Status that the operator asks the delegates for; by default it is left as it is. */
  readonly wanted?: 'active' | 'paused' | undefined;
  readonly local: LocalChain;
  /** Where the chain is followed by its sync committees. */
  readonly finality?: FinalitySource | undefined;
}

/** A main-chain node by the name that logs show. */
export interface NamedClient {
  readonly name: string;
  readonly client: MainChainClient;
}

/** Time, replaceable in tests. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
    }),
};
