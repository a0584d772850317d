import type { Type } from '@chainsafe/ssz';
import { bytesEqual, concatBytes, utf8 } from '../bytes.js';
import {
  AnchoredProofType,
  InclusionProofType,
  PROOF_VERSION,
  ProofKind,
  ReorgProofType,
  UnanchoredProofType,
} from '../containers/proof.js';
import { ProofError } from '../errors/proof.js';
import { isAnchoredKind, kindNames, type Proof } from './proof.js';

/** First bytes of a binary proof file; then one byte version, one byte kind, the SSZ body. */
export const PROOF_MAGIC: Uint8Array = utf8('CRPF');

export function encodeSsz(proof: Proof): Uint8Array {
  return concatBytes(PROOF_MAGIC, Uint8Array.of(PROOF_VERSION, proof.kind), body(proof));
}

function body(proof: Proof): Uint8Array {
  if (proof.kind === ProofKind.reorg) return ReorgProofType.serialize(proof);
  if (proof.kind === ProofKind.bitcoinInclusion) return InclusionProofType.serialize(proof);
  if (proof.kind === ProofKind.unanchored) return UnanchoredProofType.serialize(proof);
  return AnchoredProofType.serialize(proof);
}

/** @throws ProofError `malformed`, `unsupported-version`, `non-canonical` */
export function decodeSsz(bytes: Uint8Array): Proof {
  if (bytes.length < 6 || !bytesEqual(bytes.subarray(0, 4), PROOF_MAGIC)) {
    throw new ProofError('malformed', 'the file does not begin as a binary proof does');
  }
  if (bytes[4] !== PROOF_VERSION)
    throw new ProofError('unsupported-version', `proof version ${bytes[4]} is not known`);
  const rest = bytes.subarray(6);
  const kind = bytes[5] ?? 0;
  if (isAnchoredKind(kind)) return { kind, ...strict(AnchoredProofType, rest, kindNames[kind]) };
  switch (kind) {
    case ProofKind.reorg:
      return { kind, ...strict(ReorgProofType, rest, kindNames[kind]) };
    case ProofKind.bitcoinInclusion:
      return { kind, ...strict(InclusionProofType, rest, kindNames[kind]) };
    case ProofKind.unanchored: {
      const { payloadKind, ...body } = strict(UnanchoredProofType, rest, kindNames[kind]);
      if (!isAnchoredKind(payloadKind))
        throw new ProofError('malformed', `an unanchored proof has no payload of kind ${payloadKind}`);
      return { kind, payloadKind, ...body };
    }
    default:
      throw new ProofError('malformed', `proof kind ${kind} is not known`);
  }
}

/**
 * Decodes SSZ of which exactly one encoding is valid.
 * @throws ProofError `malformed` if it does not decode, `non-canonical` if it would be written otherwise
 */
export function strict<T>(type: Type<T>, bytes: Uint8Array, what: string): T {
  let value: T;
  try {
    value = type.deserialize(bytes);
  } catch (error) {
    throw new ProofError(
      'malformed',
      `${what} does not decode: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
  if (!bytesEqual(type.serialize(value), bytes))
    throw new ProofError('non-canonical', `${what} has another encoding than the one valid one`);
  return value;
}
