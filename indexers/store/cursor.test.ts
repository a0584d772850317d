import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LimitExceededError, MalformedInputError } from '../../proofs/errors/input.js';
import {
  checkLimit,
  decodeCursor,
  decodeListCursor,
  encodeCursor,
  encodeListCursor,
  markOf,
} from './cursor.js';
import { clipRanges, joinRanges } from './ranges.js';
import type { View } from './view.js';

const view: View = { chain: 'c', number: 7, height: 3, hash: new Uint8Array(32).fill(0xab) };
const key = fc.array(fc.oneof(fc.maxSafeNat(), fc.string({ maxLength: 60 })), { maxLength: 8 });

test('a cursor gives back its view and key, to its own question alone', () => {
  fc.assert(
    fc.property(key, fc.string({ maxLength: 64 }), fc.string({ maxLength: 64 }), (key, what, other) => {
      const text = encodeCursor(what, view, key);
      expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
      if (text.length <= 1000) {
        expect(decodeCursor(what, text)).toEqual({ number: 7, hash: view.hash.subarray(0, 8), key });
        if (other !== what) expect(() => decodeCursor(other, text)).toThrow(MalformedInputError);
      }
      for (const mark of ['', markOf(view.hash)]) {
        const place = { at: 2 ** 52, mark, key: key.slice(0, 2) };
        expect(decodeListCursor(what, encodeListCursor(what, place))).toEqual(place);
      }
    }),
  );
});

test('whatever else comes as a cursor is refused', () => {
  const texts = fc.oneof(
    fc.string({ maxLength: 2000 }),
    fc.json().map((text) => Buffer.from(text).toString('base64url')),
    fc
      .tuple(fc.constant('q'), fc.anything(), fc.anything(), fc.anything())
      .map((value) => Buffer.from(JSON.stringify(value) ?? '').toString('base64url')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const decode of [decodeCursor, decodeListCursor])
        expect(() => decode('none', text)).toThrow(MalformedInputError);
    }),
  );
});

test('pages have a length', () => {
  for (const limit of [1, 1000]) checkLimit(limit);
  for (const limit of [0, -1, 1.5, Number.NaN]) expect(() => checkLimit(limit)).toThrow(MalformedInputError);
  for (const limit of [1001, Number.POSITIVE_INFINITY])
    expect(() => checkLimit(limit)).toThrow(LimitExceededError);
});

test('ranges join to the same numbers, in as few as there can be', () => {
  const range = fc
    .tuple(fc.nat({ max: 60 }), fc.nat({ max: 8 }))
    .map(([from, size]) => ({ from, to: from + size }));
  const numbers = (ranges: readonly { from: number; to: number }[]) =>
    Array.from({ length: 100 }, (_, i) => ranges.some(({ from, to }) => i >= from && i <= to));
  fc.assert(
    fc.property(fc.array(range), fc.nat({ max: 70 }), (ranges, most) => {
      const joined = joinRanges(ranges);
      expect(numbers(joined)).toEqual(numbers(ranges));
      for (const [i, { from }] of joined.entries())
        expect(from).toBeGreaterThan((joined[i - 1]?.to ?? -9) + 1);
      expect(numbers(clipRanges(joined, most))).toEqual(numbers(ranges).map((is, i) => is && i <= most));
    }),
  );
});
