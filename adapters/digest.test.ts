import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { rangeDigest } from './digest.js';

it('the digest of a range is the SHA-256 of its headers in one piece, in their order', () => {
  const [a, b] = [Uint8Array.of(1, 2), Uint8Array.of(3)];
  const sha256 = (bytes: readonly number[]) =>
    new Uint8Array(createHash('sha256').update(Uint8Array.from(bytes)).digest());
  expect(rangeDigest([a, b])).toEqual(sha256([1, 2, 3]));
  expect(rangeDigest([b, a])).toEqual(sha256([3, 1, 2]));
  expect(rangeDigest([])).toEqual(sha256([]));
});
