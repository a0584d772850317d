import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import { type SignedTransaction, SignedTransactionType } from '../../proofs/containers/transaction.js';
import type { ChainApi } from '../chain/chain.js';
import { readAccount } from '../contracts/token.js';
import { callFee, isSignedBySender, transactionRoot } from '../transactions.js';

export interface PoolLimits {
  readonly transactions: number;
  readonly bytes: number;
  /** Of one sender. */
  readonly perSender: number;
}

export const DEFAULT_POOL_LIMITS: PoolLimits = { transactions: 4096, bytes: 32 * 2 ** 20, perSender: 64 };

/** How many blocks a mark may be old (`Transaction.mark`). */
const MARK_BLOCKS = 64;

export type PoolVerdict =
  | { readonly status: 'added' | 'known' }
  /** `fault`: no honest sender makes such a transaction. `retryable`: it may be taken later. */
  | {
      readonly status: 'refused';
      readonly reason: string;
      readonly fault: boolean;
      readonly retryable: boolean;
    };

interface Entry {
  readonly signed: SignedTransaction;
  readonly root: Uint8Array;
  readonly bytes: number;
}

/** Transactions that wait for a block. */
export class TransactionPool {
  readonly #chain: ChainApi;
  readonly #limits: PoolLimits;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(chain: ChainApi, limits: PoolLimits = DEFAULT_POOL_LIMITS) {
    this.#chain = chain;
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(root: Uint8Array): boolean {
    return this.#entries.has(toBareHex(root));
  }

  /** Takes a transaction that can be valid on top of the block `headRoot`. */
  offer(signed: SignedTransaction, headRoot: Uint8Array): PoolVerdict {
    const { transaction } = signed;
    const root = transactionRoot(transaction);
    const id = toBareHex(root);
    if (this.#entries.has(id)) return { status: 'known' };
    if (!isSignedBySender(signed, this.#chain.genesisRoot)) return refuse('bad-signature', true);
    if (transaction.fee < callFee(this.#chain.genesis, transaction.call)) return refuse('fee-too-low', true);
    const account = readAccount(this.#chain.stateAt(headRoot), transaction.sender);
    if (transaction.nonce < account.nonce) return refuse('nonce-too-low');
    if (transaction.nonce >= account.nonce + this.#limits.perSender)
      return refuse('nonce-too-high', false, true);
    if (account.balance < transaction.fee) return refuse('cannot-pay-fee', false, true);
    if (!this.#markFits(transaction.mark, headRoot)) return refuse('bad-mark');
    const bytes = SignedTransactionType.serialize(signed).length;
    let sameSender = 0;
    for (const entry of this.#entries.values()) {
      const other = entry.signed.transaction;
      if (!bytesEqual(other.sender, transaction.sender)) continue;
      sameSender++;
      if (other.nonce !== transaction.nonce) continue;
      // A higher fee by a tenth replaces: else one could fill the network with variants for nothing.
      if (transaction.fee * 10n < other.fee * 11n) return refuse('nonce-taken');
      this.#remove(entry);
      sameSender--;
    }
    if (sameSender >= this.#limits.perSender) return refuse('too-many-of-sender', false, true);
    if (this.#entries.size >= this.#limits.transactions || this.#bytes + bytes > this.#limits.bytes) {
      return refuse('pool-full', false, true);
    }
    this.#entries.set(id, { signed, root, bytes });
    this.#bytes += bytes;
    return { status: 'added' };
  }

  /** In the order to try: senders by their best fee, each sender's by nonce. */
  candidates(): SignedTransaction[] {
    const bySender = new Map<string, SignedTransaction[]>();
    for (const { signed } of this.#entries.values()) {
      const id = toBareHex(signed.transaction.sender);
      bySender.set(id, [...(bySender.get(id) ?? []), signed]);
    }
    const groups = [...bySender.values()].map((list) =>
      list.sort((a, b) => a.transaction.nonce - b.transaction.nonce),
    );
    const fee = (list: SignedTransaction[]) => list[0]?.transaction.fee ?? 0n;
    return groups.sort((a, b) => (fee(b) > fee(a) ? 1 : fee(b) < fee(a) ? -1 : 0)).flat();
  }

  /** Highest nonce waiting of a sender, plus one; or `fallback`. */
  nextNonce(sender: Uint8Array, fallback: number): number {
    let next = fallback;
    for (const { signed } of this.#entries.values()) {
      const { transaction } = signed;
      if (bytesEqual(transaction.sender, sender)) next = Math.max(next, transaction.nonce + 1);
    }
    return next;
  }

  remove(root: Uint8Array): void {
    const entry = this.#entries.get(toBareHex(root));
    if (entry !== undefined) this.#remove(entry);
  }

  /** Drops what cannot be in a block on top of `headRoot` any more. */
  clean(headRoot: Uint8Array): void {
    const state = this.#chain.stateAt(headRoot);
    for (const entry of [...this.#entries.values()]) {
      const { sender, nonce, mark } = entry.signed.transaction;
      if (nonce < readAccount(state, sender).nonce || !this.#markFits(mark, headRoot)) this.#remove(entry);
    }
  }

  #remove(entry: Entry): void {
    if (this.#entries.delete(toBareHex(entry.root))) this.#bytes -= entry.bytes;
  }

  /** Whether `mark` begins the root of one of the last blocks up to `headRoot`. */
  #markFits(mark: Uint8Array, headRoot: Uint8Array): boolean {
    let root = headRoot;
    for (let i = 0; i < MARK_BLOCKS; i++) {
      if (bytesEqual(root.subarray(0, 8), mark)) return true;
      const header = this.#chain.header(root);
      if (header === undefined || header.height === 0) return false;
      root = header.parentRoot;
    }
    return false;
  }
}

function refuse(reason: string, fault = false, retryable = false): PoolVerdict {
  return { status: 'refused', reason, fault, retryable };
}
