import { bytesEqual, toBareHex, toHex } from '../../proofs/bytes.js';
import type { SignedTransaction } from '../../proofs/containers/transaction.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import { readAccount } from '../contracts/token.js';
import { MARK_BLOCKS } from '../contracts/transaction.js';
import { callFee, isSignedBySender, transactionRoot } from '../transactions.js';
import type { ChainApi } from './api.js';

export interface PoolLimits {
  /** Transactions in all. Default 4,096. */
  readonly count?: number;
  /** Call payloads in all, in bytes. Default 64 MiB. */
  readonly bytes?: number;
  /** Transactions of one sender. Default 64. */
  readonly perSender?: number;
}

export type PoolRefusal =
  | 'bad-signature'
  | 'bad-mark'
  | 'nonce-too-low'
  | 'nonce-too-high'
  | 'fee-too-low'
  | 'cannot-pay-fee'
  | 'underpriced-replacement'
  | 'pool-full';

/** A transaction that the pool does not take. Retryable where room or a fresh balance may come. */
export class PoolRefusedError extends CrossrootError {
  override readonly name = 'PoolRefusedError';
  constructor(
    readonly reason: PoolRefusal,
    message: string,
    override readonly retryable: boolean = false,
  ) {
    super(`${reason}: ${message}`, { details: { reason } });
  }
}

interface Pending {
  readonly root: Uint8Array;
  readonly signed: SignedTransaction;
  readonly bytes: number;
  /** Order of arrival: ties keep the first seen. */
  readonly arrival: number;
}

/** A replacement must pay this much more than what it replaces, in percent. */
const REPLACEMENT_PERCENT = 10n;

/** Transactions waiting for a block, valid on top of the best branch. Kept in memory only. */
export class TransactionPool {
  readonly #chain: ChainApi;
  readonly #limits: Required<PoolLimits>;
  readonly #byRoot = new Map<string, Pending>();
  /** Sender → nonce → transaction. */
  readonly #bySender = new Map<string, Map<number, Pending>>();
  #bytes = 0;
  #arrivals = 0;

  constructor(chain: ChainApi, limits: PoolLimits = {}) {
    this.#chain = chain;
    this.#limits = { count: 4096, bytes: 64 * 2 ** 20, perSender: 64, ...limits };
  }

  get size(): number {
    return this.#byRoot.size;
  }

  has(root: Uint8Array): boolean {
    return this.#byRoot.has(toBareHex(root));
  }

  get(root: Uint8Array): SignedTransaction | undefined {
    return this.#byRoot.get(toBareHex(root))?.signed;
  }

