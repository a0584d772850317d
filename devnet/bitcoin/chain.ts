import { fromHex, toBareHex } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import { type ParsedBlock, type ParsedTransaction, parseBlock } from './block.js';
import {
  type BlockEntry,
  BlockIndex,
  decodeEntry,
  encodeEntry,
  forkOf,
  isBetter,
  makeEntry,
} from './blockIndex.js';
import { checkBlock, checkContent, checkHeader } from './checkBlock.js';
import { type Coin, CoinOverlay, decodeUndo, encodeUndo, StoredCoins } from './coins.js';
import { connectBlock, disconnectBlock } from './connect.js';
import { BlockRejectedError, CorruptChainError } from './errors.js';
import { numberKey, storeKey, storeRange } from './keys.js';
import { REGTEST_GENESIS } from './params.js';
import { REGTEST_ADDRESSES } from './script.js';
import type { ChainView } from './view.js';

/** What a change of the best chain did. */
export interface ChainChange {
  /** Old tip first. */
  readonly disconnected: readonly ParsedBlock[];
  /** In height order. */
  readonly connected: readonly ParsedBlock[];
  /** Every output touched: its state now, `undefined` where it is spent or gone. */
  readonly coins: ReadonlyMap<string, Coin | undefined>;
}

export type Accepted = 'active' | 'side' | 'duplicate';

/**
 * The block tree, the best chain and its unspent outputs, kept in a store: each change of the best chain is one atomic
 * batch, so that a process killed at any moment finds the state before or after it. Callers serialise the writes.
 */
export class Chain implements ChainView {
  readonly network = 'regtest';
  readonly addresses = REGTEST_ADDRESSES;
  readonly firstHeight = 0;
  readonly coins: StoredCoins;
  readonly #store: KeyValueStore;
  readonly #index = new BlockIndex();
  readonly #active: BlockEntry[] = [];
  #onChange: (change: ChainChange) => void = () => undefined;
  #isChecked: (witnessId: string) => boolean = () => false;

  private constructor(store: KeyValueStore) {
    this.#store = store;
    this.coins = new StoredCoins(store);
  }

  /** Loads the tree, or begins with the genesis block. @throws CorruptChainError */
  static async open(store: KeyValueStore): Promise<Chain> {
    const chain = new Chain(store);
    for await (const [, value] of store.range(storeRange('index'))) chain.#load(value);
    if (chain.#index.nextOrder === 0) await chain.#begin();
    const tipHash = store.get(storeKey('tip'));
    const tip = tipHash === undefined ? undefined : chain.#index.get(toBareHex(tipHash));
    if (tip === undefined) throw new CorruptChainError('its tip is not in the index');
    for (let at: BlockEntry | undefined = tip; at !== undefined; at = at.parent)
      chain.#active[at.height] = at;
    return chain;
  }

  #load(value: Uint8Array): void {
    const { header, transactions, failed } = decodeEntry(value);
    const parent = this.#index.get(toBareHex(header.subarray(4, 36)));
    const order = this.#index.nextOrder;
    if (parent === undefined && order > 0) throw new CorruptChainError(`index record ${order} has no parent`);
    const entry = makeEntry(toBareHex(sha256d(header)), header, parent, order, transactions);
    entry.failed = failed;
    entry.invalid ||= failed;
    this.#index.insert(entry);
  }

