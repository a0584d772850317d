import { bytesEqual } from '../../proofs/bytes.js';
import { type DelegateSet, VoteDataType } from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import type { SignedVote } from '../../proofs/containers/evidence.js';
import { type VoteJournal, whyNotVote } from '../consensus/journal.js';
import type { Core } from './core.js';
import type { DelegateKeys } from './keys.js';
import type { VoteLock } from './lock.js';
import type { Logger } from './logger.js';
import type { NodeMetrics } from './metrics.js';

/** A delegate's index in a set, if it is in it. */
export function indexIn(members: DelegateSet, account: Uint8Array): number | undefined {
  const index = members.findIndex((d) => bytesEqual(d.account, account));
  return index < 0 ? undefined : index;
}

/** Votes for each new head: on disk first, then signed, then sent. */
export class Voter {
  #running = false;
  #again = false;
  #last: SignedVote | undefined;

  constructor(
    readonly core: Core,
    readonly keys: DelegateKeys,
    readonly journal: VoteJournal,
    readonly lock: VoteLock,
    readonly send: (vote: SignedVote) => void,
    readonly logger: Logger,
    readonly metrics: NodeMetrics,
  ) {}

  /** This run's newest vote: sent again to peers that may have missed it. */
  get last(): SignedVote | undefined {
    return this.#last;
  }

  /** Votes if there is something to vote for. One at a time; a call during another one makes it look again. */
  async poke(): Promise<void> {
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#again) {
        this.#again = false;
        await this.#vote();
      }
    } finally {
      this.#running = false;
    }
  }

  async #vote(): Promise<void> {
    if (!this.lock.open) return;
    const vote = this.core.engine.nextVote();
    if (vote === undefined || whyNotVote(this.journal.state, vote) !== undefined) return;
    const { members } = this.core.chain.termAt(vote.target.root);
    const index = indexIn(members, this.keys.account.account);
    const key = index === undefined ? undefined : members[index]?.blsKey;
    const signer = key === undefined ? undefined : this.keys.bls(key);
    if (index === undefined || signer === undefined) return;
    await this.journal.recordVote(vote);
    const signature = signer.sign(signingRoot(VoteDataType, vote, 'vote', vote.genesisRoot));
    const signed: SignedVote = { vote, index, signature };
    this.#last = signed;
    this.send(signed);
    this.metrics.count('votes_sent');
    await this.core.addVote(signed);
  }
}
