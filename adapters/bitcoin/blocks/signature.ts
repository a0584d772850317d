import { secp256k1 } from '@noble/curves/secp256k1.js';

/** Longest and shortest signature of strict DER, with its hash type, bytes (BIP66). */
const MAX_SIGNATURE = 73;
const MIN_SIGNATURE = 9;

/** Whether a signature with its hash type is in strict DER (BIP66; Bitcoin Core `IsValidSignatureEncoding`). */
export function isStrictDer(signature: Uint8Array): boolean {
  const { length } = signature;
  if (length < MIN_SIGNATURE || length > MAX_SIGNATURE) return false;
  if (signature[0] !== 0x30 || signature[1] !== length - 3) return false;
  const lengthR = signature[3] ?? 0;
  if (5 + lengthR >= length) return false;
  const lengthS = signature[5 + lengthR] ?? 0;
  if (lengthR + lengthS + 7 !== length) return false;
  return isInteger(signature, 2, lengthR) && isInteger(signature, 4 + lengthR, lengthS);
}

/** A positive integer in its shortest form, tag at `at`. */
function isInteger(bytes: Uint8Array, at: number, length: number): boolean {
  const first = bytes[at + 2] ?? 0;
  if (bytes[at] !== 0x02 || length === 0 || first >= 0x80) return false;
  return length === 1 || first !== 0 || (bytes[at + 3] ?? 0) >= 0x80;
}

/**
 * Whether `signature` (strict DER and a hash type) is `publicKey`'s over `digest`; high S is allowed, as consensus
 * allows it (Bitcoin Core `CPubKey::Verify`). A key that is no point has no signatures.
 * @param publicKey 33 or 65 bytes, hybrid form allowed
 * @param digest 32 bytes
 */
export function verifySignature(signature: Uint8Array, publicKey: Uint8Array, digest: Uint8Array): boolean {
  const lengthR = signature[3] ?? 0;
  const r = scalar(signature.subarray(4, 4 + lengthR));
  const s = scalar(signature.subarray(6 + lengthR, -1));
  const key = plainKey(publicKey);
  if (r === undefined || s === undefined || key === undefined) return false;
  const compact = new Uint8Array(64);
  compact.set(r, 0);
  compact.set(s, 32);
  if (!secp256k1.utils.isValidPublicKey(key)) return false;
  if (!isScalar(r) || !isScalar(s)) return false;
  return secp256k1.verify(compact, digest, key, { prehash: false, lowS: false });
}

/** 32 bytes of an integer; `undefined` if it is longer. */
function scalar(integer: Uint8Array): Uint8Array | undefined {
  const digits = integer[0] === 0 ? integer.subarray(1) : integer;
  if (digits.length > 32) return undefined;
  const out = new Uint8Array(32);
  out.set(digits, 32 - digits.length);
  return out;
}

/** From 1 to the group's order minus 1: exactly the secret keys. */
function isScalar(value: Uint8Array): boolean {
  return secp256k1.utils.isValidSecretKey(value);
}

/** The hybrid form (6, 7: both coordinates, and the parity again) as an uncompressed key. */
function plainKey(key: Uint8Array): Uint8Array | undefined {
  const [form = 0] = key;
  if (key.length === 33) return form === 2 || form === 3 ? key : undefined;
  if (key.length !== 65) return undefined;
  if (form === 4) return key;
  if ((form !== 6 && form !== 7) || ((key[64] ?? 0) & 1) !== (form & 1)) return undefined;
  const plain = key.slice();
  plain[0] = 4;
  return plain;
}
