import type { Bls } from '../../proofs/bls/bls.js';
import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import { type Certificate, type DelegateSet, DelegateSetType } from '../../proofs/containers/consensus.js';
import { type MainHeader, MainHeaderType } from '../../proofs/containers/header.js';
import type { Handover } from '../../proofs/containers/proof.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import { ProofError } from '../../proofs/errors/proof.js';
import { verifyVotes } from '../../proofs/verify/certificate.js';
import { LightClient } from '../../proofs/verify/lightClient.js';
import { headerRoot, type Trust } from '../../proofs/verify/trust.js';
import type { SetWriter } from '../store/indexStore.js';
import { HandoverMissingError } from './errors.js';

/** From where certificates are checked. */
export interface MainTrust {
  /** The main chain's genesis, or a header that the operator trusts. */
  readonly trust: Trust;
  readonly bls: Bls;
  /**
   * Hand-overs from the end of a term on, oldest first, as any node has them: nothing of them is believed. Failures that may
   * pass are tried again with the whole step.
   */
  readonly handovers: (fromTerm: number) => Promise<readonly Handover[]>;
  /** Times in a row that no node has a hand-over before it counts as not to be had. Default 5. */
  readonly attempts?: number;
}

/** What a certificate is worth. */
export type CertificateVerdict =
  /** A quorum of the delegates of its term signed that its block is final. */
  | { readonly type: 'verified' }
  /** Nobody can say: the delegates of its term are not to be had. */
  | { readonly type: 'unverified'; readonly reason: string }
  | { readonly type: 'wrong'; readonly reason: string };

/** Failures in a row that count as one answer without the hand-over. */
const FAILURES = 4;
/** After a hand-over was not to be had, nodes are not asked again for so long. Milliseconds. */
const ASK_AGAIN_MS = 30_000;

/**
 * Checks the certificates of the main chain's blocks in their order. The root of each term's delegate set is learned from blocks
 * whose certificates were checked before: a set's own, and from a term's nominal end on that of the next. The members behind a
 * root are the genesis's, or a node's, whose root has to be that very one. What it needs to go on after a restart is in the index.
 */
export class CertificateVerifier {
  readonly #from: MainTrust;
  /** Roots of the sets of a few terms. */
  readonly #roots = new Map<number, Uint8Array>();
  /** Members behind them, by root. */
  readonly #members = new Map<string, DelegateSet>();
  #at: Uint8Array | undefined;
  #misses = 0;
  /** Failures of nodes in a row. */
  #failures = 0;
  #askAgain = 0;

  constructor(from: MainTrust) {
    this.#from = from;
    this.#restart();
  }

