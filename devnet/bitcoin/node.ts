import { join } from 'node:path';
import { toBareHex } from '../../proofs/bytes.js';
import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import { LevelStore } from '../../storage/level.js';
import { type ParsedTransaction, parsedTransaction, parseTransaction } from './block.js';
import type { BlockEntry } from './blockIndex.js';
import { type Accepted, Chain, type ChainChange } from './chain.js';
import { decodeCoin } from './coins.js';
import { TransactionRejectedError } from './errors.js';
import { numberKey, storeKey, storeRange } from './keys.js';
import { Mempool, type MempoolEntry } from './mempool.js';
import { mineBlock } from './miner.js';
import { COINBASE_MATURITY } from './params.js';
import { Wallet } from './wallet.js';

export interface RegtestNodeOptions {
  readonly dataDir: string;
  /** Instead of a LevelDB in the data folder. */
  readonly store?: KeyValueStore;
  /** Mine one block every so many milliseconds; not at all without it. */
  readonly blockIntervalMs?: number;
  /** Blocks mined to the wallet when the chain is new; by default enough for ten spendable coinbases. */
  readonly firstBlocks?: number;
  /** Unix seconds. */
  readonly now?: () => number;
}

/** A Bitcoin regtest node in this process: chain, mempool, wallet and miner; `serveRpc` puts Bitcoin Core's RPC in front. */
export class RegtestNode {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly wallet: Wallet;
  readonly startedAt = Date.now();
  readonly #store: KeyValueStore;
  readonly #now: () => number;
  readonly #tipListeners = new Set<(tip: BlockEntry) => void>();
  #queue: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #nextMempoolKey = 0;

  private constructor(chain: Chain, store: KeyValueStore, wallet: Wallet, now: () => number) {
    this.chain = chain;
    this.#store = store;
    this.wallet = wallet;
    this.#now = now;
    this.mempool = new Mempool(chain.coins);
    chain.attach(
      (change) => this.#changed(change),
      (witnessId) => this.mempool.isChecked(witnessId),
    );
  }

  /** Opens the data folder, mines the first blocks of a new chain and starts the miner. @throws StoreLockedError, CorruptChainError */
  static async open(options: RegtestNodeOptions): Promise<RegtestNode> {
    const store = options.store ?? (await LevelStore.open(join(options.dataDir, 'chain')));
    try {
      const now = options.now ?? (() => Math.floor(Date.now() / 1000));
      const node = new RegtestNode(await Chain.open(store), store, Wallet.open(options.dataDir), now);
      for await (const [key, value] of store.range(storeRange('coin')))
        node.wallet.load(toBareHex(key.subarray(1)), decodeCoin(value));
      await node.#loadMempool();
      const first = options.firstBlocks ?? COINBASE_MATURITY + 10;
      if (node.chain.tip.height < first) await node.#mineFirst(first);
      if (options.blockIntervalMs !== undefined) node.#mineEvery(options.blockIntervalMs);
      return node;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** The first blocks are dated one second apart and end now, so that no block time lies ahead of the clock. */
  async #mineFirst(count: number): Promise<void> {
    const end = this.#now();
    for (let height = this.chain.tip.height + 1; height <= count; height++)
      await this.#mine(this.wallet.script, end - (count - height), height === count);
  }

  async #loadMempool(): Promise<void> {
    const writes: KeyValueWrite[] = [];
    for await (const [key, value] of this.#store.range(storeRange('mempool'))) {
      const order = new DataView(key.buffer, key.byteOffset + 1, 8).getBigUint64(0);
      this.#nextMempoolKey = Math.max(this.#nextMempoolKey, Number(order) + 1);
      try {
        this.mempool.accept(parseTransaction(value), this.chain.tip, this.#now());
      } catch (error) {
        if (!(error instanceof TransactionRejectedError)) throw error;
        writes.push({ type: 'del', key });
      }
    }
    if (writes.length > 0) await this.#store.batch(writes);
  }

  #changed(change: ChainChange): void {
    this.wallet.apply(change);
    const returned: ParsedTransaction[] = [];
    for (const block of [...change.disconnected].reverse()) returned.push(...block.transactions.slice(1));
    this.mempool.refresh(returned, this.chain.tip, this.#now());
    for (const listener of this.#tipListeners) listener(this.chain.tip);
  }

  /** Calls `listener` with each new tip, once it is on disk. @returns what ends it */
  onTip(listener: (tip: BlockEntry) => void): () => void {
    this.#tipListeners.add(listener);
    return () => this.#tipListeners.delete(listener);
  }

  /** Runs one change of state at a time. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(work);
    // The caller sees the failure; the next change only waits for the end of this one.
    const done = () => undefined;
    this.#queue = run.then(done, done);
    return run;
  }

  async #mine(script: Uint8Array, time: number, sync: boolean): Promise<BlockEntry> {
    const raw = mineBlock(this.chain.tip, this.mempool.entries(), script, time);
    await this.chain.accept(raw, Math.max(time, this.#now()), sync);
    return this.chain.tip;
  }

  #mineEvery(intervalMs: number): void {
    this.#timer = setTimeout(() => {
      void this.generate(1, this.wallet.script).then(
        () => {
          if (!this.#closed) this.#mineEvery(intervalMs);
        },
        (error: unknown) => {
          if (!this.#closed) throw error;
        },
      );
    }, intervalMs);
  }

  /** Mines blocks that pay to `script`; returns them in order. */
  async generate(count: number, script: Uint8Array): Promise<BlockEntry[]> {
    const mined: BlockEntry[] = [];
    for (let i = 0; i < count; i++)
      mined.push(await this.#exclusive(() => this.#mine(script, this.#now(), i === count - 1)));
    return mined;
  }

  /** @throws MalformedInputError, BlockRejectedError */
  submitBlock(raw: Uint8Array): Promise<Accepted> {
    return this.#exclusive(() => this.chain.accept(raw, this.#now()));
  }

  /** Takes a transaction into the mempool; on disk once it resolves. @throws TransactionRejectedError */
  submitTransaction(parsed: ParsedTransaction): Promise<MempoolEntry> {
    return this.#exclusive(() => this.#take(parsed));
  }

  async #take(parsed: ParsedTransaction): Promise<MempoolEntry> {
    const entry = this.mempool.accept(parsed, this.chain.tip, this.#now());
    const key = storeKey('mempool', numberKey(this.#nextMempoolKey++));
    await this.#store.batch([{ type: 'put', key, value: parsed.tx.toBuffer() }]);
    return entry;
  }

  /** Pays from the wallet. @throws InsufficientFundsError */
  pay(script: Uint8Array, satoshi: bigint, subtractFee = false): Promise<MempoolEntry> {
    return this.#exclusive(() => {
      const tx = this.wallet.pay(script, satoshi, this.chain.tip.height, this.mempool, subtractFee);
      return this.#take(parsedTransaction(tx));
    });
  }

  invalidate(entry: BlockEntry): Promise<void> {
    return this.#exclusive(() => this.chain.invalidate(entry));
  }

  reconsider(entry: BlockEntry): Promise<void> {
    return this.#exclusive(() => this.chain.reconsider(entry));
  }

  /** Stops mining, waits for the change under way and closes the store. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#queue;
    await this.#store.close();
  }
}