  async #begin(): Promise<void> {
    const genesis = parseBlock(REGTEST_GENESIS);
    const entry = makeEntry(genesis.key, REGTEST_GENESIS.subarray(0, 80), undefined, 0, 1);
    this.#index.insert(entry);
    await this.#store.batch([
      { type: 'put', key: storeKey('block', entry.hash), value: REGTEST_GENESIS },
      indexWrite(entry),
      { type: 'put', key: storeKey('tip'), value: entry.hash },
    ]);
  }

  /** Who is told of each change of the best chain, after it is on disk; and who knows transactions that were checked before. */
  attach(onChange: (change: ChainChange) => void, isChecked: (witnessId: string) => boolean): void {
    this.#onChange = onChange;
    this.#isChecked = isChecked;
  }

  get tip(): BlockEntry {
    const tip = this.#active[this.#active.length - 1];
    if (tip === undefined) throw new CorruptChainError('it is empty');
    return tip;
  }

  entryAt(height: number): BlockEntry | undefined {
    return this.#active[height];
  }

  entry(key: string): BlockEntry | undefined {
    return this.#index.get(key);
  }

  tips(): BlockEntry[] {
    // The best block is one even if what was built on it is invalid.
    return [...new Set([this.tip, ...this.#index.tips()])];
  }

  rawBlock(entry: BlockEntry): Uint8Array {
    const raw = this.#store.get(storeKey('block', entry.hash));
    if (raw === undefined) throw new CorruptChainError(`block ${entry.key} is missing`);
    return raw;
  }

  block(entry: BlockEntry): ParsedBlock {
    return parseBlock(this.rawBlock(entry));
  }

  transaction(
    id: string,
  ): { readonly entry: BlockEntry; readonly transaction: ParsedTransaction } | undefined {
    const blockHash = this.#store.get(storeKey('transaction', fromHex(id, 'txid', 32)));
    const entry = blockHash === undefined ? undefined : this.#index.get(toBareHex(blockHash));
    if (entry === undefined) return undefined;
    const transaction = this.block(entry).transactions.find((candidate) => candidate.id === id);
    return transaction === undefined ? undefined : { entry, transaction };
  }

  /**
   * Checks and keeps a block, and follows it if its branch has more work.
   * @param now Unix seconds
   * @param sync whether to wait until it survives a power loss
   * @throws MalformedInputError, BlockRejectedError
   */
  async accept(raw: Uint8Array, now: number, sync = true): Promise<Accepted> {
    const block = parseBlock(raw);
    const known = this.#index.get(block.key);
    if (known !== undefined) {
      if (known.invalid) throw new BlockRejectedError('duplicate-invalid', 'this block was refused before');
      return 'duplicate';
    }
    checkBlock(block);
    const parent = this.#index.get(block.parentKey);
    if (parent === undefined)
      throw new BlockRejectedError('prev-blk-not-found', 'the previous block is unknown');
    if (parent.invalid) throw new BlockRejectedError('bad-prevblk', 'the previous block is invalid');
    checkHeader(block, parent, now);
    checkContent(block, parent);
    const entry = makeEntry(
      block.key,
      raw.subarray(0, 80),
      parent,
      this.#index.nextOrder,
      block.transactions.length,
    );
    this.#index.insert(entry);
    const writes: KeyValueWrite[] = [
      { type: 'put', key: storeKey('block', entry.hash), value: raw },
      indexWrite(entry),
    ];
    const rejection = await this.#activate(isBetter(entry, this.tip) ? entry : this.tip, writes, block, sync);
    if (rejection !== undefined && entry.invalid) throw rejection;
    return this.entryAt(entry.height) === entry ? 'active' : 'side';
  }

  /** Marks a block as invalid for good and leaves its branch (`invalidateblock`). The genesis block cannot be. */
  async invalidate(entry: BlockEntry): Promise<void> {
    entry.failed = true;
    this.#index.refresh();
    await this.#activate(this.#index.best(), [indexWrite(entry)]);
  }

  /** Takes back the marks of a block, its ancestors and descendants (`reconsiderblock`). */
  async reconsider(entry: BlockEntry): Promise<void> {
    const writes: KeyValueWrite[] = [];
    const related = [...this.#index.all()].filter(
      (other) => other.failed && (descends(other, entry) || descends(entry, other)),
    );
    for (const other of related) {
      other.failed = false;
      writes.push(indexWrite(other));
    }
    this.#index.refresh();
    await this.#activate(this.#index.best(), writes);
  }

  /** Every unspent output, in key order: for comparing two states. */
  async *unspent(): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    yield* this.#store.range(storeRange('coin'));
  }

  /** Goes to `target`, or to the best block that holds where it does not; returns what did not hold. */
  async #activate(
    target: BlockEntry,
    writes: KeyValueWrite[],
    fresh?: ParsedBlock,
    sync = true,
  ): Promise<BlockRejectedError | undefined> {
    let rejection: BlockRejectedError | undefined;
    for (let goal = target; ; goal = this.#index.best()) {
      const step = this.#plan(goal, fresh);
      if ('broken' in step) {
        step.broken.failed = true;
        this.#index.refresh();
        writes.push(indexWrite(step.broken));
        rejection = step.rejection;
        continue;
      }
      const moved = step.change.connected.length + step.change.disconnected.length > 0;
      if (moved) writes.push(...step.writes, { type: 'put', key: storeKey('tip'), value: goal.hash });
      await this.#store.batch(writes, { sync });
      if (moved) {
        this.#active.length = step.fork.height + 1;
        for (const entry of step.entries) {
          entry.connected = true;
          this.#active.push(entry);
        }
        this.#onChange(step.change);
      }
      return rejection;
    }
  }

  #plan(goal: BlockEntry, fresh: ParsedBlock | undefined): Plan | Broken {
    const read = (entry: BlockEntry) => (fresh?.key === entry.key ? fresh : this.block(entry));
    const fork = forkOf(this.tip, goal);
    const coins = new CoinOverlay(this.coins);
    const writes: KeyValueWrite[] = [];
    const disconnected: ParsedBlock[] = [];
    for (let at = this.tip; at !== fork && at.parent !== undefined; at = at.parent) {
      const block = read(at);
      const key = storeKey('undo', at.hash);
      const undo = this.#store.get(key);
      if (undo === undefined) throw new CorruptChainError(`undo data of block ${at.key} is missing`);
      disconnectBlock(block, decodeUndo(undo), coins);
      disconnected.push(block);
      writes.push({ type: 'del', key });
      for (const { id } of block.transactions) writes.push({ type: 'del', key: transactionKey(id) });
    }
    const entries: BlockEntry[] = [];
    for (let at = goal; at !== fork && at.parent !== undefined; at = at.parent) entries.unshift(at);
    const connected: ParsedBlock[] = [];
    for (const entry of entries) {
      const block = read(entry);
      try {
        const undo = connectBlock(block, entry.parent ?? fork, coins, this.#isChecked);
        writes.push({ type: 'put', key: storeKey('undo', entry.hash), value: encodeUndo(undo) });
      } catch (error) {
        if (error instanceof BlockRejectedError) return { broken: entry, rejection: error };
        throw error;
      }
      connected.push(block);
      for (const { id } of block.transactions)
        writes.push({ type: 'put', key: transactionKey(id), value: entry.hash });
    }
    writes.push(...coins.writes());
    return { fork, entries, writes, change: { disconnected, connected, coins: coins.changes } };
  }
}

interface Plan {
  readonly fork: BlockEntry;
  readonly entries: readonly BlockEntry[];
  readonly writes: readonly KeyValueWrite[];
  readonly change: ChainChange;
}

interface Broken {
  readonly broken: BlockEntry;
  readonly rejection: BlockRejectedError;
}

function indexWrite(entry: BlockEntry): KeyValueWrite {
  return { type: 'put', key: storeKey('index', numberKey(entry.order)), value: encodeEntry(entry) };
}

function transactionKey(id: string): Uint8Array {
  return storeKey('transaction', fromHex(id, 'txid', 32));
}

function descends(entry: BlockEntry, ancestor: BlockEntry): boolean {
  let at: BlockEntry | undefined = entry;
  while (at !== undefined && at.height > ancestor.height) at = at.parent;
  return at === ancestor;
}
