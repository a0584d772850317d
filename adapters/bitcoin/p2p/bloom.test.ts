import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromHex } from '../../../proofs/bytes.js';
import { BloomFilter, murmur3 } from './bloom.js';
import { encodeFilterLoad } from './filtered.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Vectors: Bitcoin Core `src/test/hash_tests.cpp`. */
it.each([
  [0x00000000, 0x00000000, ''],
  [0x6a396f08, 0xfba4c795, ''],
  [0x81f16f39, 0xffffffff, ''],
  [0x514e28b7, 0x00000000, '00'],
  [0xea3f0b17, 0xfba4c795, '00'],
  [0xfd6cf10d, 0x00000000, 'ff'],
  [0x16c6b7ab, 0x00000000, '0011'],
  [0x8eb51c3d, 0x00000000, '001122'],
  [0xb4471bf8, 0x00000000, '00112233'],
  [0xe2301fa8, 0x00000000, '0011223344'],
  [0xfc2e4a15, 0x00000000, '001122334455'],
  [0xb074502c, 0x00000000, '00112233445566'],
  [0x8034d2a0, 0x00000000, '0011223344556677'],
  [0xb4698def, 0x00000000, '001122334455667788'],
])('murmur3 is %d for seed %d and %s', (hash, seed, data) => {
  expect(murmur3(seed, fromHex(data))).toBe(hash);
});

/** Vectors: Bitcoin Core `src/test/bloom_tests.cpp`. */
it.each([
  [0, '03614e9b050000000000000001'],
  [2147483649, '03ce4299050000000100008001'],
])('a filter with tweak %d is the one of Bitcoin Core', (tweak, encoded) => {
  const filter = BloomFilter.sized(3, 0.01, tweak, 1);
  const inserted = [
    '99108ad8ed9bb6274d3980bab5a85c048f0950c8',
    'b5a2c786d9ef4658287ced5914b37a1b4aa32eee',
    'b9300670b4c5366e95b2699e8b18bc75e5f729c5',
  ];
  for (const element of inserted) filter.insert(fromHex(element));
  for (const element of inserted) expect(filter.has(fromHex(element))).toBe(true);
  expect(filter.has(fromHex('19108ad8ed9bb6274d3980bab5a85c048f0950c8'))).toBe(false);
  expect(hex(encodeFilterLoad(filter.message()))).toBe(encoded);
});

it('has all that was put in, and seldom anything else', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 0, max: 0xffffffff }),
      (elements, tweak) => {
        const filter = BloomFilter.sized(elements.length, 0.0001, tweak);
        for (const element of elements) filter.insert(element);
        return elements.every((element) => filter.has(element));
      },
    ),
  );
  const filter = BloomFilter.sized(1, 1e-6, 5);
  filter.insert(new Uint8Array(32).fill(1));
  let others = 0;
  for (let i = 0; i < 20_000; i++) if (filter.has(Uint8Array.of(i & 0xff, i >> 8, 9))) others++;
  expect(others).toBeLessThan(5);
});

it('nothing matches the empty filter, anything one without bytes', () => {
  expect(BloomFilter.nothing().has(new Uint8Array(32))).toBe(false);
  expect(new BloomFilter(new Uint8Array(0), 1, 0, 0).has(new Uint8Array(32))).toBe(true);
});

it('is never larger than a peer takes', () => {
  const filter = BloomFilter.sized(1e9, 1e-9, 0);
  expect(filter.data.length).toBe(36_000);
  expect(filter.functions).toBeLessThanOrEqual(50);
});
