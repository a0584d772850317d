import { aggregateSerializedPublicKeys, PublicKey, Signature } from '@chainsafe/blst';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bls, negatePublicKey, nobleBls } from '../../proofs/bls/bls.js';
import { concatBytes, toBareHex } from '../../proofs/bytes.js';
import { blstBls, nativeBls } from './blst.js';
import { aggregateSignatures, BlsSigner } from './signer.js';

const signer = (i: number) => BlsSigner.fromSeed(new Uint8Array(32).fill(i));
const message = new Uint8Array(32).fill(0x2a);
const infinityKey = Uint8Array.from([0xc0, ...new Uint8Array(47)]);
const infinitySignature = Uint8Array.from([0xc0, ...new Uint8Array(95)]);

/** A point of the curve that is not in the prime-order subgroup, found by trying x coordinates. */
function outsideSubgroup(length: 48 | 96): Uint8Array {
  for (let x = 1; x < 256; x++) {
    const bytes = new Uint8Array(length);
    bytes[length - 1] = x;
    bytes[0] = 0x80;
    if (isCurvePoint(bytes)) return bytes;
  }
  throw new Error('no point found');
}

/** On the curve; a small x is as good as never in the subgroup. */
function isCurvePoint(bytes: Uint8Array): boolean {
  try {
    if (bytes.length === 48) PublicKey.fromBytes(bytes, false);
    else Signature.fromBytes(bytes, false);
    return true;
  } catch {
    return false;
  }
}

function both(run: (bls: Bls) => boolean): boolean {
  const [native, pure] = [run(blstBls), run(nobleBls)];
  expect(native).toBe(pure);
  return native;
}

