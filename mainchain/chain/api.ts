import type { Certificate } from '../../proofs/containers/consensus.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import type { MainHeader } from '../../proofs/containers/header.js';
import type { Receipt, SignedBlock } from '../../proofs/containers/transaction.js';
import type { NodeReader } from '../../proofs/history/nodes.js';
import type { StateView } from '../state/view.js';
import type { TermInfo } from './schedule.js';
import type {
  BlockEntry,
  BlockSigner,
  BuildInput,
  BuiltBlock,
  ImportResult,
  SetsAt,
  TransactionLocation,
} from './types.js';

/** The main chain as one node has it: a tree of valid blocks, each with the state after it, and one branch chosen as best. */
export interface ChainApi {
  readonly genesis: Genesis;
  readonly genesisRoot: Uint8Array;
  /** Root of block 0. */
  readonly genesisBlockRoot: Uint8Array;
  /** All inner nodes and values by hash. */
  readonly nodes: NodeReader;
  /** Head of the best branch as last set (the genesis block at first). */
  readonly head: BlockEntry;

  /**
   * Validates a block and keeps it, with its state, in one atomic write. Does not move the head.
   * @param nowMs this node's clock, Unix milliseconds
   * @throws UnknownParentError, FutureBlockError (both retryable); InvalidBlockError
   */
  import(block: SignedBlock, nowMs: number): Promise<ImportResult>;
  /** Builds and signs a block on any known parent; `import` it to keep it. @throws UnknownBlockError, InvalidBlockError */
  build(input: BuildInput, sign: BlockSigner): Promise<BuiltBlock>;
  /** Makes the branch that ends in `root` the best one, and indexes its heights. Durable. @throws UnknownBlockError */
  setHead(root: Uint8Array): Promise<void>;

  has(root: Uint8Array): boolean;
  header(root: Uint8Array): MainHeader | undefined;
  block(root: Uint8Array): SignedBlock | undefined;
  receipts(root: Uint8Array): readonly Receipt[] | undefined;
  /** Root of the best branch's block at `height`. */
  rootAt(height: number): Uint8Array | undefined;
  /** Root of the block at `height` on the branch that ends in `root` (itself included). @throws UnknownBlockError */
  ancestorAt(root: Uint8Array, height: number): Uint8Array | undefined;
  /** Whether `ancestor` is on the branch that ends in `root` (itself included). */
  isAncestor(ancestor: Uint8Array, root: Uint8Array): boolean;
  /** Path of the ancestor at `height` in the history root of the header `root`. @throws UnknownBlockError, HistoryError */
  pathOfAncestor(root: Uint8Array, height: number): Uint8Array[];
  /** Roots of known blocks on top of `root`. */
  children(root: Uint8Array): Uint8Array[];
  /** Roots of blocks without children. */
  tips(): Uint8Array[];

  /** State after the block. @throws UnknownBlockError */
  stateAt(root: Uint8Array): StateView;
  /** Term that the block belongs to, with its members. */
  termAt(root: Uint8Array): TermInfo;
  setsAt(root: Uint8Array): SetsAt;
  /**
   * Term of a block on top of `parentRoot`: the next one if `certificate` closes the parent's term, else the same.
   * @throws InvalidBlockError `bad-certificate`
   */
  termOnTop(parentRoot: Uint8Array, certificate?: Certificate): TermInfo;
  /** Whether the certificate finalises, for this branch's term, a block at or after the term's nominal end. */
  closesTerm(parentRoot: Uint8Array, certificate: Certificate): boolean;
  /** @throws InvalidBlockError `bad-certificate` if it is not valid for a block on top of `parentRoot` */
  checkCertificate(parentRoot: Uint8Array, certificate: Certificate): void;

  /** Where a transaction is on the branch that ends in `headRoot` (default: the head). */
  transaction(root: Uint8Array, headRoot?: Uint8Array): TransactionLocation | undefined;
  /** Mark for new transactions: 8 bytes. */
  mark(root?: Uint8Array): Uint8Array;
  /** Marks that a transaction on top of `root` may carry, newest first: at most `count`. */
  marks(root: Uint8Array, count: number): Uint8Array[];
  /** Unix milliseconds at which a slot begins, and the slot at a time. */
  slotTime(slot: number): number;
  slotAt(nowMs: number): number;
  /** Waits for running writes. The store stays open. */
  close(): Promise<void>;
}
