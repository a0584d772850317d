import { bytesEqual } from '../../proofs/bytes.js';
import type { Certificate } from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import { type MainHeader, MainHeaderType } from '../../proofs/containers/header.js';
import type { Receipt, SignedBlock } from '../../proofs/containers/transaction.js';
import { historyRoot } from '../../proofs/history/history.js';
import type { NodeReader } from '../../proofs/history/nodes.js';
import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import { followingTerm, nextSet, readTerm } from '../contracts/delegates.js';
import { MARK_BLOCKS } from '../contracts/transaction.js';
import { checkGenesis } from '../genesis/check.js';
import { PendingNodes } from '../state/nodes.js';
import { StateView } from '../state/view.js';
import type { ChainApi } from './api.js';
import { assembleHeader } from './assemble.js';
import { BoundedMap } from './boundedMap.js';
import { CertificateChecker } from './certificates.js';
import {
  FutureBlockError,
  InvalidBlockError,
  TransactionInvalidError,
  UnknownBlockError,
  UnknownParentError,
} from './errors.js';
import { type ChainRules, type Executed, Execution, slotTime } from './execute.js';
import { openStore } from './open.js';
import { checkAlone, checkHeader, checkOutcome } from './rules.js';
import { roundRobin, type Schedule, type TermInfo } from './schedule.js';
import type { ChainStore } from './store.js';
import { ancestorAt, childHistory, isAncestor, needRecord, pathOfAncestor, recentMarks } from './tree.js';
import type {
  BlockEntry,
  BlockSigner,
  BuildInput,
  BuiltBlock,
  ChainOptions,
  ImportResult,
  SetsAt,
  TransactionLocation,
} from './types.js';

export type { ChainApi } from './api.js';

const DEFAULT_DRIFT = 250;

