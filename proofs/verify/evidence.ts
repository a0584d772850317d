import type { Bls } from '../bls/bls.js';
import { bytesEqual } from '../bytes.js';
import { type DelegateSet, DelegateSetType, VoteDataType } from '../containers/consensus.js';
import { signingRoot } from '../containers/domains.js';
import { type Evidence, EvidenceKind, type SignedHeader, type SignedVote } from '../containers/evidence.js';
import { MainHeaderType } from '../containers/header.js';
import { ProofError } from '../errors/proof.js';

/** The delegates of a term, by their set root (32 bytes); `undefined` if they are not known. */
export type SetLookup = (setRoot: Uint8Array) => DelegateSet | undefined;

/**
 * Checks that evidence proves a fault of one delegate.
 * @param genesisRoot of the chain that the verifier trusts
 * @returns the faulty delegate's account (20 bytes)
 * @throws ProofError `malformed` if it proves no fault, `wrong-genesis`, `unknown-term`, `bad-signature`
 */
export function verifyEvidence(
  evidence: Evidence,
  genesisRoot: Uint8Array,
  sets: SetLookup,
  bls: Bls,
): Uint8Array {
  const { kind, votes, headers } = evidence;
  if (kind === EvidenceKind.doubleBlock) {
    const [a, b] = headers;
    if (a === undefined || b === undefined || votes.length > 0) throw malformed('two headers are needed');
    return doubleBlock(a, b, genesisRoot, sets, bls);
  }
  const [a, b] = votes;
  if (a === undefined || b === undefined || headers.length > 0) throw malformed('two votes are needed');
  if (kind === EvidenceKind.doubleVote) {
    if (a.vote.target.height !== b.vote.target.height) throw malformed('the votes are for different heights');
    if (VoteDataType.equals(a.vote, b.vote)) throw malformed('the votes are the same');
  } else if (kind === EvidenceKind.surroundVote) {
    const around = a.vote.source.height < b.vote.source.height && b.vote.target.height < a.vote.target.height;
    if (!around) throw malformed('the first vote does not surround the second');
  } else throw malformed(`kind ${kind} is not known`);
  const first = voter(a, genesisRoot, sets, bls);
  if (!bytesEqual(first, voter(b, genesisRoot, sets, bls))) throw malformed('two delegates signed');
  return first;
}

function doubleBlock(
  a: SignedHeader,
  b: SignedHeader,
  genesisRoot: Uint8Array,
  sets: SetLookup,
  bls: Bls,
): Uint8Array {
  if (a.header.slot !== b.header.slot) throw malformed('the blocks are of different slots');
  if (MainHeaderType.equals(a.header, b.header)) throw malformed('the blocks are the same');
  const [first, second] = [a, b].map(({ header, signature }) => {
    const message = signingRoot(MainHeaderType, header, 'block', genesisRoot);
    return signer(
      header.genesisRoot,
      header.setRoot,
      header.producer,
      message,
      signature,
      genesisRoot,
      sets,
      bls,
    );
  });
  if (first === undefined || second === undefined || !bytesEqual(first, second))
    throw malformed('two delegates signed');
  return first;
}

function voter(
  { vote, index, signature }: SignedVote,
  genesisRoot: Uint8Array,
  sets: SetLookup,
  bls: Bls,
): Uint8Array {
  const message = signingRoot(VoteDataType, vote, 'vote', genesisRoot);
  return signer(vote.genesisRoot, vote.setRoot, index, message, signature, genesisRoot, sets, bls);
}

function signer(
  ownGenesis: Uint8Array,
  setRoot: Uint8Array,
  index: number,
  message: Uint8Array,
  signature: Uint8Array,
  genesisRoot: Uint8Array,
  sets: SetLookup,
  bls: Bls,
): Uint8Array {
  if (!bytesEqual(ownGenesis, genesisRoot))
    throw new ProofError('wrong-genesis', 'the evidence is of another main chain');
  const members = sets(setRoot);
  if (members === undefined || !bytesEqual(DelegateSetType.hashTreeRoot(members), setRoot)) {
    throw new ProofError('unknown-term', 'the delegate set that the evidence names is not known');
  }
  const delegate = members[index];
  if (delegate === undefined || !bls.verify(delegate.blsKey, message, signature)) {
    throw new ProofError('bad-signature', `delegate ${index} did not sign what the evidence says`);
  }
  return delegate.account;
}

function malformed(problem: string): ProofError {
  return new ProofError('malformed', `evidence proves no fault: ${problem}`);
}
