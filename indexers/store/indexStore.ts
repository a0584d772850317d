import type { ChainEvent } from '../log/event.js';
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
import type { Mended } from './mend/mend.js';
import type {
  ChainCounts,
  Coverage,
  IndexedCertificate,
  IndexedCommitment,
  IndexedEvidence,
  IndexedHeader,
  IndexedMainBlock,
  LagSample,
  LagStep,
  MainBlockContents,
  Reorganisation,
  ServedProof,
  SourceSample,
  SourceStep,
} from './types.js';
import type {
  Answer,
  Listing,
  ListQuery,
  MainView,
  NumberRange,
  Page,
  PageQuery,
  SampleQuery,
  Series,
  StepQuery,
  StreamView,
  TimeView,
  View,
} from './view.js';

export type * from './types.js';

export interface HeaderQuery {
  /** First height. */
  readonly from: number;
  /** Last height. */
  readonly to?: number;
  /** Branches that lost as well. Default false. */
  readonly branches?: boolean;
}

/**
 * Takes things in. Every write may be repeated and then changes nothing; nothing is seen by a reader before all of it is in.
 * All methods throw IndexQueryError, or IndexUnavailableError where there is no store.
 */
export interface IndexWriter {
  /**
   * Events of one chain, in order, from at most one above `lastNumber` on. Others of other chains are left out.
   * @throws IndexGapError where events before the first are missing: read `lastNumber`, and go on from there
   */
  writeEvents(chain: string, events: readonly ChainEvent[]): Promise<void>;
  /** Number of the newest event that is in; 0 if there is none. */
  lastNumber(chain: string): Promise<number>;
  /** Contents of blocks; seen once `publishContents` says that those of their events are all in. */
  writeContents(chain: string, blocks: readonly BlockContents[]): Promise<void>;
  /** Contents of all blocks that these events connected have been written (or there were none to be had). */
  publishContents(chain: string, events: NumberRange): Promise<void>;
  /** What `publishContents` said, joined, ascending: one range for the live work, one below it for a backfill under way. */
  contentsProgress(chain: string): Promise<readonly NumberRange[]>;
  /** Finalised main-chain blocks, with their commitments and certificates. */
  writeMainBlocks(blocks: readonly MainBlockContents[]): Promise<void>;
  /** Root of the main-chain block of a height, or of the newest one. */
  mainRoot(height?: number): Promise<{ readonly height: number; readonly root: Uint8Array } | undefined>;
  /** SSZ header of the newest main-chain block whose certificate was checked. */
  certifiedHeader(): Promise<Uint8Array | undefined>;
  /** @param position of the stream after them: they are part of views from there on */
  writeEvidence(rows: readonly IndexedEvidence[], position: number): Promise<void>;
  writeSourceSamples(rows: readonly SourceSample[]): Promise<void>;
  writeLagSamples(rows: readonly LagSample[]): Promise<void>;
  writeProofs(rows: readonly ServedProof[]): Promise<void>;
  /** Where a reader of a stream has come to, kept beside its effect; 0 at first. */
  position(stream: string): Promise<number>;
  writePosition(stream: string, next: number): Promise<void>;
}

/**
 * What can be asked about all chains at leisure; never on a proof's path. Every answer about a chain is of one view: the
 * state after one event, its newest unless an earlier one is asked for; a reorganisation never shows in the middle of it.
 * All methods throw IndexQueryError, or IndexUnavailableError where there is no store; those that take `at` or a cursor
 * throw UnknownViewError for an event that the index has not, and UnknownRecordsError for such a view of records; those that
 * take a cursor throw MalformedInputError for one of another question; LimitExceededError for more than `MAX_PAGE` rows or `MAX_STEPS` steps.
 */
export interface IndexReader {
  /** The newest view, or the one after event `at`. */
  view(chain: string, at?: number): Promise<View>;
  /** By height, upwards; at one height the best chain's first. */
  headers(chain: string, query: HeaderQuery & PageQuery): Promise<Page<IndexedHeader>>;
  header(chain: string, hash: Uint8Array, at?: number): Promise<Answer<IndexedHeader>>;
  /** Best chain, newest first. */
  latest(chain: string, query: PageQuery): Promise<Page<IndexedHeader>>;
  /** Newest first. */
  reorganisations(chain: string, query: PageQuery): Promise<Page<Reorganisation>>;

