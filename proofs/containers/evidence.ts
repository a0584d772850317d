import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { VoteDataType } from './consensus.js';
import { MainHeaderType } from './header.js';
import { ListCompositeType } from './lists.js';
import { BlsSignature, Uint8, Uint16 } from './primitives.js';

/** One delegate's vote: `index` in the set whose root the vote names, signature in the domain `vote`. */
export const SignedVoteType = new ContainerType(
  { vote: VoteDataType, index: Uint16, signature: BlsSignature },
  { typeName: 'SignedVote', jsonCase: 'eth2' },
);
export type SignedVote = ValueOf<typeof SignedVoteType>;

/** A main-chain header with its producer's signature (domain `block`). */
export const SignedHeaderType = new ContainerType(
  { header: MainHeaderType, signature: BlsSignature },
  { typeName: 'SignedHeader', jsonCase: 'eth2' },
);
export type SignedHeader = ValueOf<typeof SignedHeaderType>;

/** Kinds of fault, as in `Evidence.kind`. Never reused. */
export const EvidenceKind = { doubleVote: 1, surroundVote: 2, doubleBlock: 3 } as const;

/**
 * Two signed messages of one delegate that no honest delegate signs both. Double votes and double blocks in the order
 * of their roots; in a surround vote the surrounding one comes first.
 */
export const EvidenceType = new ContainerType(
  {
    kind: Uint8,
    votes: new ListCompositeType(SignedVoteType, 2),
    headers: new ListCompositeType(SignedHeaderType, 2),
  },
  { typeName: 'Evidence', jsonCase: 'eth2' },
);
export type Evidence = ValueOf<typeof EvidenceType>;
