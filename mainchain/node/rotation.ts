import { ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { bytesEqual, utf8 } from '../../proofs/bytes.js';
import { RotateKeyType } from '../../proofs/containers/calls.js';
import { BlsPublicKey, Count64 } from '../../proofs/containers/primitives.js';
import { type Call, Method, type SignedTransaction } from '../../proofs/containers/transaction.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { freezeHeight } from '../contracts/delegates.js';
import { readAccount } from '../contracts/token.js';
import type { BlsSigner } from '../crypto/signer.js';
import { callFee } from '../transactions.js';
import type { Core } from './core.js';
import type { DelegateKeys } from './keys.js';
import type { Logger } from './logger.js';
import type { TransactionPool } from './pool.js';

/** Blocks to wait before an unanswered rotation is sent again: its mark may have been of a lost branch. */
const RETRY_BLOCKS = 16;
const KEY = utf8('~rotation');

/** What this delegate has made and used. */
const RotationType = new ContainerType({
  /** Term for which `fresh` was made, plus one: 0 for none. */
  term: Count64,
  fresh: BlsPublicKey,
  /** Keys that were this delegate's in some set and are not erased yet. */
  used: new ListCompositeType(BlsPublicKey, 64),
});

/**
 * Gives this delegate a fresh BLS key each term and erases keys that no set needs any more, so that nobody can
 * sign an old term's blocks later (weak subjectivity).
 */
export class KeyRotation {
  #record: ValueOf<typeof RotationType>;
  #sentAt: number | undefined;
  #queue: Promise<void> = Promise.resolve();

  constructor(
    readonly core: Core,
    readonly keys: DelegateKeys,
    readonly pool: TransactionPool,
    readonly store: KeyValueStore,
    readonly submit: (transaction: SignedTransaction) => void,
    readonly logger: Logger,
  ) {
    const bytes = store.get(KEY);
    this.#record = bytes === undefined ? RotationType.defaultValue() : RotationType.deserialize(bytes);
  }

  /** Does what the new head calls for. */
  onHead(): Promise<void> {
    return this.#serial(() => this.#rotate());
  }

  /** Erases keys that neither the newest final block nor the head needs. */
  onFinalized(): Promise<void> {
    return this.#serial(() => this.#erase());
  }

  #serial(task: () => Promise<void>): Promise<void> {
    const run = this.#queue.then(task);
    this.#queue = run.then(
      () => undefined,
      () => undefined,
    );
    return run;
  }

  async #rotate(): Promise<void> {
    const { chain } = this.core;
    const { root, header } = chain.head;
    const { now, next } = this.#own(root);
    if (now === undefined || next === undefined) return;
    await this.#remember([now, next]);
    if (!bytesEqual(now, next)) return;
    if (header.height + 1 >= freezeHeight(header.termStart, chain.genesis.termBlocks)) return;
    const since = this.#sentAt === undefined ? RETRY_BLOCKS : header.height - this.#sentAt;
    if (since >= 0 && since < RETRY_BLOCKS) return;
    this.#sentAt = header.height;
    const signer = await this.#fresh(header.term);
    const payload = { blsKey: signer.publicKey, proofOfPossession: signer.provePossession() };
    const call: Call = { method: Method.rotateKey, payload: RotateKeyType.serialize(payload) };
    const sender = this.keys.account.account;
    const account = readAccount(chain.stateAt(root), sender);
    const fee = callFee(chain.genesis, call);
    if (account.balance < fee) {
      this.logger.warn(
        { term: header.term },
        'the delegate’s account cannot pay for its next key: the old one stays',
      );
      return;
    }
    const nonce = this.pool.nextNonce(sender, account.nonce);
    const transaction = { sender, nonce, fee, mark: chain.mark(root), call };
    this.submit(this.keys.account.sign(transaction, chain.genesisRoot));
    this.logger.info({ term: header.term + 1 }, 'sent a fresh key for the next term');
  }

  /** The key made for the term after `term`, the same one after a crash. */
  async #fresh(term: number): Promise<BlsSigner> {
    const made = this.#record.term === term + 1 ? this.keys.bls(this.#record.fresh) : undefined;
    if (made !== undefined) return made;
    const signer = await this.keys.create();
    // A key that no set took is over as well: the next erasing finds it among the used ones.
    const unused = this.#record.term === 0 ? [] : [this.#record.fresh];
    await this.#write({ ...this.#record, term: term + 1, fresh: signer.publicKey });
    await this.#remember(unused);
    return signer;
  }

  async #erase(): Promise<void> {
    const { chain, engine } = this.core;
    const needed = [engine.finalized.root, chain.head.root].flatMap((root) => {
      const { now, next } = this.#own(root);
      return [now, next].filter((key) => key !== undefined);
    });
    needed.push(this.#record.fresh);
    const over = this.#record.used.filter((key) => !needed.some((one) => bytesEqual(one, key)));
    for (const key of over) await this.keys.erase(key);
    if (over.length === 0) return;
    await this.#write({ ...this.#record, used: this.#record.used.filter((key) => !over.includes(key)) });
    this.logger.info({ keys: over.length }, 'erased keys of terms that are over');
  }

  async #remember(keys: readonly Uint8Array[]): Promise<void> {
    const fresh = keys.filter((key) => !this.#record.used.some((one) => bytesEqual(one, key)));
    const distinct = fresh.filter((key, i) => fresh.findIndex((one) => bytesEqual(one, key)) === i);
    if (distinct.length === 0) return;
    await this.#write({ ...this.#record, used: [...this.#record.used, ...distinct].slice(-64) });
  }

  async #write(record: ValueOf<typeof RotationType>): Promise<void> {
    this.#record = record;
    await this.store.batch([{ type: 'put', key: KEY, value: RotationType.serialize(record) }], {
      sync: true,
    });
  }

  /** This delegate's key in the current set and in the next one. */
  #own(root: Uint8Array): { readonly now: Uint8Array | undefined; readonly next: Uint8Array | undefined } {
    const account = this.keys.account.account;
    const { current, next } = this.core.chain.setsAt(root);
    const key = (members: typeof current) => members.find((d) => bytesEqual(d.account, account))?.blsKey;
    return { now: key(current), next: key(next) };
  }
}
