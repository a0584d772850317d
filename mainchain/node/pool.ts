import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import type { SignedTransaction } from '../../proofs/containers/transaction.js';
import type { ChainApi } from '../chain/chain.js';
import { readAccount } from '../contracts/token.js';
import { MARK_BLOCKS } from '../contracts/transaction.js';
import { callFee, isSignedBySender, transactionRoot } from '../transactions.js';

export interface PoolLimits {
  readonly transactions: number;
  /** Of call payloads, all together. */
  readonly bytes: number;
  /** Of one sender. */
  readonly perSender: number;
}

export const DEFAULT_POOL_LIMITS: PoolLimits = { transactions: 4096, bytes: 32 * 2 ** 20, perSender: 64 };

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
  /** Order of arrival: ties keep the first seen. */
  readonly arrival: number;
}

/** Transactions that wait for a block. A full pool drops what pays least for its size. */
export class TransactionPool {
  readonly #chain: ChainApi;
  readonly #limits: PoolLimits;
  readonly #entries = new Map<string, Entry>();
  /** Sender → nonce → transaction. */
  readonly #senders = new Map<string, Map<number, Entry>>();
  #bytes = 0;
  #arrivals = 0;

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
    if (this.has(root)) return { status: 'known' };
    const refusal = this.#check(signed, headRoot);
    if (refusal !== undefined) return refusal;
    const own = this.#senders.get(toBareHex(transaction.sender));
    const replaced = own?.get(transaction.nonce);
    // A higher fee by a tenth replaces: else one could fill the network with variants for nothing.
    if (replaced !== undefined && transaction.fee * 10n < replaced.signed.transaction.fee * 11n) {
      return refuse('nonce-taken');
    }
    if (replaced === undefined && (own?.size ?? 0) >= this.#limits.perSender) {
      return refuse('too-many-of-sender', false, true);
    }
    const bytes = transaction.call.payload.length;
    const entry: Entry = { signed, root, bytes, arrival: this.#arrivals++ };
    const leaving = this.#roomFor(entry, replaced);
    if (leaving === undefined) return refuse('pool-full', false, true);
    // Signatures cost most: checked last.
    if (!isSignedBySender(signed, this.#chain.genesisRoot)) return refuse('bad-signature', true);
    for (const old of leaving) this.#remove(old);
    this.#insert(entry);
    return { status: 'added' };
  }

  /** In the order to try: highest fee a byte first, each sender's by nonce. */
  candidates(): SignedTransaction[] {
    const lists = [...this.#senders.values()].map((own) =>
      [...own.values()].sort((a, b) => a.signed.transaction.nonce - b.signed.transaction.nonce),
    );
    const chosen: SignedTransaction[] = [];
    for (let next = best(lists); next !== undefined; next = best(lists)) {
      const entry = next.shift();
      if (entry !== undefined) chosen.push(entry.signed);
    }
    return chosen;
  }

  /** Highest nonce waiting of a sender, plus one; or `fallback`. */
  nextNonce(sender: Uint8Array, fallback: number): number {
    const own = this.#senders.get(toBareHex(sender));
    return Math.max(fallback, ...[...(own?.keys() ?? [])].map((nonce) => nonce + 1));
  }

  remove(root: Uint8Array): void {
    const entry = this.#entries.get(toBareHex(root));
    if (entry !== undefined) this.#remove(entry);
  }

  /** Drops what cannot be in a block on top of `headRoot` any more. */
  clean(headRoot: Uint8Array): void {
    const state = this.#chain.stateAt(headRoot);
    const marks = this.#chain.marks(headRoot, MARK_BLOCKS);
    for (const entry of [...this.#entries.values()]) {
      const { sender, nonce, mark } = entry.signed.transaction;
      const used = nonce < readAccount(state, sender).nonce;
      if (used || !marks.some((known) => bytesEqual(known, mark))) this.#remove(entry);
    }
  }

  #check({ transaction }: SignedTransaction, headRoot: Uint8Array): PoolVerdict | undefined {
    const { sender, nonce, fee, mark } = transaction;
    if (fee < callFee(this.#chain.genesis, transaction.call)) return refuse('fee-too-low', true);
    const account = readAccount(this.#chain.stateAt(headRoot), sender);
    if (nonce < account.nonce) return refuse('nonce-too-low');
    if (nonce >= account.nonce + this.#limits.perSender) return refuse('nonce-too-high', false, true);
    if (account.balance < fee) return refuse('cannot-pay-fee', false, true);
    const marks = this.#chain.marks(headRoot, MARK_BLOCKS);
    return marks.some((known) => bytesEqual(known, mark)) ? undefined : refuse('bad-mark');
  }

  /** What must leave for the newcomer, or `undefined` if everything else pays as much as it does. */
  #roomFor(newcomer: Entry, replaced: Entry | undefined): Entry[] | undefined {
    const leaving = replaced === undefined ? [] : [replaced];
    let count = this.#entries.size - leaving.length;
    let bytes = this.#bytes - (replaced?.bytes ?? 0);
    const fits = (): boolean =>
      count < this.#limits.transactions && bytes + newcomer.bytes <= this.#limits.bytes;
    if (fits()) return leaving;
    // The cheapest first, without sorting: whoever pays less than everything there costs no more than a look at each.
    let cheapest: Entry | undefined;
    for (const entry of this.#entries.values())
      if (entry !== replaced && (cheapest === undefined || byFee(entry, cheapest) > 0)) cheapest = entry;
    if (cheapest === undefined || byFee(newcomer, cheapest) >= 0) return undefined;
    for (const entry of [...this.#entries.values()].sort((a, b) => byFee(b, a))) {
      if (entry === replaced) continue;
      if (byFee(newcomer, entry) >= 0) return undefined;
      leaving.push(entry);
      count -= 1;
      bytes -= entry.bytes;
      if (fits()) return leaving;
    }
    return undefined;
  }

  #insert(entry: Entry): void {
    const { sender, nonce } = entry.signed.transaction;
    const id = toBareHex(sender);
    const own = this.#senders.get(id) ?? new Map<number, Entry>();
    own.set(nonce, entry);
    this.#senders.set(id, own);
    this.#entries.set(toBareHex(entry.root), entry);
    this.#bytes += entry.bytes;
  }

  #remove(entry: Entry): void {
    const { sender, nonce } = entry.signed.transaction;
    const id = toBareHex(sender);
    const own = this.#senders.get(id);
    if (own?.get(nonce) === entry) own.delete(nonce);
    if (own?.size === 0) this.#senders.delete(id);
    if (this.#entries.delete(toBareHex(entry.root))) this.#bytes -= entry.bytes;
  }
}

/** The list whose first transaction pays most. */
function best(lists: readonly Entry[][]): Entry[] | undefined {
  let found: Entry[] | undefined;
  for (const list of lists) {
    const [first] = list;
    const [leader] = found ?? [];
    if (first !== undefined && (leader === undefined || byFee(first, leader) < 0)) found = list;
  }
  return found;
}

/** Highest fee a byte first (a call counts 256 bytes more than its payload), then first seen. */
function byFee(a: Entry, b: Entry): number {
  const left = a.signed.transaction.fee * BigInt(b.bytes + 256);
  const right = b.signed.transaction.fee * BigInt(a.bytes + 256);
  if (left !== right) return left > right ? -1 : 1;
  return a.arrival - b.arrival;
}

function refuse(reason: string, fault = false, retryable = false): PoolVerdict {
  return { status: 'refused', reason, fault, retryable };
}
