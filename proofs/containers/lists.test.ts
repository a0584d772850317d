import * as ssz from '@chainsafe/ssz';
import { afterEach, expect, it, vi } from 'vitest';
import { toHex } from '../bytes.js';
import * as lists from './lists.js';
import { Bytes32 } from './primitives.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

const sizes = [0, 1, 255, 256, 65_536];

it('lists hash as the library’s own where there is no Buffer', () => {
  const roots = (
    bytes: ssz.ByteListType,
    bits: ssz.BitListType,
    hashes: ssz.ListCompositeType<typeof Bytes32>,
  ) =>
    sizes.map((n) => [
      toHex(bytes.hashTreeRoot(new Uint8Array(n).fill(3))),
      toHex(bits.hashTreeRoot(ssz.BitArray.fromBoolArray(Array.from({ length: n }, (_, i) => i % 3 === 0)))),
      toHex(hashes.hashTreeRoot(Array.from({ length: n }, () => new Uint8Array(32).fill(7)))),
    ]);
  const expected = roots(
    new ssz.ByteListType(70_000),
    new ssz.BitListType(70_000),
    new ssz.ListCompositeType(Bytes32, 70_000),
  );
  vi.stubGlobal('Buffer', undefined);
  expect(() => new ssz.ByteListType(70_000)).toThrow();
  const own = [
    new lists.ByteListType(70_000),
    new lists.BitListType(70_000),
    new lists.ListCompositeType(Bytes32, 70_000),
  ] as const;
  expect(() => new lists.ByteListType(0)).toThrow(/positive/);
  // Nothing stays behind for other code to find.
  expect('Buffer' in globalThis).toBe(false);
  vi.unstubAllGlobals();
  expect(roots(...own)).toEqual(expected);
});