  /**
   * Goes on after the newest block of a set of tables.
   * @param root of that block; `undefined` where there is none
   */
  async resume(writer: Pick<SetWriter, 'certifiedHeader'>, root: Uint8Array | undefined): Promise<void> {
    if (root !== undefined && this.#at !== undefined && bytesEqual(root, this.#at)) return;
    this.#restart();
    const header = root === undefined ? undefined : await writer.certifiedHeader();
    if (header !== undefined) this.#learn(MainHeaderType.deserialize(header));
    this.#at = root;
  }

  /** The next block of the chain, and its certificate if it has one. @throws HandoverMissingError; as nodes do, if that may pass */
  async check(
    header: MainHeader,
    certificate: Certificate | undefined,
  ): Promise<CertificateVerdict | undefined> {
    const root = headerRoot(header);
    const verdict = certificate && (await this.#check(header, root, certificate));
    if (verdict?.type === 'verified') this.#learn(header);
    this.#at = root;
    return verdict;
  }

  async #check(header: MainHeader, root: Uint8Array, certificate: Certificate): Promise<CertificateVerdict> {
    const { trust, bls } = this.#from;
    const { vote, bits, signature } = certificate;
    const wrong = (reason: string): CertificateVerdict => ({ type: 'wrong', reason });
    if (!bytesEqual(vote.genesisRoot, trust.genesisRoot)) return wrong('it is of another main chain');
    if (vote.source.height !== header.height || !bytesEqual(vote.source.root, root))
      return wrong('it is of another block');
    if (vote.target.height !== header.height + 1)
      return wrong(`it links height ${header.height} to ${vote.target.height}, which finalises neither`);
    if (vote.term !== header.term && vote.term !== header.term + 1)
      return wrong(`it is of term ${vote.term}, the block of term ${header.term}`);
    const set = await this.#setOf(vote.term);
    if (typeof set === 'string') return { type: 'unverified', reason: set };
    if (!bytesEqual(vote.setRoot, set.root))
      return wrong(`it names another delegate set than term ${vote.term} has`);
    if (vote.term === header.term && !bytesEqual(header.setRoot, set.root))
      return wrong(`the block names another delegate set than term ${vote.term} has`);
    try {
      verifyVotes(vote, bits, signature, set.members, bls);
    } catch (error) {
      if (error instanceof ProofError) return wrong(error.message);
      throw error;
    }
    return { type: 'verified' };
  }

  /** @returns why it is not known, otherwise */
  async #setOf(term: number): Promise<{ readonly root: Uint8Array; readonly members: DelegateSet } | string> {
    const known = this.#known(term);
    if (known !== undefined) return known;
    const { trust, handovers, attempts = 5 } = this.#from;
    const missing = `the delegates of term ${term} are not known, and no node has the hand-over to them`;
    if (term <= trust.term) return `it is of term ${term}, and trust begins with term ${trust.term}`;
    if (performance.now() < this.#askAgain) return missing;
    const before = [...this.#roots.keys()].filter((one) => one < term && this.#known(one) !== undefined);
    const from = Math.max(trust.term, ...before);
    // Of a set whose root is known, the hand-over before it has the members.
    const first = this.#roots.has(term) ? term - 1 : from;
    try {
      const found = await handovers(first);
      this.#failures = 0;
      for (const handover of found) this.#take(handover);
    } catch (error) {
      const lasting = error instanceof ProofError || (error instanceof CrossrootError && !error.retryable);
      // Nodes that fail for ever hold up nothing for ever.
      if (!lasting && ++this.#failures < attempts * FAILURES) throw error;
      this.#misses = attempts;
    }
    const found = this.#known(term);
    if (found === undefined && ++this.#misses < attempts) throw new HandoverMissingError(term);
    this.#misses = 0;
    if (found === undefined) this.#askAgain = performance.now() + ASK_AGAIN_MS;
    return found ?? missing;
  }

  #known(term: number): { readonly root: Uint8Array; readonly members: DelegateSet } | undefined {
    const root = this.#roots.get(term);
    const members = root && this.#members.get(toBareHex(root));
    return root && members && { root, members };
  }

  /** @throws ProofError if it does not hold */
  #take(handover: Handover): void {
    const { term } = handover.header;
    const root = DelegateSetType.hashTreeRoot(handover.members);
    const expected = this.#roots.get(term + 1);
    if (expected === undefined) {
      const before = this.#known(term);
      if (before === undefined) return;
      const trust = { ...this.#from.trust, term, members: before.members };
      new LightClient(trust, this.#from.bls).applyHandover(handover);
      this.#roots.set(term + 1, root);
    } else if (!bytesEqual(root, expected)) return;
    this.#members.set(toBareHex(root), handover.members);
  }

  /** What a block whose certificate holds says of delegate sets. */
  #learn(header: MainHeader): void {
    const { term, termStart, height, setRoot, nextSetRoot } = header;
    this.#roots.set(term, setRoot);
    if (height >= termStart + this.#from.trust.termBlocks - 1) this.#roots.set(term + 1, nextSetRoot);
    for (const known of this.#roots.keys()) if (known < term) this.#roots.delete(known);
    const used = new Set([...this.#roots.values(), this.#genesis()].map(toBareHex));
    for (const root of this.#members.keys()) if (!used.has(root)) this.#members.delete(root);
  }

  #restart(): void {
    const { trust } = this.#from;
    this.#roots.clear();
    this.#at = undefined;
    this.#roots.set(trust.term, this.#genesis());
    this.#members.set(toBareHex(this.#genesis()), trust.members);
  }

  #genesis(): Uint8Array {
    return DelegateSetType.hashTreeRoot(this.#from.trust.members);
  }
}
