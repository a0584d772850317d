import type { BitArray } from '@chainsafe/ssz';
import type { Bls } from '../bls/bls.js';
import {
  type DelegateSet,
  DelegateSetType,
  quorum,
  type VoteData,
  VoteDataType,
} from '../containers/consensus.js';
import { signingRoot } from '../containers/domains.js';
import { HEADER_VERSION, type MainHeader } from '../containers/header.js';
import type { CompactCertificate } from '../containers/proof.js';
import { ProofError } from '../errors/proof.js';
import { headerRoot } from './trust.js';

/** How many delegates signed, of how many, and how many were needed. */
export interface QuorumVerdict {
  readonly signed: number;
  readonly needed: number;
  readonly total: number;
}

/** The full vote that a compact certificate of `header` stands for. */
export function compactVote(
  header: MainHeader,
  certificate: CompactCertificate,
  members: DelegateSet,
): VoteData {
  return {
    genesisRoot: header.genesisRoot,
    term: certificate.term,
    setRoot: DelegateSetType.hashTreeRoot(members),
    source: { height: header.height, root: headerRoot(header) },
    target: { height: header.height + 1, root: certificate.targetRoot },
  };
}

/**
 * Checks an aggregated vote of `members`.
 * @throws ProofError `bad-certificate` if the bits do not fit the set, `no-quorum`, `bad-signature`
 */
export function verifyVotes(
  vote: VoteData,
  bits: BitArray,
  signature: Uint8Array,
  members: DelegateSet,
  bls: Bls,
): QuorumVerdict {
  if (bits.bitLen !== members.length) {
    throw new ProofError(
      'bad-certificate',
      `certificate has ${bits.bitLen} bits for ${members.length} delegates`,
    );
  }
  const signers = members.filter((_, i) => bits.get(i));
  const needed = quorum(members.length);
  if (signers.length < needed) {
    throw new ProofError(
      'no-quorum',
      `${signers.length} of ${members.length} delegates signed, ${needed} needed`,
    );
  }
  const message = signingRoot(VoteDataType, vote, 'vote', vote.genesisRoot);
  if (
    !bls.fastAggregateVerify(
      signers.map((d) => d.blsKey),
      message,
      signature,
    )
  ) {
    throw new ProofError(
      'bad-signature',
      `the certificate for main height ${vote.source.height} is not signed by the delegates it names`,
    );
  }
  return { signed: signers.length, needed, total: members.length };
}

/**
 * Checks that `members` finalised `header`: a link to its direct child, signed by a quorum.
 * @throws ProofError as `verifyVotes`, `unsupported-version`
 */
export function verifyFinalized(
  header: MainHeader,
  certificate: CompactCertificate,
  members: DelegateSet,
  bls: Bls,
): QuorumVerdict {
  if (header.version !== HEADER_VERSION) {
    throw new ProofError('unsupported-version', `main-chain header version ${header.version} is not known`);
  }
  return verifyVotes(
    compactVote(header, certificate, members),
    certificate.bits,
    certificate.signature,
    members,
    bls,
  );
}
