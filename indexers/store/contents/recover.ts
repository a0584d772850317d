import { createRequire } from 'node:module';
import { secp256k1 } from '@noble/curves/secp256k1.js';

/**
 * The public key that made a signature, uncompressed: 65 bytes, the first of them 4.
 * @param signature r ‖ s, 32 bytes each, big-endian
 * @param parity of the y coordinate of the signature's point
 * @throws Error if the signature is none: numbers out of range, no curve point
 */
export type RecoverKey = (hash: Uint8Array, signature: Uint8Array, parity: 0 | 1) => Uint8Array;

export const recoverInScript: RecoverKey = (hash, signature, parity) =>
  secp256k1.Signature.fromBytes(signature, 'compact')
    .addRecoveryBit(parity)
    .recoverPublicKey(hash)
    .toBytes(false);

interface Bindings {
  ecdsaRecover(signature: Uint8Array, id: number, hash: Uint8Array, compressed: boolean): Uint8Array;
}

/** By libsecp256k1, some twenty times faster; `undefined` where its optional package has nothing for this platform. */
export const recoverNatively: RecoverKey | undefined = load();

function load(): RecoverKey | undefined {
  let bindings: Bindings;
  try {
    bindings = createRequire(import.meta.url)('secp256k1/bindings.js') as Bindings;
  } catch {
    // Not installed, or not for this platform: the script does the same.
    return undefined;
  }
  return (hash, signature, parity) => bindings.ecdsaRecover(signature, parity, hash, false);
}

/** The fastest there is. */
export const recoverKey: RecoverKey = recoverNatively ?? recoverInScript;