/** The main chain as one node has it. See `ChainApi` for what each function promises. */
export class Chain implements ChainApi {
  readonly #store: ChainStore;
  readonly #rules: ChainRules;
  readonly #schedule: Schedule;
  readonly #drift: number;
  readonly #certificates: CertificateChecker;
  readonly #terms = new BoundedMap<TermInfo>(256);
  /** Outcomes of blocks built here, so that importing them does not execute them again. */
  readonly #built = new BoundedMap<Executed>(4);
  #head: BlockEntry;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    store: ChainStore,
    rules: ChainRules,
    options: ChainOptions,
    head: BlockEntry,
    readonly genesisBlockRoot: Uint8Array,
  ) {
    this.#store = store;
    this.#rules = rules;
    this.#schedule = options.schedule ?? roundRobin;
    this.#drift = options.maxClockDrift ?? DEFAULT_DRIFT;
    this.#head = head;
    this.#certificates = new CertificateChecker(this, rules.bls, rules.genesisRoot, rules.genesis.termBlocks);
  }

  /** Opens the tree in a store, writing the genesis block if it is empty. @throws GenesisError, ChainStoreError */
  static async open(keyValue: KeyValueStore, genesis: Genesis, options: ChainOptions): Promise<Chain> {
    checkGenesis(genesis, options.bls);
    const { store, genesisRoot, root, head } = await openStore(keyValue, genesis);
    const rules = { genesis, genesisRoot, bls: options.bls, kinds: options.kinds };
    return new Chain(store, rules, options, head, root);
  }

  get genesis(): Genesis {
    return this.#rules.genesis;
  }

  get genesisRoot(): Uint8Array {
    return this.#rules.genesisRoot;
  }

  get nodes(): NodeReader {
    return this.#store;
  }

  get head(): BlockEntry {
    return this.#head;
  }

  import(block: SignedBlock, nowMs: number): Promise<ImportResult> {
    return this.#exclusive(() => this.#import(block, nowMs));
  }

  async #import(signed: SignedBlock, nowMs: number): Promise<ImportResult> {
    const { header } = signed.block;
    const root = MainHeaderType.hashTreeRoot(header);
    if (this.#store.record(root) !== undefined) return { root, header, status: 'known' };
    checkAlone(this.#rules, signed);
    const { parentRoot } = header;
    const parent = this.#store.record(parentRoot);
    if (parent === undefined) throw new UnknownParentError(parentRoot, header.height);
    const early = this.slotTime(header.slot) - nowMs;
    if (early > this.#drift) throw new FutureBlockError(header.slot, early);
    const term = this.termOnTop(parentRoot, signed.block.certificates[0]);
    const nodes = new PendingNodes(this.#store);
    const history = childHistory(parent, parentRoot, nodes);
    const expected = { parentHeader: parent.header, parentRoot, term, historyRoot: historyRoot(history) };
    checkHeader(this.#rules, this.#schedule, signed, expected);
    const executed = this.#built.take(root) ?? this.#execute(signed, term);
    checkOutcome(header, executed);
    const record = { header, peaks: [...history.peaks] };
    const objects = [...nodes.entries(), ...executed.nodes.entries()];
    await this.#store.write(this.#store.blockWrites(root, record, signed, executed.receipts, objects), true);
    return { root, header, status: 'imported' };
  }

  #execute({ block }: SignedBlock, term: TermInfo): Executed {
    const { header } = block;
    const execution = this.#execution(header.parentRoot, header.slot, header.producer, term);
    for (const transaction of block.transactions) {
      try {
        execution.apply(transaction);
      } catch (error) {
        if (!(error instanceof TransactionInvalidError)) throw error;
        const rule = error.reason === 'over-budget' ? 'over-budget' : 'bad-transaction';
        throw new InvalidBlockError(rule, error.message, { cause: error });
      }
    }
    return execution.finish();
  }

  #execution(parentRoot: Uint8Array, slot: number, producer: number, term: TermInfo): Execution {
    const parent = needRecord(this.#store, parentRoot).header;
    return new Execution(this.#rules, this.stateAt(parentRoot), {
      height: parent.height + 1,
      slot,
      term,
      firstOfTerm: term.term !== parent.term,
      producer,
      marks: recentMarks(this.#store, parentRoot, MARK_BLOCKS),
    });
  }

  async build(input: BuildInput, sign: BlockSigner): Promise<BuiltBlock> {
    const { parentRoot, slot, producer, certificate } = input;
    const parent = needRecord(this.#store, parentRoot);
    const term = this.termOnTop(parentRoot, certificate);
    const execution = this.#execution(parentRoot, slot, producer, term);
    const dropped = execution.applyAll(input.transactions);
    const executed = execution.finish();
    const history = childHistory(parent, parentRoot, new PendingNodes(this.#store));
    const header = assembleHeader(
      input,
      { parentHeader: parent.header, parentRoot, term, historyRoot: historyRoot(history) },
      this.#schedule.producerAt(slot, term),
      execution,
      executed,
      this.genesisRoot,
    );
    const signature = await sign(signingRoot(MainHeaderType, header, 'block', this.genesisRoot));
    const certificates = certificate === undefined ? [] : [certificate];
    const root = MainHeaderType.hashTreeRoot(header);
    this.#built.set(root, executed);
    const block = { block: { header, transactions: execution.included, certificates }, signature };
    return { root, header, block, dropped };
  }

  setHead(root: Uint8Array): Promise<void> {
    return this.#exclusive(() => this.#setHead(root));
  }

  async #setHead(root: Uint8Array): Promise<void> {
    const { header } = needRecord(this.#store, root);
    const writes: KeyValueWrite[] = [this.#store.headWrite(root)];
    let at = root;
    for (let height = header.height; height >= 0; height--) {
      const indexed = this.#store.rootAt(height);
      if (indexed !== undefined && bytesEqual(indexed, at)) break;
      writes.push(this.#store.heightWrite(height, at));
      at = needRecord(this.#store, at).header.parentRoot;
    }
    for (let height = header.height + 1; height <= this.#head.header.height; height++) {
      writes.push(this.#store.heightWrite(height, undefined));
    }
    // Not synced: a killed process loses nothing, and after power loss an older head is as consistent.
    await this.#store.write(writes, false);
    this.#head = { root, header };
  }

  /** One write at a time, in the order of the calls; a failed one does not stop those after it. */
  #exclusive<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(run);
    this.#last = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  has(root: Uint8Array): boolean {
    return this.#store.record(root) !== undefined;
  }

  header(root: Uint8Array): MainHeader | undefined {
    return this.#store.record(root)?.header;
  }

  block(root: Uint8Array): SignedBlock | undefined {
    return this.#store.block(root);
  }

  receipts(root: Uint8Array): readonly Receipt[] | undefined {
    return this.#store.receipts(root);
  }

  rootAt(height: number): Uint8Array | undefined {
    if (!Number.isSafeInteger(height) || height < 0 || height > this.#head.header.height) return undefined;
    return this.#store.rootAt(height);
  }

  ancestorAt(root: Uint8Array, height: number): Uint8Array | undefined {
    return ancestorAt(this.#store, root, height);
  }

  isAncestor(ancestor: Uint8Array, root: Uint8Array): boolean {
    return isAncestor(this.#store, ancestor, root);
  }

  pathOfAncestor(root: Uint8Array, height: number): Uint8Array[] {
    return pathOfAncestor(this.#store, root, height);
  }

  children(root: Uint8Array): Uint8Array[] {
    return this.#store.children(root);
  }

  tips(): Uint8Array[] {
    return this.#store.tips();
  }

  stateAt(root: Uint8Array): StateView {
    return new StateView(needRecord(this.#store, root).header.stateRoot, this.#store);
  }

  termAt(root: Uint8Array): TermInfo {
    const known = this.#terms.get(root);
    if (known !== undefined) return known;
    const term = readTerm(this.stateAt(root));
    this.#terms.set(root, term);
    return term;
  }

  setsAt(root: Uint8Array): SetsAt {
    return { current: this.termAt(root).members, next: nextSet(this.stateAt(root)) };
  }

  termOnTop(parentRoot: Uint8Array, certificate?: Certificate): TermInfo {
    if (certificate !== undefined) this.checkCertificate(parentRoot, certificate);
    if (certificate === undefined || !this.closesTerm(parentRoot, certificate))
      return this.termAt(parentRoot);
    const { header } = needRecord(this.#store, parentRoot);
    return followingTerm(this.stateAt(parentRoot), header.height + 1, header.slot);
  }

  closesTerm(parentRoot: Uint8Array, certificate: Certificate): boolean {
    return this.#certificates.closes(parentRoot, certificate);
  }

  checkCertificate(parentRoot: Uint8Array, certificate: Certificate): void {
    this.#certificates.check(parentRoot, certificate);
  }

  transaction(root: Uint8Array, headRoot: Uint8Array = this.#head.root): TransactionLocation | undefined {
    for (const { blockRoot, position } of this.#store.places(root)) {
      if (!this.isAncestor(blockRoot, headRoot)) continue;
      const receipt = this.#store.receipts(blockRoot)?.[position];
      const { header } = needRecord(this.#store, blockRoot);
      if (receipt === undefined) throw new UnknownBlockError(blockRoot);
      return { blockRoot, height: header.height, position, receipt };
    }
    return undefined;
  }

  mark(root: Uint8Array = this.#head.root): Uint8Array {
    return root.slice(0, 8);
  }

  marks(root: Uint8Array, count: number): Uint8Array[] {
    return recentMarks(this.#store, root, count);
  }

  slotTime(slot: number): number {
    return slotTime(this.genesis, slot);
  }

  slotAt(nowMs: number): number {
    return Math.floor((nowMs - this.genesis.time) / this.genesis.slotMilliseconds);
  }

  async close(): Promise<void> {
    await this.#last;
  }
}
