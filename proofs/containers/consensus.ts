import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { BitListType, ListCompositeType } from './lists.js';
import { Account, BlsPublicKey, BlsSignature, Bytes32, Count64 } from './primitives.js';

export const MAX_DELEGATES = 256;

export const DelegateType = new ContainerType(
  { account: Account, blsKey: BlsPublicKey },
  { typeName: 'Delegate', jsonCase: 'eth2' },
);
export type Delegate = ValueOf<typeof DelegateType>;

/** A term's delegates, in turn order. Its hash tree root is the set root. */
export const DelegateSetType = new ListCompositeType(DelegateType, MAX_DELEGATES, {
  typeName: 'DelegateSet',
});
export type DelegateSet = Delegate[];

/** A main-chain block as a Casper FFG checkpoint. */
export const BlockRefType = new ContainerType(
  { height: Count64, root: Bytes32 },
  { typeName: 'BlockRef', jsonCase: 'eth2' },
);
export type BlockRef = ValueOf<typeof BlockRefType>;

/** What a delegate signs: a Casper FFG link. */
export const VoteDataType = new ContainerType(
  { genesisRoot: Bytes32, term: Count64, setRoot: Bytes32, source: BlockRefType, target: BlockRefType },
  { typeName: 'VoteData', jsonCase: 'eth2' },
);
export type VoteData = ValueOf<typeof VoteDataType>;

/** Aggregated votes of a quorum for one link. `bits` has exactly one bit a delegate. */
export const CertificateType = new ContainerType(
  { vote: VoteDataType, bits: new BitListType(MAX_DELEGATES), signature: BlsSignature },
  { typeName: 'Certificate', jsonCase: 'eth2' },
);
export type Certificate = ValueOf<typeof CertificateType>;

/** Votes needed of a set of `n`: more than two thirds. */
export function quorum(n: number): number {
  return Math.floor((2 * n) / 3) + 1;
}
