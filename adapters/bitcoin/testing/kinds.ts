import { reversed, toBareHex } from '../../../proofs/bytes.js';
import { LeafType } from '../../../proofs/containers/leaf.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import type { PayloadClaim, PayloadVerifier } from '../../../proofs/verify/payload.js';
import { BlockProver } from '../proofs/build.js';
import { bitcoinPayloadVerifiers } from '../proofs/index.js';
import { foreignHeader } from '../rules/header.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { segwitBlock } from './segwit.js';

export const genesis = foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0);
/** A block of eleven transactions and its prover. */
export const block = segwitBlock(genesis, 11);
export const prover = new BlockProver(block.raw);

/** A leaf for a raw block: only the transactions root is set. */
export function leafOf(raw: Uint8Array) {
  return { ...LeafType.defaultValue(), transactionsRoot: raw.slice(36, 68) };
}
export const leaf = leafOf(block.raw);

export function txid(place: number): Uint8Array {
  const id = prover.txids[place];
  if (id === undefined) throw new RangeError(`the block has no transaction ${place}`);
  return id;
}

export function displayed(hash: Uint8Array): string {
  return toBareHex(reversed(hash));
}

export function verifierOf(kind: number): PayloadVerifier {
  const verifier = bitcoinPayloadVerifiers.find((one) => one.kind === kind);
  if (verifier === undefined) throw new RangeError(`no Bitcoin payload has the kind ${kind}`);
  return verifier;
}

export function verify(kind: number, payload: Uint8Array, under = leaf): PayloadClaim {
  return verifierOf(kind).verify(payload, under, 'bitcoin-regtest');
}

/** The flaw that a check names, or `accepted`. */
export function flawOf(check: () => unknown): string {
  try {
    check();
    return 'accepted';
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return error.flaw;
  }
}
