import { bls12_381 } from '@noble/curves/bls12-381.js';

/**
 * BLS12-381 as the main chain uses it: minimal public key size, proof-of-possession suite
 * (draft-irtf-cfrg-bls-signature-05, section 4.2.3). Keys are 48 bytes, signatures 96. Every implementation gives the
 * same verdict: bad encodings, points outside the subgroup and the point at infinity are `false`, never an error.
 */
export interface Bls {
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** One message, many keys. The caller has seen a proof of possession of each key. */
  fastAggregateVerify(publicKeys: readonly Uint8Array[], message: Uint8Array, signature: Uint8Array): boolean;
  /** Whether `proof` shows that somebody holds the secret key of `publicKey`. */
  verifyPossession(publicKey: Uint8Array, proof: Uint8Array): boolean;
}

/** Domain separation tags of the suite. */
export const BLS_SIGNATURE_DST = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
export const BLS_POSSESSION_DST = 'BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';

const scheme = bls12_381.longSignatures;
const G1 = bls12_381.G1.Point;
const G2 = bls12_381.G2.Point;
type KeyPoint = InstanceType<typeof G1>;
type SignaturePoint = InstanceType<typeof G2>;

/** Pure JavaScript, everywhere. */
export const nobleBls: Bls = {
  verify: (publicKey, message, signature) => check([publicKey], message, signature, BLS_SIGNATURE_DST),
  fastAggregateVerify: (publicKeys, message, signature) =>
    check(publicKeys, message, signature, BLS_SIGNATURE_DST),
  verifyPossession: (publicKey, proof) => check([publicKey], publicKey, proof, BLS_POSSESSION_DST),
};

function check(
  keys: readonly Uint8Array[],
  message: Uint8Array,
  signature: Uint8Array,
  dst: string,
): boolean {
  const points = keys.map(readKey);
  const sig = readSignature(signature);
  if (points.length === 0 || sig === undefined) return false;
  let sum: KeyPoint = G1.ZERO;
  for (const point of points) {
    if (point === undefined) return false;
    sum = sum.add(point);
  }
  if (sum.is0()) return false;
  return scheme.verify(sig, scheme.hash(message, dst), sum);
}

function readKey(bytes: Uint8Array): KeyPoint | undefined {
  return bytes.length === 48 ? read(() => G1.fromBytes(bytes)) : undefined;
}

function readSignature(bytes: Uint8Array): SignaturePoint | undefined {
  return bytes.length === 96 ? read(() => G2.fromBytes(bytes)) : undefined;
}

/** The point, if it is encoded correctly, lies in the prime-order subgroup and is not infinity. */
function read<P extends KeyPoint | SignaturePoint>(decode: () => P): P | undefined {
  try {
    const point = decode();
    point.assertValidity();
    return point.isTorsionFree() && !point.is0() ? point : undefined;
  } catch (error) {
    // The curve library has no error class of its own: anything it throws on decoding means "not a point".
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** The sign of y in a compressed key. */
const Y_SIGN = 0x20;

/**
 * The key whose sum with `publicKey` is the point at infinity: to take a key out of a sum, add this one. What is not a key
 * stays none.
 */
export function negatePublicKey(publicKey: Uint8Array): Uint8Array {
  const negated = publicKey.slice();
  if (negated.length > 0) negated[0] = (negated[0] ?? 0) ^ Y_SIGN;
  return negated;
}
