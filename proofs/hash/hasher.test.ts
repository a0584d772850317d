import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { wasmHasher } from './fast.js';
import { nobleHasher } from './hasher.js';
import { doubleSha256Lanes, LANE_SIZES, lanesWork } from './lanes/index.js';

const twice = (data: Uint8Array): Buffer =>
  createHash('sha256').update(createHash('sha256').update(data).digest()).digest();

function expected(messages: Uint8Array, size: number): Buffer {
  const count = Math.floor(messages.length / size);
  return Buffer.concat(
    Array.from({ length: count }, (_, i) => twice(messages.subarray(i * size, (i + 1) * size))),
  );
}

describe.each(LANE_SIZES)('%i-byte messages in lanes', (size) => {
  beforeAll(() => expect(lanesWork()).toBe(true));

  test.each([0, 2, 3, 4, 5, 7, 1023, 1024, 1025, 4099])(
    '%i of them hash as by another implementation',
    (count) => {
      const messages = new Uint8Array(count * size);
      for (let i = 0; i < messages.length; i++) messages[i] = (i * 167 + (i >> 8) * 31) & 0xff;
      expect(Buffer.from(doubleSha256Lanes(messages, size) ?? [])).toEqual(expected(messages, size));
    },
  );

  it('any bytes, bits all set and all clear too', () => {
    const bytes = fc.uint8Array({ minLength: 2 * size, maxLength: 9 * size });
    fc.assert(
      fc.property(
        fc.oneof(
          bytes,
          bytes.map((b) => b.fill(0)),
          bytes.map((b) => b.fill(0xff)),
        ),
        (messages) => {
          expect(Buffer.from(doubleSha256Lanes(messages, size) ?? [])).toEqual(expected(messages, size));
        },
      ),
    );
  });

  it('a message does not touch its neighbours', () => {
    const messages = new Uint8Array(8 * size);
    const before = doubleSha256Lanes(messages, size) ?? new Uint8Array();
    messages[3 * size + 5] = 1;
    const after = doubleSha256Lanes(messages, size) ?? new Uint8Array();
    const changed = Array.from({ length: 8 }, (_, i) =>
      Buffer.compare(before.subarray(32 * i, 32 * i + 32), after.subarray(32 * i, 32 * i + 32)),
    );
    expect(changed.map((difference) => difference !== 0)).toEqual([0, 0, 0, 1, 0, 0, 0, 0].map(Boolean));
  });
});

it('every hasher gives the same, for every size', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), fc.constantFrom(1, 32, 64, 80, 100), (messages, size) => {
      const wanted = expected(messages, size);
      expect(Buffer.from(wasmHasher.doubleDigests(messages, size))).toEqual(wanted);
      expect(Buffer.from(nobleHasher.doubleDigests(messages, size))).toEqual(wanted);
    }),
  );
});

test.each([0, 1, 55, 56, 64, 127, 128, 129, 1000, 100_000])(
  'a message of %i bytes is hashed by each as by the others',
  (length) => {
    const message = new Uint8Array(length).map((_, i) => i * 7);
    const wanted = new Uint8Array(createHash('sha256').update(message).digest());
    expect(wasmHasher.sha256(message)).toEqual(wanted);
    expect(nobleHasher.sha256(message)).toEqual(wanted);
  },
);

it('leaves other sizes to others', () => {
  expect(doubleSha256Lanes(new Uint8Array(960), 96)).toBeUndefined();
  expect(doubleSha256Lanes(new Uint8Array(80), 80)).toBeUndefined();
});
