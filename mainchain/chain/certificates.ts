import type { Bls } from '../../proofs/bls/bls.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { type Certificate, CertificateType } from '../../proofs/containers/consensus.js';
import type { MainHeader } from '../../proofs/containers/header.js';
import { ProofError } from '../../proofs/errors/proof.js';
import { verifyVotes } from '../../proofs/verify/certificate.js';
import { freezeHeight } from '../contracts/delegates.js';
import { BoundedMap } from './boundedMap.js';
import { InvalidBlockError } from './errors.js';
import type { TermInfo } from './schedule.js';

/** What certificate checks need of the block tree. */
export interface Branches {
  ancestorAt(root: Uint8Array, height: number): Uint8Array | undefined;
  header(root: Uint8Array): MainHeader | undefined;
  termAt(root: Uint8Array): TermInfo;
}

/** Checks certificates for the branches that carry them; a signature is checked once. */
export class CertificateChecker {
  readonly #verified = new BoundedMap<true>(256);

  constructor(
    readonly branches: Branches,
    readonly bls: Bls,
    readonly genesisRoot: Uint8Array,
    readonly termBlocks: number,
  ) {}

  /**
   * Checks a certificate carried by a block on top of `parentRoot`: a link between two blocks of that branch, voted by a
   * quorum of the set of its target's term.
   * @throws InvalidBlockError `bad-certificate`
   */
  check(parentRoot: Uint8Array, certificate: Certificate): void {
    const { vote } = certificate;
    const parent = this.branches.header(parentRoot);
    if (parent === undefined) throw refused('its parent is not known');
    if (!bytesEqual(vote.genesisRoot, this.genesisRoot)) throw refused('it is of another chain');
    if (vote.source.height >= vote.target.height || vote.target.height > parent.height) {
      throw refused(`it links ${vote.source.height} to ${vote.target.height} below ${parent.height + 1}`);
    }
    for (const { height, root } of [vote.source, vote.target]) {
      const ours = this.branches.ancestorAt(parentRoot, height);
      if (ours === undefined || !bytesEqual(ours, root)) {
        throw refused(`it is for another block at height ${height} than this branch has`);
      }
    }
    const term = this.branches.termAt(vote.target.root);
    if (vote.term !== term.term || !bytesEqual(vote.setRoot, term.setRoot)) {
      throw refused(`it is by term ${vote.term}, its target of term ${term.term}`);
    }
    const root = CertificateType.hashTreeRoot(certificate);
    if (this.#verified.get(root) !== undefined) return;
    try {
      verifyVotes(vote, certificate.bits, certificate.signature, term.members, this.bls);
    } catch (error) {
      if (error instanceof ProofError) throw refused(error.message, error);
      throw error;
    }
    this.#verified.set(root, true);
  }

  /**
   * Whether the certificate, carried on top of `parentRoot`, ends the parent's term: it finalises a block of that term at
   * or after the term's nominal end, so that the next set is known for good.
   */
  closes(parentRoot: Uint8Array, certificate: Certificate): boolean {
    const { vote } = certificate;
    const parent = this.branches.header(parentRoot);
    if (parent === undefined || vote.term !== parent.term) return false;
    return (
      vote.target.height === vote.source.height + 1 &&
      vote.source.height >= freezeHeight(parent.termStart, this.termBlocks)
    );
  }
}

function refused(problem: string, cause?: unknown): InvalidBlockError {
  return new InvalidBlockError('bad-certificate', `the certificate does not hold: ${problem}`, {
    ...(cause === undefined ? {} : { cause }),
  });
}
