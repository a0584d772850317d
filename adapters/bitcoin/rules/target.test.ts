import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeCompact,
  describeBits,
  encodeCompact,
  meetsTarget,
  workOfBits,
  workOfTarget,
} from './target.js';

const target = (bits: number) => {
  const compact = decodeCompact(bits);
  return compact.kind === 'target' ? compact.target : compact.kind;
};

describe('compact targets', () => {
  // Cases as in Bitcoin Core `src/test/arith_uint256_tests.cpp`, bignum_SetCompact.
  it.each([
    [0x00000000, 'zero'],
    [0x00123456, 'zero'],
    [0x01003456, 'zero'],
    [0x02000056, 'zero'],
    [0x03000000, 'zero'],
    [0x04000000, 'zero'],
    [0x00923456, 'zero'],
    [0x01803456, 'zero'],
    [0x02800056, 'zero'],
    [0x03800000, 'zero'],
    [0x04800000, 'zero'],
    [0x01123456, 0x12n],
    [0x02123456, 0x1234n],
    [0x03123456, 0x123456n],
    [0x04123456, 0x12345600n],
    [0x05009234, 0x92340000n],
    [0x20123456, 0x123456n << 232n],
    [0x04923456, 'negative'],
    [0x01fedcba, 'negative'],
    [0xff123456, 'overflow'],
    [0x23000001, 'overflow'],
    [0x22000001, 1n << 248n],
    [0x22000100, 'overflow'],
    [0x21000100, 1n << 248n],
    [0x21010000, 'overflow'],
    [0x20010000, 1n << 248n],
    [0x1d00ffff, 0xffffn << 208n],
  ])('%s', (bits, expected) => {
    expect(target(bits)).toBe(expected);
    expect(describeBits(bits) === undefined).toBe(typeof expected === 'string');
  });

  it('encodes what it decodes, in the shortest form with a free sign bit', () => {
    expect(encodeCompact(0n)).toBe(0);
    expect(encodeCompact(0x80n)).toBe(0x02008000);
    expect(encodeCompact(0x12345678n)).toBe(0x04123456);
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: (1n << 256n) - 1n }), fc.nat(248), (wide, shift) => {
        const value = wide >> BigInt(shift);
        if (value === 0n) return;
        const bits = encodeCompact(value);
        const back = target(bits) as bigint;
        expect(encodeCompact(back)).toBe(bits);
        // Rounded down by less than one part in 2^15.
        expect(back <= value && value - back <= value >> 15n).toBe(true);
      }),
    );
  });

  it('never crashes and never gives a target above 256 bits', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (bits) => {
        const value = target(bits);
        if (typeof value === 'bigint') expect(value > 0n && value < 1n << 256n).toBe(true);
        else expect(workOfBits(bits)).toBe(0n);
      }),
    );
  });

  it('compares hashes as numbers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(0xffffffff), (hash, bits) => {
        const info = describeBits(bits);
        if (info === undefined) return;
        const value = BigInt(`0x${Buffer.from(hash).reverse().toString('hex')}`);
        expect(meetsTarget(hash, info.bytes)).toBe(value <= info.target);
      }),
    );
    const { bytes } = describeBits(0x1d00ffff)!;
    expect(meetsTarget(bytes, bytes)).toBe(true);
  });

  it('works out the work of a target', () => {
    expect(workOfTarget((1n << 256n) - 1n)).toBe(1n);
    expect(workOfTarget(1n)).toBe(1n << 255n);
    expect(workOfBits(0x1d00ffff)).toBe(0x100010001n);
    expect(workOfBits(0x207fffff)).toBe(2n);
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: (1n << 256n) - 2n }), (value) => {
        const all = (1n << 256n) - 1n;
        // The reference client's way without 257-bit numbers.
        expect(workOfTarget(value)).toBe((all - value) / (value + 1n) + 1n);
      }),
    );
  });
});