  /** All transactions, for handing on to peers. */
  all(): SignedTransaction[] {
    return [...this.#byRoot.values()].map((p) => p.signed);
  }

  /**
   * Takes a transaction; one that is there already is no error.
   * @returns its root
   * @throws PoolRefusedError
   */
  add(signed: SignedTransaction): Uint8Array {
    const { transaction } = signed;
    const root = transactionRoot(transaction);
    if (this.has(root)) return root;
    this.#check(signed);
    const sender = toBareHex(transaction.sender);
    const own = this.#bySender.get(sender);
    const replaced = own?.get(transaction.nonce);
    if (replaced !== undefined) {
      const least = (replaced.signed.transaction.fee * (100n + REPLACEMENT_PERCENT) + 99n) / 100n;
      if (transaction.fee < least) {
        throw new PoolRefusedError(
          'underpriced-replacement',
          `fee ${transaction.fee}, at least ${least} needed to replace`,
        );
      }
    } else if ((own?.size ?? 0) >= this.#limits.perSender) {
      throw new PoolRefusedError(
        'pool-full',
        `${toHex(transaction.sender)} has ${this.#limits.perSender} transactions waiting`,
        true,
      );
    }
    const pending: Pending = {
      root,
      signed,
      bytes: transaction.call.payload.length,
      arrival: this.#arrivals++,
    };
    this.#makeRoom(pending, replaced);
    if (replaced !== undefined) this.#remove(replaced);
    this.#insert(sender, pending);
    return root;
  }

  /** Transactions for the next block on top of the head: highest fee a byte first, each sender's in nonce order. */
  select(limit = 1024): SignedTransaction[] {
    const state = this.#chain.stateAt(this.#chain.head.root);
    const ready: Pending[] = [];
    for (const own of this.#bySender.values()) {
      const [any] = own.values();
      if (any === undefined) continue;
      const next = own.get(readAccount(state, any.signed.transaction.sender).nonce);
      if (next !== undefined) ready.push(next);
    }
    const chosen: SignedTransaction[] = [];
    while (chosen.length < limit) {
      ready.sort(byFee);
      const best = ready.shift();
      if (best === undefined) break;
      chosen.push(best.signed);
      const { sender, nonce } = best.signed.transaction;
      const next = this.#bySender.get(toBareHex(sender))?.get(nonce + 1);
      if (next !== undefined) ready.push(next);
    }
    return chosen;
  }

  /** Drops what the head has included or made impossible (used nonces, expired marks). Call after each new head. */
  update(): void {
    const state = this.#chain.stateAt(this.#chain.head.root);
    const marks = this.#marks();
    for (const pending of [...this.#byRoot.values()]) {
      const { sender, nonce, mark } = pending.signed.transaction;
      const stale = nonce < readAccount(state, sender).nonce || !marks.some((m) => bytesEqual(m, mark));
      if (stale) this.#remove(pending);
    }
  }

  /** Drops one transaction, such as one that `build` left out for good. */
  remove(root: Uint8Array): void {
    const pending = this.#byRoot.get(toBareHex(root));
    if (pending !== undefined) this.#remove(pending);
  }

  #check(signed: SignedTransaction): void {
    const { transaction } = signed;
    const { sender, nonce, fee, mark } = transaction;
    const account = readAccount(this.#chain.stateAt(this.#chain.head.root), sender);
    if (nonce < account.nonce) {
      throw new PoolRefusedError('nonce-too-low', `nonce ${nonce} is used, the next one is ${account.nonce}`);
    }
    if (nonce >= account.nonce + this.#limits.perSender) {
      throw new PoolRefusedError('nonce-too-high', `nonce ${nonce} is too far above ${account.nonce}`, true);
    }
    const least = callFee(this.#chain.genesis, transaction.call);
    if (fee < least) throw new PoolRefusedError('fee-too-low', `fee ${fee}, at least ${least} needed`);
    if (account.balance < fee) {
      throw new PoolRefusedError(
        'cannot-pay-fee',
        `the sender has ${account.balance}, the fee is ${fee}`,
        true,
      );
    }
    if (!this.#marks().some((m) => bytesEqual(m, mark))) {
      throw new PoolRefusedError('bad-mark', 'the mark is of none of the last 64 blocks of the best branch');
    }
    if (!isSignedBySender(signed, this.#chain.genesisRoot)) {
      throw new PoolRefusedError('bad-signature', `not signed by ${toHex(sender)} for this chain`);
    }
  }

  /** Makes room by dropping what pays least, if that is less than the newcomer. @throws PoolRefusedError `pool-full` */
  #makeRoom(newcomer: Pending, replaced: Pending | undefined): void {
    const leaving: Pending[] = [];
    let count = this.#byRoot.size - (replaced === undefined ? 0 : 1);
    let bytes = this.#bytes - (replaced?.bytes ?? 0);
    const fits = (): boolean => count < this.#limits.count && bytes + newcomer.bytes <= this.#limits.bytes;
    if (fits()) return;
    const worstFirst = [...this.#byRoot.values()].filter((p) => p !== replaced).sort((a, b) => byFee(b, a));
    for (const pending of worstFirst) {
      if (byFee(newcomer, pending) >= 0) break;
      leaving.push(pending);
      count -= 1;
      bytes -= pending.bytes;
      if (fits()) break;
    }
    if (!fits())
      throw new PoolRefusedError('pool-full', 'the pool is full of transactions that pay more', true);
    for (const pending of leaving) this.#remove(pending);
  }

  #marks(): Uint8Array[] {
    return this.#chain.marks(this.#chain.head.root, MARK_BLOCKS);
  }

  #insert(sender: string, pending: Pending): void {
    const own = this.#bySender.get(sender) ?? new Map<number, Pending>();
    own.set(pending.signed.transaction.nonce, pending);
    this.#bySender.set(sender, own);
    this.#byRoot.set(toBareHex(pending.root), pending);
    this.#bytes += pending.bytes;
  }

  #remove(pending: Pending): void {
    const { sender, nonce } = pending.signed.transaction;
    const id = toBareHex(sender);
    const own = this.#bySender.get(id);
    own?.delete(nonce);
    if (own?.size === 0) this.#bySender.delete(id);
    this.#byRoot.delete(toBareHex(pending.root));
    this.#bytes -= pending.bytes;
  }
}

/** Highest fee a byte first (a call counts 256 bytes more than its payload), then first seen. */
function byFee(a: Pending, b: Pending): number {
  const left = a.signed.transaction.fee * BigInt(b.bytes + 256);
  const right = b.signed.transaction.fee * BigInt(a.bytes + 256);
  if (left !== right) return left > right ? -1 : 1;
  return a.arrival - b.arrival;
}
