import { Serial } from '../../indexers/serial.js';
import type { MainChainClient } from '../../mainchain/rpc/types.js';
import { toHex } from '../../proofs/bytes.js';
import type { BlockRef } from '../../proofs/containers/consensus.js';
import {
  type Receipt,
  type SignedTransaction,
  TransactionType,
} from '../../proofs/containers/transaction.js';
import { CrossrootError, isRetryable } from '../../proofs/errors/base.js';
import { type Clock, systemClock } from '../ports.js';
import { CallRefusedError, OperatorBalanceError, TransactionLostError } from './errors.js';
import type { Operator } from './operator.js';
import { isRetryableRefusal } from './refusals.js';

/** Blocks after which a mark is no longer valid. */
export const MARK_LIFETIME = 64;

/** Most times the least fee that is paid. */
const MAX_URGENCY = 64n;

export type SenderClient = Pick<
  MainChainClient,
  'status' | 'account' | 'fee' | 'mark' | 'send' | 'transaction'
>;

export interface SenderOptions {
  readonly client: SenderClient;
  readonly operator: Operator;
  readonly clock?: Clock;
  readonly pollMs?: number;
  /** A transaction is sent again this often while it is not in a block. */
  readonly resendMs?: number;
  /** Called when a transaction was in no block until its mark expired: another node may do better. */
  readonly onExpired?: () => void;
  /** Called with the account's balance before each transaction. */
  readonly onBalance?: (balance: bigint) => void;
}

export interface Inclusion {
  readonly block: BlockRef | undefined;
  readonly receipt: Receipt;
  readonly fee: bigint;
}

type Outcome = { readonly kind: 'included'; readonly inclusion: Inclusion } | { readonly kind: 'expired' };

/**
 * Sends one transaction of the operator's account at a time and waits until it is in a block. It stores nothing:
 * the nonce comes from the main chain, the same transaction is sent again until it is included or its mark has
 * expired, and a rebuilt one has the same nonce, so never both apply. A rebuilt one pays twice as much, up to 64 times.
 */
export class TransactionSender {
  readonly #client: SenderClient;
  readonly #operator: Operator;
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #resendMs: number;
  readonly #onBalance: ((balance: bigint) => void) | undefined;
  readonly #onExpired: (() => void) | undefined;
  /** What the least fee is multiplied by: doubled when a transaction expired, for others may pay more for the room. */
  #urgency = 1n;
  readonly #queue = new Serial();

  constructor(options: SenderOptions) {
    this.#client = options.client;
    this.#operator = options.operator;
    this.#clock = options.clock ?? systemClock;
    this.#pollMs = options.pollMs ?? 200;
    this.#resendMs = options.resendMs ?? 2_000;
    this.#onBalance = options.onBalance;
    this.#onExpired = options.onExpired;
  }

  get account(): Uint8Array {
    return this.#operator.account;
  }

  /**
   * @param method one of `Method`
   * @param payload SSZ encoding of its argument
   * @throws CallRefusedError if the call was refused; TransactionLostError, OperatorBalanceError (retryable);
   * whatever a node answers that is not retryable
   */
  submit(method: number, payload: Uint8Array, signal?: AbortSignal): Promise<Inclusion> {
    return this.#queue.run(async () => {
      for (let rebuilt = 0; rebuilt < 3; rebuilt++) {
        if (signal?.aborted) throw new TransactionLostError('the relay is stopping');
        const { signed, builtAt, genesisRoot } = await this.#build(method, payload);
        const outcome = await this.#drive(signed, builtAt, genesisRoot, signal);
        if (outcome.kind === 'expired') {
          this.#urgency = this.#urgency * 2n > MAX_URGENCY ? MAX_URGENCY : this.#urgency * 2n;
          this.#onExpired?.();
          continue;
        }
        this.#urgency = 1n;
        const { receipt } = outcome.inclusion;
        if (receipt.applied === 1) return outcome.inclusion;
        const refusal = new TextDecoder().decode(receipt.error);
        throw new CallRefusedError(refusal, isRetryableRefusal(refusal));
      }
      throw new TransactionLostError('its mark expired three times');
    });
  }

  async #build(method: number, payload: Uint8Array) {
    // The height is read before the mark: expiry is then never judged too late by more than the mark's own age.
    const status = await this.#client.status();
    const [account, least, mark] = await Promise.all([
      this.#client.account(this.#operator.account),
      this.#client.fee(payload.length),
      this.#client.mark(),
    ]);
    this.#onBalance?.(account.balance);
    // Rather the least fee than none.
    const wanted = least * this.#urgency;
    const fee = account.balance < wanted ? least : wanted;
    if (account.balance < fee)
      throw new OperatorBalanceError(toHex(this.#operator.account), account.balance, fee);
    const signed = this.#operator.sign(
      { sender: this.#operator.account, nonce: account.nonce, fee, mark, call: { method, payload } },
      status.genesisRoot,
    );
    return { signed, builtAt: status.head.height, genesisRoot: status.genesisRoot };
  }

  async #drive(
    signed: SignedTransaction,
    builtAt: number,
    genesisRoot: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<Outcome> {
    let root = TransactionType.hashTreeRoot(signed.transaction);
    let nextSend = 0;
    while (!signal?.aborted) {
      try {
        if (this.#clock.now() >= nextSend) {
          nextSend = this.#clock.now() + this.#resendMs;
          root = await this.#client.send(signed);
        }
        const seen = await this.#look(root, signed);
        if (seen) return seen;
        const { head, genesisRoot: current } = await this.#client.status();
        if (toHex(current) !== toHex(genesisRoot))
          throw new TransactionLostError('the node is of another main chain');
        if (head.height > builtAt + MARK_LIFETIME) return { kind: 'expired' };
      } catch (error) {
        if (!isRetryable(error) || error instanceof TransactionLostError) {
          // An answer may have been lost: it may be in a block all the same.
          const seen = error instanceof TransactionLostError ? undefined : await this.#look(root, signed);
          if (seen) return seen;
          if (reasonOf(error) === 'bad-mark') return { kind: 'expired' };
          // An earlier transaction of this account waits, perhaps from before a restart: it goes first.
          if (reasonOf(error) !== 'nonce-taken') throw error;
        }
      }
      await this.#clock.sleep(this.#pollMs, signal);
    }
    throw new TransactionLostError('the relay is stopping');
  }

  async #look(root: Uint8Array, signed: SignedTransaction): Promise<Outcome | undefined> {
    const before = await this.#client.account(this.#operator.account);
    const found = await this.#client.transaction(root);
    if ((found.status === 'included' || found.status === 'finalized') && found.receipt) {
      const inclusion = { block: found.block, receipt: found.receipt, fee: signed.transaction.fee };
      return { kind: 'included', inclusion };
    }
    // The nonce was read before the status: a used nonce with an unknown transaction means that another one took it.
    if (before.nonce > signed.transaction.nonce && found.status === 'unknown') {
      throw new TransactionLostError('its nonce was used by another transaction');
    }
    return undefined;
  }
}

/** Why the node or the pool refused the transaction itself. */
function reasonOf(error: unknown): unknown {
  return error instanceof CrossrootError ? error.details.reason : undefined;
}
