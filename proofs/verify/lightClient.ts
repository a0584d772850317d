import type { Bls } from '../bls/bls.js';
import { bytesEqual } from '../bytes.js';
import { type DelegateSet, DelegateSetType } from '../containers/consensus.js';
import type { MainHeader } from '../containers/header.js';
import type { CompactCertificate, Handover } from '../containers/proof.js';
import { ProofError } from '../errors/proof.js';
import { type QuorumVerdict, verifyFinalized } from './certificate.js';
import { headerRoot, slotTime, type Trust } from './trust.js';

/** A trust older than this many terms is refused unless accepted explicitly (weak subjectivity). */
export const MAX_TRUST_AGE_TERMS = 3;

/** A finalised header that the light client has checked. */
export interface Finalized {
  readonly header: MainHeader;
  readonly root: Uint8Array;
  readonly quorum: QuorumVerdict;
}

/**
 * Follows the main chain by its hand-overs and certificates alone: no network, no clock. Starting at a trust, it
 * learns each term's delegate set from the set before it.
 */
export class LightClient {
  readonly #sets = new Map<number, DelegateSet>();
  readonly #bls: Bls;
  #newest: number;

  constructor(
    readonly trust: Trust,
    bls: Bls,
  ) {
    this.#bls = bls;
    this.#newest = trust.term;
    this.#sets.set(trust.term, trust.members);
  }

  /** Newest term whose set is known. */
  get term(): number {
    return this.#newest;
  }

  /**
   * Learns the set of the term after the newest known one.
   * @throws ProofError `bad-handover` if it is of another term, not yet at the term's nominal end, certified by
   * another set, or its members are not the ones the header names; `no-quorum`, `bad-signature`, `wrong-genesis`
   */
  applyHandover(handover: Handover): void {
    const { header, certificate, members } = handover;
    if (header.term !== this.#newest) {
      throw new ProofError(
        'bad-handover',
        `hand-over of term ${header.term} where that of term ${this.#newest} is needed`,
      );
    }
    if (header.height < header.termStart + this.trust.termBlocks - 1) {
      throw new ProofError(
        'bad-handover',
        `main height ${header.height} is before the end of term ${header.term}`,
      );
    }
    if (certificate.term !== header.term) {
      throw new ProofError(
        'bad-handover',
        `a hand-over of term ${header.term} is certified by term ${certificate.term}`,
      );
    }
    if (members.length === 0 || !bytesEqual(DelegateSetType.hashTreeRoot(members), header.nextSetRoot)) {
      throw new ProofError(
        'bad-handover',
        `the members given are not the next set of main height ${header.height}`,
      );
    }
    this.verify(header, certificate);
    this.#newest += 1;
    this.#sets.set(this.#newest, members);
  }

  /**
   * Checks that the delegates finalised `header`.
   * @throws ProofError `wrong-genesis`, `unknown-term` if a hand-over is missing, `bad-certificate`, `no-quorum`, `bad-signature`
   */
  verify(header: MainHeader, certificate: CompactCertificate): Finalized {
    if (!bytesEqual(header.genesisRoot, this.trust.genesisRoot)) {
      throw new ProofError(
        'wrong-genesis',
        'the main-chain header belongs to another genesis than the one trusted',
      );
    }
    if (certificate.term !== header.term && certificate.term !== header.term + 1) {
      throw new ProofError(
        'bad-certificate',
        `a header of term ${header.term} is certified by term ${certificate.term}`,
      );
    }
    const own = this.#sets.get(header.term);
    if (own !== undefined && !bytesEqual(DelegateSetType.hashTreeRoot(own), header.setRoot)) {
      throw new ProofError(
        'bad-certificate',
        `main height ${header.height} names another set than that of term ${header.term}`,
      );
    }
    const members = this.#sets.get(certificate.term);
    if (members === undefined) {
      throw new ProofError(
        'unknown-term',
        `the delegates of term ${certificate.term} are not known: trust is of term ${this.trust.term}, hand-overs lead to term ${this.#newest}`,
      );
    }
    const quorum = verifyFinalized(header, certificate, members, this.#bls);
    return { header, root: headerRoot(header), quorum };
  }

  /** Whether the trust is too old for `term` by weak subjectivity. */
  isStale(term: number): boolean {
    return term - this.trust.term > MAX_TRUST_AGE_TERMS;
  }

  /** Unix milliseconds of a header's slot. */
  timeOf(header: MainHeader): number {
    return slotTime(this.trust, header.slot);
  }
}
