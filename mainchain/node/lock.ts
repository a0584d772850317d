import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import { type BlockRef, type DelegateSet, quorum } from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import type { VoteJournal } from '../consensus/journal.js';
import { blstBls } from '../crypto/blst.js';
import { type Identity, type Introduction, IntroductionType } from '../network/messages.js';
import type { Core } from './core.js';
import type { Logger } from './logger.js';
import type { NodeMetrics } from './metrics.js';

/** A claim waits so long for its blocks, milliseconds. After that a third of the delegates must share it. */
const BACKING_MILLISECONDS = 5000;
/** Claims that are not known to be true: of delegates whose term this node has not reached, and of anybody else. */
const MAX_UNCHECKED = 256;

interface Claim {
  readonly identity: Identity;
  readonly introduction: Introduction;
  checked: boolean;
  /** Keys against which it has been checked in vain. */
  refusedBy?: string;
}

/**
 * Keeps a delegate from voting until it knows that it cannot have voted already for what it is about to vote for: a
 * restored backup holds an old journal. After a start it waits until a quorum of delegates (itself included) have
 * said how far their chains reach, and then votes only for higher targets.
 */
export class VoteLock {
  readonly #core: Core;
  readonly #journal: VoteJournal;
  readonly #account: Uint8Array;
  readonly #logger: Logger;
  readonly #metrics: NodeMetrics;
  /** By connection, oldest first: whoever connects again and again displaces other unchecked claims, never a true one. */
  readonly #claims = new Map<string, Claim>();
  readonly #ownHead: number;
  #quorumAt: number | undefined;
  #open = false;
  #stale = false;

  constructor(core: Core, journal: VoteJournal, account: Uint8Array, logger: Logger, metrics: NodeMetrics) {
    this.#core = core;
    this.#journal = journal;
    this.#account = account;
    this.#logger = logger;
    this.#metrics = metrics;
    this.#ownHead = core.engine.head.height;
    metrics.gauge('voting', 0);
  }

  /** Whether votes above the journal's floor may be cast. */
  get open(): boolean {
    return this.#open;
  }
  /** Whether the next block on the head may be voted for. */
  get voting(): boolean {
    return this.#open && this.#core.engine.head.height >= this.#journal.state.floor;
  }
  /** Whether votes of this delegate were seen that its journal does not know. */
  get stale(): boolean {
    return this.#stale;
  }

  /** A peer's word on who it is and how far its chain reached at first contact. */
  async claim(identity: Identity, introduction: Introduction): Promise<void> {
    if (this.#open) return;
    const id = toBareHex(introduction.from);
    if (this.#claims.get(id)?.checked === true) return;
    this.#claims.delete(id);
    this.#claims.set(id, { identity, introduction, checked: false });
    await this.check();
    const unchecked = [...this.#claims].filter(([, claim]) => !claim.checked);
    for (const [oldest] of unchecked.slice(0, -MAX_UNCHECKED)) this.#claims.delete(oldest);
  }

  /** Looks again: call it when the head moved and from time to time. */
  async check(): Promise<void> {
    if (this.#open) return;
    const { members } = this.#core.chain.termAt(this.#core.chain.head.root);
    const heads = this.#checkedHeads(members);
    if (heads.length + 1 < quorum(members.length)) return;
    this.#quorumAt ??= this.#core.now();
    const unbacked = heads.filter((head) => !this.#backed(head));
    if (unbacked.length > 0 && this.#core.now() - this.#quorumAt < BACKING_MILLISECONDS) return;
    // What no block backs counts only if more delegates say so than may be faulty.
    const faulty = members.length - quorum(members.length);
    const claimed = heads.map((h) => h.height).sort((a, b) => b - a)[faulty] ?? 0;
    const backed = heads.filter((h) => this.#backed(h)).map((h) => h.height);
    const floor = Math.max(this.#journal.state.target.height, this.#ownHead, claimed, ...backed);
    this.#open = true;
    await this.#journal.raiseFloor(floor);
    this.#metrics.gauge('voting', 1);
    this.#logger.info({ floor, delegates: heads.length + 1 }, 'voting above this height');
  }

  /** This delegate's own valid vote came from outside: if the journal does not know it, the journal is stale. */
  async sawOwnVote(target: BlockRef): Promise<void> {
    const { state } = this.#journal;
    if (target.height <= Math.max(state.target.height, state.floor)) return;
    this.#stale = true;
    this.#logger.error(
      { height: target.height, journal: state.target.height },
      'stale-lock: this delegate has voted beyond its own journal; it abstains up to that height',
    );
    await this.#journal.raiseFloor(target.height);
  }

  #backed(head: BlockRef): boolean {
    return head.height <= this.#core.engine.finalized.height || this.#core.chain.has(head.root);
  }

  /** Heads of other delegates of the set whose word is signed. */
  #checkedHeads(members: DelegateSet): BlockRef[] {
    const heads = new Map<string, BlockRef>();
    const { chain } = this.#core;
    const sets = chain.setsAt(chain.head.root);
    const delegates = [...sets.current, ...sets.next];
    for (const claim of this.#claims.values()) {
      const { identity, introduction } = claim;
      if (bytesEqual(identity.account, this.#account)) continue;
      claim.checked ||= this.#verify(claim, delegates);
      if (!claim.checked || !members.some((d) => bytesEqual(d.account, identity.account))) continue;
      const id = toBareHex(identity.account);
      if ((heads.get(id)?.height ?? -1) < introduction.head.height) heads.set(id, introduction.head);
    }
    return [...heads.values()];
  }

  /** @param delegates of the sets around the head: what a later key signed is looked at again when they are others */
  #verify(claim: Claim, delegates: DelegateSet): boolean {
    const { identity, introduction } = claim;
    const keys = delegates.filter((d) => bytesEqual(d.account, identity.account)).map((d) => d.blsKey);
    const tried = keys.map(toBareHex).join();
    if (claim.refusedBy === tried) return false;
    const message = signingRoot(IntroductionType, introduction, 'peer', this.#core.chain.genesisRoot);
    if (keys.some((key) => blstBls.verify(key, message, identity.signature))) return true;
    claim.refusedBy = tried;
    return false;
  }
}
