import type { BlockContents } from './contents/blockContents.js';
import type {
  IndexedLog,
  IndexedOutput,
  IndexedReceipt,
  IndexedSpend,
  IndexedStatistics,
  IndexedTransaction,
  LogQuery,
  Outpoint,
} from './contents/types.js';
import type { NumberRange, PageKey, Slice, Snapshot, StepQuery } from './view.js';

/** What the tables of blocks' contents write and answer, in the set that they are told. */
export interface ContentsTables {
  write(database: string, chain: string, blocks: readonly BlockContents[]): Promise<void>;
  /** Completes rows that were copied from another set: to be called before their numbers are published. */
  joinCopied(database: string, chain: string, numbers: NumberRange): Promise<void>;
  transaction(snapshot: Snapshot, hash: Uint8Array): Promise<readonly IndexedTransaction[]>;
  blockTransactions(
    snapshot: Snapshot,
    blockHash: Uint8Array,
    limit: number,
    after?: PageKey,
  ): Promise<Slice<IndexedTransaction>>;
  outputsByScript(
    snapshot: Snapshot,
    query: { readonly script: Uint8Array; readonly unspent?: boolean },
    limit: number,
    after?: PageKey,
  ): Promise<Slice<IndexedOutput>>;
  spenders(snapshot: Snapshot, outpoint: Outpoint): Promise<readonly IndexedSpend[]>;
  transactionsByAddress(
    snapshot: Snapshot,
    address: Uint8Array,
    limit: number,
    after?: PageKey,
  ): Promise<Slice<IndexedTransaction>>;
  receipt(snapshot: Snapshot, transactionHash: Uint8Array): Promise<readonly IndexedReceipt[]>;
  logs(snapshot: Snapshot, query: LogQuery, limit: number, after?: PageKey): Promise<Slice<IndexedLog>>;
  statistics(snapshot: Snapshot, query: StepQuery): Promise<readonly IndexedStatistics[]>;
}
