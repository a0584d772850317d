import { LimitExceededError } from '../errors/input.js';
import { ProofError } from '../errors/proof.js';
import { decodeJson, encodeJson, type FormatContext } from './json.js';
import { MAX_PROOF_BYTES, type Proof } from './proof.js';
import { decodeSsz, encodeSsz } from './ssz.js';

export type ProofFormat = 'json' | 'ssz';

/** A proof file's bytes. */
export function encodeProof(proof: Proof, format: ProofFormat, context: FormatContext): Uint8Array {
  return format === 'ssz' ? encodeSsz(proof) : new TextEncoder().encode(encodeJson(proof, context));
}

/**
 * Reads a proof file of either format: JSON begins with `{` (after white space), the binary form with `CRPF`.
 * @throws ProofError `malformed`, `non-canonical`, `unsupported-version`, `unknown-chain`; LimitExceededError above 16 MiB
 */
export function decodeProof(
  bytes: Uint8Array,
  context: FormatContext,
): { readonly proof: Proof; readonly format: ProofFormat } {
  if (bytes.length > MAX_PROOF_BYTES)
    throw new LimitExceededError('proof size in bytes', bytes.length, MAX_PROOF_BYTES);
  if (bytes[0] === 0x43) return { proof: decodeSsz(bytes), format: 'ssz' };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new ProofError('malformed', 'the file is neither a binary proof nor UTF-8 text', error);
  }
  return { proof: decodeJson(text, context), format: 'json' };
}
