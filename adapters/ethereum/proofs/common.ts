import type { Type } from '@chainsafe/ssz';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesEqual, concatBytes } from '../../../proofs/bytes.js';
import type { Leaf } from '../../../proofs/containers/leaf.js';
import type { ProofKindCode } from '../../../proofs/containers/proof.js';
import { ChainKindCode } from '../../../proofs/containers/spec.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { type Flaw, ProofError } from '../../../proofs/errors/proof.js';
import { fromJsonValue, toJsonValue } from '../../../proofs/format/jsonValue.js';
import type { Json, PayloadClaim, PayloadVerifier } from '../../../proofs/verify/payload.js';
import { indexKey } from '../trie/build.js';
import { TrieProofError, type TrieProofOptions, verifyTrieProofs } from '../trie/verify.js';
import { decodePayload } from './payload.js';

/** Checker of a kind whose payload is one SSZ container; its JSON is that container's. */
export function payloadVerifier<T>(
  kind: ProofKindCode,
  name: string,
  type: Type<T>,
  check: (payload: T, leaf: Leaf, chain: string) => PayloadClaim,
): PayloadVerifier {
  return {
    kind,
    name,
    chainKind: ChainKindCode.ethereum,
    verify: (payload, leaf, chain) => check(decodePayload(type, payload), leaf, chain),
    toJson: (payload) => toJsonValue(type as Type<unknown>, decodePayload(type, payload)),
    fromJson: (json: Json) => type.serialize(fromJsonValue(type as Type<unknown>, json, 'payload') as T),
  };
}

/** Values of keys in a trie under `root`. @throws ProofError `flaw` where the nodes do not hold */
export function trieValues(
  flaw: Flaw,
  root: Uint8Array,
  keys: readonly Uint8Array[],
  nodes: readonly Uint8Array[],
  options: TrieProofOptions = {},
): (Uint8Array | undefined)[] {
  try {
    return verifyTrieProofs(root, keys, nodes, options);
  } catch (error) {
    if (error instanceof TrieProofError || error instanceof MalformedInputError)
      throw new ProofError(flaw, error.message, error);
    throw error;
  }
}

/** The values at these places of a block's list, each of which has to be there. @throws ProofError `flaw` */
export function valuesAt(
  flaw: Flaw,
  root: Uint8Array,
  indices: readonly number[],
  nodes: readonly Uint8Array[],
  options: TrieProofOptions = {},
): Uint8Array[] {
  return trieValues(flaw, root, indices.map(indexKey), nodes, options).map((value, i) => {
    if (value === undefined) throw new ProofError(flaw, `the block has nothing at index ${indices[i]}`);
    return value;
  });
}

/** What cannot be read is a flaw of the proof. */
export function reading<T>(flaw: Flaw, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedInputError) throw new ProofError(flaw, error.message, error);
    throw error;
  }
}

/**
 * Fixes what a proof answers: Keccak-256 of its kind (1 byte) and the SSZ of its question. Without it, nodes that show
 * one thing to be absent could be good for another that is absent too.
 */
export function questionId<T>(kind: ProofKindCode, type: Type<T>, question: T): Uint8Array {
  return keccak_256(concatBytes(Uint8Array.of(kind), type.serialize(question)));
}

/** @throws ProofError `flaw` unless `id` is that of the question */
export function checkQuestion<T>(
  flaw: Flaw,
  kind: ProofKindCode,
  type: Type<T>,
  { question, id }: { readonly question: T; readonly id: Uint8Array },
): T {
  if (!bytesEqual(questionId(kind, type, question), id))
    throw new ProofError(flaw, 'the question is not the one that the proof is about');
  return question;
}
