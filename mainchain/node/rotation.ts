import { bytesEqual } from '../../proofs/bytes.js';
import { RotateKeyType } from '../../proofs/containers/calls.js';
import type { Delegate } from '../../proofs/containers/consensus.js';
import { type Call, Method, type SignedTransaction } from '../../proofs/containers/transaction.js';
import { freezeHeight } from '../contracts/delegates.js';
import { readAccount } from '../contracts/token.js';
import { callFee } from '../transactions.js';
import type { Core } from './core.js';
import type { DelegateKeys } from './keys.js';
import type { Logger } from './logger.js';
import type { TransactionPool } from './pool.js';

/** Blocks to wait before an unanswered rotation is sent again: its mark may have been of a lost branch. */
const RETRY_BLOCKS = 16;

/**
 * Gives this delegate a fresh BLS key each term and erases keys that no set needs any more, so that nobody can
 * sign an old term's blocks later (weak subjectivity).
 */
export class KeyRotation {
  #sentAt: number | undefined;
  #running = false;

  constructor(
    readonly core: Core,
    readonly keys: DelegateKeys,
    readonly pool: TransactionPool,
    readonly submit: (transaction: SignedTransaction) => void,
    readonly logger: Logger,
  ) {}

  /** Does what the new head calls for. */
  async onHead(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      await this.#rotate();
    } finally {
      this.#running = false;
    }
  }

  async #rotate(): Promise<void> {
    const { chain } = this.core;
    const { root, header } = chain.head;
    const account = this.keys.account.account;
    const mine = (members: readonly Delegate[]) => members.find((d) => bytesEqual(d.account, account));
    const { current, next } = chain.setsAt(root);
    const now = mine(current);
    const then = mine(next);
    if (now === undefined || then === undefined || !bytesEqual(now.blsKey, then.blsKey)) return;
    if (header.height + 1 >= freezeHeight(header.termStart, chain.genesis.termBlocks)) return;
    if (
      this.#sentAt !== undefined &&
      header.height - this.#sentAt < RETRY_BLOCKS &&
      header.height >= this.#sentAt
    )
      return;
    const signer = this.#spare(root) ?? (await this.keys.create());
    const call: Call = {
      method: Method.rotateKey,
      payload: RotateKeyType.serialize({
        blsKey: signer.publicKey,
        proofOfPossession: signer.provePossession(),
      }),
    };
    const state = chain.stateAt(root);
    const record = readAccount(state, account);
    const fee = callFee(chain.genesis, call);
    if (record.balance < fee) {
      this.logger.warn(
        { term: header.term },
        'the delegate’s account cannot pay for its next key: the old one stays',
      );
      this.#sentAt = header.height;
      return;
    }
    const nonce = this.pool.nextNonce(account, record.nonce);
    const transaction = { sender: account, nonce, fee, mark: chain.mark(root), call };
    this.#sentAt = header.height;
    this.submit(this.keys.account.sign(transaction, chain.genesisRoot));
    this.logger.info({ term: header.term + 1 }, 'sent a fresh key for the next term');
  }

  /** A key made before that no set has taken: left by a crash or a lost transaction. */
  #spare(headRoot: Uint8Array) {
    const used = this.#used(headRoot);
    const spare = this.keys.list().find((key) => !used.some((u) => bytesEqual(u, key)));
    return spare === undefined ? undefined : this.keys.bls(spare);
  }

  /** Erases keys once the sets of the newest final block are all later than theirs. */
  async onFinalized(): Promise<void> {
    const { chain, engine } = this.core;
    const final = engine.finalized.root;
    const { termStart, height, term } = chain.header(final) ?? {};
    // Only a block within a term proves that the hand-over before it is final.
    if (term === undefined || term === 0 || termStart === undefined || height === undefined) return;
    const account = this.keys.account.account;
    const held = chain.setsAt(final).current.find((d) => bytesEqual(d.account, account));
    if (held === undefined) return;
    const before = chain.header(chain.ancestorAt(final, termStart - 1) ?? final);
    const old =
      before === undefined
        ? undefined
        : chain.setsAt(chain.ancestorAt(final, termStart - 1) ?? final).current;
    const gone = old?.find((d) => bytesEqual(d.account, account))?.blsKey;
    if (gone === undefined || this.#used(chain.head.root).some((u) => bytesEqual(u, gone))) return;
    if (this.#used(final).some((u) => bytesEqual(u, gone)) || this.keys.bls(gone) === undefined) return;
    await this.keys.erase(gone);
    this.logger.info({ term: term - 1 }, 'erased the key of a term that is over');
  }

  #used(root: Uint8Array): Uint8Array[] {
    const { current, next } = this.core.chain.setsAt(root);
    return [...current, ...next].map((d) => d.blsKey);
  }
}
