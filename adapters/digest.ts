import { concatBytes } from '../proofs/bytes.js';
import { sha256 } from '../proofs/hash/hasher.js';

/**
 * What delegates sign of a range of headers, as in `Attest.digest`: SHA-256 of the raw headers, one after another.
 * @param headers raw, oldest first
 */
export function rangeDigest(headers: readonly Uint8Array[]): Uint8Array {
  return sha256(concatBytes(...headers));
}
