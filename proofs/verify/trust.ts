import { bytesEqual } from '../bytes.js';
import type { DelegateSet } from '../containers/consensus.js';
import { DelegateSetType } from '../containers/consensus.js';
import { type Genesis, GenesisType } from '../containers/genesis.js';
import { type MainHeader, MainHeaderType } from '../containers/header.js';
import { ProofError } from '../errors/proof.js';

/** What a verifier starts from: given to it by its user, never taken from a proof. */
export interface Trust {
  readonly genesisRoot: Uint8Array;
  /** Unix milliseconds at which slot 0 begins. */
  readonly genesisTime: number;
  readonly slotMilliseconds: number;
  /** Nominal length of a term, in blocks. */
  readonly termBlocks: number;
  /** Term of `members`. */
  readonly term: number;
  readonly members: DelegateSet;
  /** Main height trusted: 0 for a genesis. */
  readonly height: number;
}

export function trustFromGenesis(genesis: Genesis): Trust {
  return {
    genesisRoot: GenesisType.hashTreeRoot(genesis),
    genesisTime: genesis.time,
    slotMilliseconds: genesis.slotMilliseconds,
    termBlocks: genesis.termBlocks,
    term: 0,
    members: genesis.delegates.map((d) => d.delegate),
    height: 0,
  };
}

/** A certified header that the user trusts instead of a genesis, with the chain's constants and the header's own set. */
export interface TrustedHeader {
  readonly genesisTime: number;
  readonly slotMilliseconds: number;
  readonly termBlocks: number;
  readonly header: MainHeader;
  readonly members: DelegateSet;
}

/** @throws ProofError('wrong-set' as `bad-handover`) if the members are not the header's set */
export function trustFromHeader(given: TrustedHeader): Trust {
  const { header, members } = given;
  if (!bytesEqual(DelegateSetType.hashTreeRoot(members), header.setRoot)) {
    throw new ProofError('bad-handover', 'the members given are not the set of the trusted header');
  }
  return {
    genesisRoot: header.genesisRoot,
    genesisTime: given.genesisTime,
    slotMilliseconds: given.slotMilliseconds,
    termBlocks: given.termBlocks,
    term: header.term,
    members,
    height: header.height,
  };
}

/** Unix milliseconds at which a header's slot begins. */
export function slotTime(trust: Trust, slot: number): number {
  return trust.genesisTime + slot * trust.slotMilliseconds;
}

export function headerRoot(header: MainHeader): Uint8Array {
  return MainHeaderType.hashTreeRoot(header);
}