describe('BLS', () => {
  const a = signer(1);
  const b = signer(2);
  const signature = a.sign(message);

  it('accepts what it signed, and nothing else', () => {
    expect(both((bls) => bls.verify(a.publicKey, message, signature))).toBe(true);
    expect(both((bls) => bls.verify(b.publicKey, message, signature))).toBe(false);
    expect(both((bls) => bls.verify(a.publicKey, new Uint8Array(32), signature))).toBe(false);
  });

  it('aggregates', () => {
    const all = [1, 2, 3].map(signer);
    const keys = all.map((s) => s.publicKey);
    const sum = aggregateSignatures(all.map((s) => s.sign(message)));
    expect(both((bls) => bls.fastAggregateVerify(keys, message, sum))).toBe(true);
    expect(both((bls) => bls.fastAggregateVerify(keys.slice(1), message, sum))).toBe(false);
    expect(both((bls) => bls.fastAggregateVerify([], message, sum))).toBe(false);
    expect(both((bls) => bls.fastAggregateVerify([], message, infinitySignature))).toBe(false);
  });

  it('refuses keys that cancel out', () => {
    const negative = bls12_381.G1.Point.fromBytes(a.publicKey).negate().toBytes();
    expect(both((bls) => bls.fastAggregateVerify([a.publicKey, negative], message, signature))).toBe(false);
    expect(both((bls) => bls.fastAggregateVerify([a.publicKey, negative], message, infinitySignature))).toBe(
      false,
    );
  });

  it('takes keys out of a sum', () => {
    const all = [1, 2, 3, 4].map(signer);
    const aggregate = aggregateSerializedPublicKeys(all.map((s) => s.publicKey)).toBytes();
    const [first, second] = all as [BlsSigner, BlsSigner];
    const present = aggregateSignatures(all.slice(2).map((s) => s.sign(message)));
    const less = (...out: Uint8Array[]) => [aggregate, ...out.map(negatePublicKey)];
    const check = (keys: Uint8Array[], sig = present) =>
      both((bls) => bls.fastAggregateVerify(keys, message, sig));
    expect(check(less(first.publicKey, second.publicKey))).toBe(true);
    expect(nativeBls(0).fastAggregateVerify(less(first.publicKey, second.publicKey), message, present)).toBe(
      true,
    );
    expect(check(less(first.publicKey))).toBe(false);
    expect(check(less(first.publicKey, first.publicKey))).toBe(false);
    expect(check(less())).toBe(false);
    // All taken out: the point at infinity, under which everybody could sign.
    expect(check(less(...all.map((s) => s.publicKey)), infinitySignature)).toBe(false);
    expect(check(less(...all.map((s) => s.publicKey)))).toBe(false);
    expect(negatePublicKey(negatePublicKey(first.publicKey))).toEqual(first.publicKey);
    const noble = bls12_381.G1.Point.fromBytes(first.publicKey).negate().toBytes();
    expect(negatePublicKey(first.publicKey)).toEqual(noble);
    for (const bad of [
      infinityKey,
      outsideSubgroup(48),
      new Uint8Array(48),
      first.publicKey.slice(1),
      concatBytes(first.publicKey, Uint8Array.of(0)),
      new Uint8Array(0),
    ])
      expect(check(less(bad)), toBareHex(bad)).toBe(false);
  });

  it('gives one verdict on infinity, wrong subgroups and bad encodings', () => {
    const keys = [
      infinityKey,
      outsideSubgroup(48),
      new Uint8Array(48),
      new Uint8Array(48).fill(0xff),
      a.publicKey.slice(1),
      concatBytes(a.publicKey, Uint8Array.of(0)),
      new Uint8Array(0),
      bls12_381.G1.Point.fromBytes(a.publicKey).toBytes(false),
      Uint8Array.from([0xe0, ...new Uint8Array(47)]),
    ];
    for (const key of keys) {
      expect(
        both((bls) => bls.verify(key, message, signature)),
        toBareHex(key),
      ).toBe(false);
      expect(both((bls) => bls.fastAggregateVerify([a.publicKey, key], message, signature))).toBe(false);
      expect(both((bls) => bls.verifyPossession(key, signature))).toBe(false);
    }
    const signatures = [
      infinitySignature,
      outsideSubgroup(96),
      new Uint8Array(96),
      new Uint8Array(96).fill(0xff),
      signature.slice(1),
      concatBytes(signature, Uint8Array.of(0)),
      bls12_381.G2.Point.fromBytes(signature).toBytes(false),
      Uint8Array.from([0xc0, ...new Uint8Array(94), 1]),
    ];
    for (const bad of signatures) {
      expect(
        both((bls) => bls.verify(a.publicKey, message, bad)),
        toBareHex(bad),
      ).toBe(false);
      expect(both((bls) => bls.fastAggregateVerify([a.publicKey], message, bad))).toBe(false);
      expect(both((bls) => bls.verifyPossession(a.publicKey, bad))).toBe(false);
    }
    expect(both((bls) => bls.verify(infinityKey, message, infinitySignature))).toBe(false);
    expect(both((bls) => bls.fastAggregateVerify([infinityKey], message, infinitySignature))).toBe(false);
  });

  it('gives one verdict on changed bytes', () => {
    fc.assert(
      fc.property(fc.nat(95), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, inKey) => {
        const key = a.publicKey.slice();
        const sig = signature.slice();
        if (inKey) key[at % 48]! ^= flip;
        else sig[at]! ^= flip;
        expect(both((bls) => bls.verify(key, message, sig))).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  it('proves possession under a tag of its own', () => {
    const proof = a.provePossession();
    expect(both((bls) => bls.verifyPossession(a.publicKey, proof))).toBe(true);
    expect(both((bls) => bls.verifyPossession(b.publicKey, proof))).toBe(false);
    expect(both((bls) => bls.verify(a.publicKey, a.publicKey, proof))).toBe(false);
    expect(both((bls) => bls.verifyPossession(a.publicKey, a.sign(a.publicKey)))).toBe(false);
  });

  it('never prints its secret', () => {
    expect(JSON.stringify(a)).not.toContain(toBareHex(a.exportSecret()));
  });
});