  /** A transaction in every block that has it: the best chain's first. Each row has its block and its position in it. */
  transaction(chain: string, hash: Uint8Array, at?: number): Promise<Page<IndexedTransaction>>;
  /** By position. The block may be of a branch that lost. */
  blockTransactions(
    chain: string,
    blockHash: Uint8Array,
    query: PageQuery,
  ): Promise<Page<IndexedTransaction>>;
  /** Bitcoin: on the best chain, upwards by height, with who spends each. */
  outputsByScript(
    chain: string,
    query: { readonly script: Uint8Array; readonly unspent?: boolean } & PageQuery,
  ): Promise<Page<IndexedOutput>>;
  /** Bitcoin: every block's input that spends an output, the best chain's first. */
  spenders(chain: string, outpoint: Outpoint, at?: number): Promise<Page<IndexedSpend>>;
  /** Ethereum: on the best chain, newest first: from, to, or created. */
  transactionsByAddress(
    chain: string,
    query: { readonly address: Uint8Array } & PageQuery,
  ): Promise<Page<IndexedTransaction>>;
  /** Ethereum: in every block that has the transaction, the best chain's first. */
  receipt(chain: string, transactionHash: Uint8Array, at?: number): Promise<Page<IndexedReceipt>>;
  /** Ethereum: on the best chain, upwards. */
  logs(chain: string, query: LogQuery & PageQuery): Promise<Page<IndexedLog>>;
  /** Of the best chain, by its blocks' own times. Steps without blocks are left out. */
  statistics(chain: string, query: StepQuery & { readonly at?: number }): Promise<Page<IndexedStatistics>>;
  coverage(chain: string, at?: number): Promise<Coverage>;

  /** The main chain as far as it is indexed, or as of an earlier height; `undefined` before its first block. */
  mainView(at?: number): Promise<MainView | undefined>;
  /** Newest first, up to one main-chain block, as are the next two. */
  mainBlocks(query: ListQuery): Promise<Listing<IndexedMainBlock, MainView | undefined>>;
  commitments(chain: string, query: ListQuery): Promise<Listing<IndexedCommitment, MainView | undefined>>;
  certificates(query: ListQuery): Promise<Listing<IndexedCertificate, MainView | undefined>>;
  /** Newest first, up to one position of the stream of evidence. */
  evidence(chain: string, query: ListQuery): Promise<Listing<IndexedEvidence, StreamView>>;
  /** Newest first, up to one time; of one chain or of all. */
  proofsServed(query: ListQuery & { readonly chain?: string }): Promise<Listing<ServedProof, TimeView>>;
  /** Upwards by time. */
  sourceSeries(chain: string, query: SampleQuery): Promise<Series<SourceStep>>;
  /** Upwards by time. `chain` is empty for streams that are of no chain. */
  lagSeries(chain: string, query: SampleQuery): Promise<Series<LagStep>>;
  /** Of every chain that the index knows, by name. */
  counts(): Promise<readonly ChainCounts[]>;
}

/** Writes into one set of tables and stays with it, in use or not. */
export interface SetWriter extends IndexWriter {
  /** Number of the set, counted from 1. */
  readonly set: number;
  /**
   * Compares what is published of a chain with what is there, since a machine that fails may take the newest rows with it. What is
   * not there any more is no longer published, so that it is taken from the log again. To be called before the work on a chain
   * begins.
   */
  mend(chain: string): Promise<Mended>;
  /** The same of the main chain's records and of evidence, by the positions in their streams. */
  mendRecords(): Promise<Mended>;
  /** Roots of main-chain blocks by height; of 10,000 heights at most. */
  mainRoots(heights: NumberRange): Promise<ReadonlyMap<number, Uint8Array>>;
}

/** Sets of tables: each is a whole index of its own; one of them is what readers and writers use. */
export interface IndexSets {
  /** The set in use. */
  current(): Promise<number>;
  /**
   * The set in use now, as a writer that stays with it: for steps of several writes, of which the last says that all are in.
   * Such a step that a swap overtakes changes nothing in the new set.
   */
  writer(): Promise<SetWriter>;
  /** Makes an empty set, to be filled from the log. Others that were never swapped in are dropped. */
  newSet(): Promise<SetWriter>;
  /**
   * Makes a set the one in use, at once for everyone who asks from then on. What no log brings back (samples, proofs served,
   * and main-chain records and evidence that a log no longer has) is copied from the set before it.
   */
  swap(writer: SetWriter): Promise<void>;
  /**
   * Copies contents of blocks that these events of a chain connected from the set in use into another. What is published of
   * them is for the caller to say, by `publishContents`.
   */
  copyContents(to: SetWriter, chain: string, events: NumberRange): Promise<void>;
  /** Whether the set in use was made before a change of the schema that needs it to be made anew from the log. */
  rebuildNeeded(): Promise<boolean>;
  /** Drops sets that have been out of use for the grace period. @returns how many */
  dropOld(): Promise<number>;
}

/** The index: what is written and read goes to the set in use. */
export interface IndexStore extends IndexWriter, IndexReader {
  readonly sets: IndexSets;
  close(): Promise<void>;
}
