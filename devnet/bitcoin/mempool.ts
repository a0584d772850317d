import { toBareHex } from '../../proofs/bytes.js';
import type { ParsedTransaction } from './block.js';
import { type BlockEntry, medianTimePast } from './blockIndex.js';
import { checkInputs, checkTransaction, isFinal } from './checkTransaction.js';
import { type Coin, type CoinSource, outpoint } from './coins.js';
import { TransactionRejectedError } from './errors.js';

export interface MempoolEntry extends ParsedTransaction {
  readonly witnessId: string;
  /** Satoshi. */
  readonly fee: bigint;
  /** Virtual bytes. */
  readonly size: number;
  /** Unix seconds. */
  readonly time: number;
}

/** Least fee in satoshi per virtual byte. */
export const MIN_FEE_RATE = 1n;

/**
 * Transactions waiting for a block, parents before children. First seen wins: no replacement.
 * As a coin source it is the chain's coins with all its transactions applied.
 */
export class Mempool implements CoinSource {
  readonly #base: CoinSource;
  readonly #entries = new Map<string, MempoolEntry>();
  readonly #spent = new Map<string, string>();
  readonly #witnessIds = new Set<string>();

  constructor(base: CoinSource) {
    this.#base = base;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** In the order in which they may enter a block. */
  entries(): MempoolEntry[] {
    return [...this.#entries.values()];
  }

  get(id: string): MempoolEntry | undefined {
    return this.#entries.get(id);
  }

  isChecked(witnessId: string): boolean {
    return this.#witnessIds.has(witnessId);
  }

  coin(key: string): Coin | undefined {
    if (this.#spent.has(key)) return undefined;
    const output = this.#entries.get(key.slice(0, 64))?.tx.outs;
    if (output === undefined) return this.#base.coin(key);
    const index = Buffer.from(key.slice(64), 'hex').readUInt32LE(0);
    const out = output[index];
    return out === undefined ? undefined : { ...out, height: 0x3fffffff, coinbase: false };
  }

  /**
   * Takes a transaction that may be part of the block after `tip`.
   * @throws TransactionRejectedError with Bitcoin Core's reject reasons
   */
  accept(parsed: ParsedTransaction, tip: BlockEntry, now: number, scripts = true): MempoolEntry {
    const { tx, id } = parsed;
    checkTransaction(tx, (reason, message) => new TransactionRejectedError(reason, message));
    if (tx.isCoinbase()) throw new TransactionRejectedError('coinbase', 'a coinbase stands in a block only');
    if (tx.byteLength(false) < 65) throw new TransactionRejectedError('tx-size-small', 'less than 65 bytes');
    if (this.#entries.has(id)) throw new TransactionRejectedError('txn-already-in-mempool', 'known already');
    for (const { hash, index } of tx.ins)
      if (this.#spent.has(outpoint(toBareHex(hash), index)))
        throw new TransactionRejectedError(
          'txn-mempool-conflict',
          'spends what another waiting transaction spends',
        );
    if (!isFinal(tx, tip.height + 1, medianTimePast(tip)))
      throw new TransactionRejectedError('non-final', 'its lock time has not passed');
    const { fee } = checkInputs(tx, this, tip, scripts);
    const size = tx.virtualSize();
    if (fee < MIN_FEE_RATE * BigInt(size))
      throw new TransactionRejectedError('min relay fee not met', `${fee} < ${MIN_FEE_RATE * BigInt(size)}`);
    const entry = { tx, id, fee, size, time: now, witnessId: toBareHex(tx.getHash(true)) };
    this.#add(entry);
    return entry;
  }

  #add(entry: MempoolEntry): void {
    this.#entries.set(entry.id, entry);
    this.#witnessIds.add(entry.witnessId);
    for (const { hash, index } of entry.tx.ins) this.#spent.set(outpoint(toBareHex(hash), index), entry.id);
  }

  /**
   * After the best chain changed: returns what left the chain, drops what entered it or does not hold any more.
   * @param returned transactions of disconnected blocks, in chain order, without coinbases
   */
  refresh(returned: readonly ParsedTransaction[], tip: BlockEntry, now: number): void {
    const before = this.entries();
    const known = new Set(this.#witnessIds);
    this.#entries.clear();
    this.#spent.clear();
    this.#witnessIds.clear();
    for (const parsed of [...returned, ...before]) {
      try {
        this.accept(parsed, tip, now, !known.has(toBareHex(parsed.tx.getHash(true))));
      } catch (error) {
        if (!(error instanceof TransactionRejectedError)) throw error;
      }
    }
  }
}
