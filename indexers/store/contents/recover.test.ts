import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../../proofs/bytes.js';
import { type RecoverKey, recoverInScript, recoverNatively } from './recover.js';

const ORDER = secp256k1.Point.Fn.ORDER;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const told = (recover: RecoverKey, ...args: Parameters<RecoverKey>) => {
  try {
    return recover(...args);
  } catch (error) {
    return error instanceof Error ? 'none' : error;
  }
};

const native = recoverNatively;
describe.skipIf(native === undefined)('the native recovery (skipped: not for this platform)', () => {
  test('agrees with the one in script on good signatures, of either half of s', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), fc.boolean(), (secret, hash, high) => {
        fc.pre(secp256k1.utils.isValidSecretKey(secret));
        const signed = secp256k1.sign(hash, secret, { prehash: false, format: 'recovered' });
        const s = bytesToNumberBE(signed.subarray(33));
        const signature = concatBytes(signed.subarray(1, 33), numberToBytesBE(high ? ORDER - s : s, 32));
        const parity = ((signed[0]! & 1) ^ (high ? 1 : 0)) as 0 | 1;
        const own = secp256k1.getPublicKey(secret, false);
        expect(native!(hash, signature, parity)).toEqual(own);
        expect(recoverInScript(hash, signature, parity)).toEqual(own);
      }),
      { numRuns: 50 },
    );
  });

  test('and on what is none', () => {
    const edge = fc
      .constantFrom(0n, 1n, ORDER - 1n, ORDER, 2n ** 256n - 1n)
      .map((n) => numberToBytesBE(n, 32));
    const number = fc.oneof(bytes(32), edge);
    fc.assert(
      fc.property(
        bytes(32),
        number,
        number,
        fc.constantFrom(0 as const, 1 as const),
        (hash, r, s, parity) => {
          const signature = concatBytes(r, s);
          expect(told(native!, hash, signature, parity)).toEqual(
            told(recoverInScript, hash, signature, parity),
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});
