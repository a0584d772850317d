import { fastAggregateVerify, PublicKey, Signature, verify } from '@chainsafe/blst';
import { type Bls, nobleBls } from '../../proofs/bls/bls.js';
import { toBareHex } from '../../proofs/bytes.js';

const MAX_CACHE = 4096;

/**
 * BLS by native code: the verdicts of `nobleBls`, about fifty times faster. Keys are validated once (subgroup and
 * infinity) and kept; proofs of possession are rare and checked by the pure implementation, because the native one
 * knows no other domain separation tag than that of signatures.
 */
export const blstBls: Bls = nativeBls(MAX_CACHE);

/** @param keep how many validated keys, and as many verdicts on proofs of possession, are kept at most */
export function nativeBls(keep: number): Bls {
  const keys = new Map<string, PublicKey>();
  const possessions = new Map<string, boolean>();

  function readKey(bytes: Uint8Array): PublicKey | undefined {
    if (bytes.length !== 48) return undefined;
    const id = toBareHex(bytes);
    const known = keys.get(id);
    if (known !== undefined) return known;
    const point = decode(() => PublicKey.fromBytes(bytes, true));
    return point === undefined ? undefined : remember(keys, id, point, keep);
  }

  return {
    verify(publicKey, message, signature) {
      const key = readKey(publicKey);
      const sig = readSignature(signature);
      return key !== undefined && sig !== undefined && verify(message, key, sig, false, false);
    },
    fastAggregateVerify(publicKeys, message, signature) {
      const points: PublicKey[] = [];
      for (const bytes of publicKeys) {
        const point = readKey(bytes);
        if (point === undefined) return false;
        points.push(point);
      }
      const sig = readSignature(signature);
      if (points.length === 0 || sig === undefined) return false;
      return fastAggregateVerify(message, points, sig, false);
    },
    verifyPossession(publicKey, proof) {
      const id = `${toBareHex(publicKey)}${toBareHex(proof)}`;
      const known = possessions.get(id);
      if (known !== undefined) return known;
      return remember(possessions, id, nobleBls.verifyPossession(publicKey, proof), keep);
    },
  };
}

function readSignature(bytes: Uint8Array): Signature | undefined {
  return bytes.length === 96 ? decode(() => Signature.fromBytes(bytes, true, true)) : undefined;
}

function decode<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    // The native library has no error class of its own: anything it throws on decoding means "not a point".
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** Keeps `value`, dropping the oldest entry of a full cache. */
function remember<V>(cache: Map<string, V>, id: string, value: V, most: number): V {
  if (most === 0) return value;
  if (cache.size >= most) {
    for (const oldest of cache.keys()) {
      cache.delete(oldest);
      break;
    }
  }
  cache.set(id, value);
  return value;
}
