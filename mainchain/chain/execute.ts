import type { ChainKind } from '../../adapters/types.js';
import type { Bls } from '../../proofs/bls/bls.js';
import { DelegateSetType } from '../../proofs/containers/consensus.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import {
  MAX_BLOCK_TRANSACTIONS,
  type Receipt,
  type SignedTransaction,
} from '../../proofs/containers/transaction.js';
import type { BlockContext } from '../contracts/context.js';
import { beginTerm, nextSet } from '../contracts/delegates.js';
import { indexRoot } from '../contracts/histories.js';
import { applyTransaction } from '../contracts/transaction.js';
import type { PendingNodes } from '../state/nodes.js';
import { StateOverlay } from '../state/overlay.js';
import type { StateView } from '../state/view.js';
import { TransactionInvalidError } from './errors.js';
import type { TermInfo } from './schedule.js';
import type { Dropped } from './types.js';

/** Call payloads in one block, in bytes. */
export const MAX_BLOCK_PAYLOAD = 4 * 2 ** 20;

/** What all blocks of a chain share. */
export interface ChainRules {
  readonly genesis: Genesis;
  readonly genesisRoot: Uint8Array;
  readonly bls: Bls;
  readonly kinds: readonly ChainKind[];
}

/** Where a block stands. */
export interface BlockPlace {
  readonly height: number;
  readonly slot: number;
  readonly term: TermInfo;
  /** Whether it is the first block of the term. */
  readonly firstOfTerm: boolean;
  /** Index of the producer in the term's set. */
  readonly producer: number;
  readonly marks: readonly Uint8Array[];
}

export interface Executed {
  readonly stateRoot: Uint8Array;
  readonly indexRoot: Uint8Array;
  readonly nextSetRoot: Uint8Array;
  readonly receipts: readonly Receipt[];
  readonly nodes: PendingNodes;
}

/** Unix milliseconds at which a slot begins. */
export function slotTime(genesis: Pick<Genesis, 'time' | 'slotMilliseconds'>, slot: number): number {
  return genesis.time + slot * genesis.slotMilliseconds;
}

/** Applies a block's transactions one by one to its parent's state. */
export class Execution {
  readonly receipts: Receipt[] = [];
  readonly included: SignedTransaction[] = [];
  readonly #state: StateOverlay;
  readonly #context: BlockContext;
  readonly #limits: { headers: number; readonly marks: readonly Uint8Array[]; readonly producer: Uint8Array };
  #payload = 0;

  constructor(rules: ChainRules, parent: StateView, place: BlockPlace) {
    this.#state = new StateOverlay(parent);
    this.#context = {
      ...rules,
      height: place.height,
      now: Math.floor(slotTime(rules.genesis, place.slot) / 1000),
      term: place.term,
    };
    const account = place.term.members[place.producer]?.account ?? new Uint8Array(20);
    this.#limits = { headers: 0, marks: place.marks, producer: account };
    if (place.firstOfTerm) beginTerm(this.#state, place.term);
  }

  /** @throws TransactionInvalidError; nothing is changed then */
  apply(signed: SignedTransaction): void {
    const bytes = signed.transaction.call.payload.length;
    if (this.included.length >= MAX_BLOCK_TRANSACTIONS || this.#payload + bytes > MAX_BLOCK_PAYLOAD) {
      throw new TransactionInvalidError('block-full', 'the block has no room for it any more', true);
    }
    this.receipts.push(applyTransaction(this.#state, this.#context, this.#limits, signed));
    this.included.push(signed);
    this.#payload += bytes;
  }

  /** Applies what fits; @returns what does not. */
  applyAll(transactions: readonly SignedTransaction[]): Dropped[] {
    const dropped: Dropped[] = [];
    for (const transaction of transactions) {
      try {
        this.apply(transaction);
      } catch (error) {
        if (!(error instanceof TransactionInvalidError)) throw error;
        dropped.push({ transaction, reason: error.reason, retryable: error.retryable });
      }
    }
    return dropped;
  }

  finish(): Executed {
    const index = indexRoot(this.#state);
    const next = DelegateSetType.hashTreeRoot(nextSet(this.#state));
    const { root, nodes } = this.#state.commit();
    return { stateRoot: root, indexRoot: index, nextSetRoot: next, receipts: this.receipts, nodes };
  }
}
