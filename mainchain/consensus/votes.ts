import { BitArray } from '@chainsafe/ssz';
import { bytesEqual, compareBytes, toBareHex } from '../../proofs/bytes.js';
import {
  type Certificate,
  type DelegateSet,
  quorum,
  type VoteData,
  VoteDataType,
} from '../../proofs/containers/consensus.js';
import { type Evidence, EvidenceKind, type SignedVote } from '../../proofs/containers/evidence.js';
import type { VoteCrypto } from './types.js';

/** All votes for one link. */
interface Tally {
  readonly vote: VoteData;
  readonly size: number;
  readonly signatures: Map<number, Uint8Array>;
}

/** At most this many different votes are kept of one delegate for one height: two prove a fault. */
const MAX_VOTES_A_HEIGHT = 2;

/** Votes by link, and each delegate's votes by target height, so that faults show. Signatures are checked before. */
export class VotePool {
  readonly #links = new Map<string, Tally>();
  /** Target height, then account, then votes. */
  readonly #heights = new Map<number, Map<string, SignedVote[]>>();

  /** Whether this very vote is there, or the delegate has been caught at this height already. */
  has(signed: SignedVote, account: Uint8Array): boolean {
    const votes = this.#heights.get(signed.vote.target.height)?.get(toBareHex(account)) ?? [];
    return votes.length >= MAX_VOTES_A_HEIGHT || votes.some((v) => sameVote(v.vote, signed.vote));
  }

  /** Keeps a valid vote. @returns the faults that it completes */
  add(signed: SignedVote, members: DelegateSet): Evidence[] {
    const account = members[signed.index]?.account;
    if (account === undefined) return [];
    const id = toBareHex(account);
    const { target } = signed.vote;
    let row = this.#heights.get(target.height);
    if (row === undefined) {
      row = new Map();
      this.#heights.set(target.height, row);
    }
    const evidence: Evidence[] = [];
    const mine = row.get(id) ?? [];
    for (const other of mine) evidence.push(doubleVote(other, signed));
    for (const [height, votes] of this.#heights) {
      if (height === target.height) continue;
      for (const other of votes.get(id) ?? []) {
        if (surrounds(signed.vote, other.vote)) evidence.push(surround(signed, other));
        else if (surrounds(other.vote, signed.vote)) evidence.push(surround(other, signed));
      }
    }
    row.set(id, [...mine, signed]);
    const link = linkId(signed.vote);
    let tally = this.#links.get(link);
    if (tally === undefined) {
      tally = { vote: signed.vote, size: members.length, signatures: new Map() };
      this.#links.set(link, tally);
    }
    tally.signatures.set(signed.index, signed.signature);
    return evidence;
  }

  /** The certificate of the vote's link, if a quorum has signed it. */
  certificate(vote: VoteData, crypto: VoteCrypto): Certificate | undefined {
    const tally = this.#links.get(linkId(vote));
    return tally === undefined ? undefined : assemble(tally, crypto);
  }

  /** Certificates of every link to `root` that a quorum has signed. */
  certificatesTo(root: Uint8Array, crypto: VoteCrypto): Certificate[] {
    const found: Certificate[] = [];
    for (const tally of this.#links.values()) {
      if (!bytesEqual(tally.vote.target.root, root)) continue;
      const certificate = assemble(tally, crypto);
      if (certificate !== undefined) found.push(certificate);
    }
    return found;
  }

  /** Forgets votes whose target is below `height`. */
  prune(height: number): void {
    for (const [link, tally] of this.#links) {
      if (tally.vote.target.height < height) this.#links.delete(link);
    }
    for (const target of this.#heights.keys()) {
      if (target < height) this.#heights.delete(target);
    }
  }
}

function assemble(tally: Tally, crypto: VoteCrypto): Certificate | undefined {
  if (tally.signatures.size < quorum(tally.size)) return undefined;
  const bits = BitArray.fromBitLen(tally.size);
  const signatures: Uint8Array[] = [];
  for (const [index, signature] of tally.signatures) {
    bits.set(index, true);
    signatures.push(signature);
  }
  return { vote: tally.vote, bits, signature: crypto.aggregate(signatures) };
}

/** Identity of a link: the whole vote. */
export function linkId(vote: VoteData): string {
  return toBareHex(VoteDataType.serialize(vote));
}

export function sameVote(a: VoteData, b: VoteData): boolean {
  return VoteDataType.equals(a, b);
}

/** Whether `outer` surrounds `inner` (Casper FFG, second commandment). */
export function surrounds(outer: VoteData, inner: VoteData): boolean {
  return outer.source.height < inner.source.height && inner.target.height < outer.target.height;
}

function doubleVote(a: SignedVote, b: SignedVote): Evidence {
  const order = compareBytes(VoteDataType.hashTreeRoot(a.vote), VoteDataType.hashTreeRoot(b.vote));
  return { kind: EvidenceKind.doubleVote, votes: order < 0 ? [a, b] : [b, a], headers: [] };
}

function surround(outer: SignedVote, inner: SignedVote): Evidence {
  return { kind: EvidenceKind.surroundVote, votes: [outer, inner], headers: [] };
}
