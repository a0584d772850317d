import fc from 'fast-check';
import { fromRlp, toRlp } from 'viem';
import { describe, expect, it } from 'vitest';
import { bytesEqual, fromHex, type Hex, toHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { addressOrNone, bytesOf, integerBytes, integerOf, listOf } from './read.js';
import { decodeRlp, encodeRlp, type RlpItem, splitRlp } from './rlp.js';

const { item } = fc.letrec<{ item: RlpItem }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 4 },
    fc.uint8Array({ maxLength: 70 }),
    fc.array(tie('item') as fc.Arbitrary<RlpItem>, { maxLength: 5 }),
  ),
}));

type HexItem = Hex | readonly HexItem[];
const asHex = (value: RlpItem): HexItem => (value instanceof Uint8Array ? toHex(value) : value.map(asHex));

describe('RLP', () => {
  it('reads back what it wrote, as an independent library does', () => {
    fc.assert(
      fc.property(item, (value) => {
        const raw = encodeRlp(value);
        expect(decodeRlp(raw)).toEqual(value);
        expect(toHex(raw)).toBe(toRlp(asHex(value) as Hex));
        expect(fromRlp(raw, 'hex')).toEqual(asHex(value));
      }),
    );
  });

  it('has one encoding: any bytes are refused or come back the same', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 80 }), item.map(encodeRlp)),
        fc.nat(),
        (bytes, seed) => {
          const changed = bytes.slice();
          if (changed.length > 0) changed[seed % changed.length]! ^= 1 << (seed % 8);
          let decoded: RlpItem;
          try {
            decoded = decodeRlp(changed);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedInputError);
            return;
          }
          expect(encodeRlp(decoded)).toEqual(changed);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('writes long lengths', () => {
    for (const length of [55, 56, 255, 256, 65_535, 65_536, 2 ** 24]) {
      const bytes = new Uint8Array(length).fill(7);
      const decoded = decodeRlp(encodeRlp([bytes]));
      expect(bytesEqual(listOf(decoded, 'list', 1)[0] as Uint8Array, bytes)).toBe(true);
    }
  });

  it.each([
    ['0x', 'nothing'],
    ['0x8100', 'a byte below 0x80 with a length'],
    ['0x817f', 'a byte below 0x80 with a length'],
    ['0xb800', 'a short string with a long length'],
    [`0xb837${'01'.repeat(55)}`, 'a short string with a long length'],
    [`0xf837${'01'.repeat(55)}`, 'a short list with a long length'],
    [`0xb90038${'01'.repeat(56)}`, 'a length with a leading zero'],
    ['0xc0c0', 'trailing bytes'],
    ['0x8000', 'trailing bytes'],
    ['0x82ff', 'a string cut short'],
    ['0xc2ff', 'a list cut short'],
    ['0xb8', 'a length cut short'],
    ['0xbfffffffffffffffff', 'a huge length'],
    ['0xc282ff', 'an item past the end of its list'],
    [`0x${'c1'.repeat(20)}c0`, 'lists in lists without end'],
  ])('refuses %s: %s', (hex) => {
    expect(() => decodeRlp(fromHex(hex))).toThrow(MalformedInputError);
  });

  it('cuts items written one after another', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 6 }), (items) => {
        const parts = items.map(encodeRlp);
        const joined = Uint8Array.from(parts.flatMap((part) => [...part]));
        expect(splitRlp(joined)).toEqual(parts);
      }),
    );
    expect(() => splitRlp(fromHex('0xc0c2ff'))).toThrow(MalformedInputError);
    expect(splitRlp(fromHex('0x8201028203ff'), 3)).toHaveLength(2);
    expect(() => splitRlp(fromHex('0x82010280'), 3)).toThrow(/an item of 1 bytes, fewer than 3/);
  });

  it('refuses millions of items, of which each would cost far more than it has bytes', () => {
    const bytes = new Uint8Array(4 + 2 ** 21).fill(0x80);
    bytes.set([0xfa, 0x20, 0, 0]);
    expect(() => decodeRlp(bytes)).toThrow(/more than 1048576 items/);
  });
});

describe('typed access', () => {
  it('reads integers in their shortest form only', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
        const bytes = integerBytes(value);
        expect(integerOf(bytes, 'n')).toBe(value);
        expect(() => integerOf(Uint8Array.of(0, ...bytes), 'n')).toThrow(/shortest form/);
      }),
    );
    expect(() => integerOf(new Uint8Array(9).fill(1), 'n', 8)).toThrow(/shortest form/);
    expect(() => integerOf([], 'n')).toThrow(/not a byte string/);
  });

  it('refuses other shapes', () => {
    expect(() => listOf(new Uint8Array(0), 'l', 0)).toThrow(/not a list/);
    expect(() => listOf([[]], 'l', 2)).toThrow(/has 1 items/);
    expect(() => bytesOf(new Uint8Array(3), 'b', 4)).toThrow(/has 3 bytes, expected 4/);
    expect(() => bytesOf(undefined, 'b')).toThrow(/not a byte string/);
    expect(addressOrNone(new Uint8Array(0), 'to')).toBeUndefined();
    expect(() => addressOrNone(new Uint8Array(19), 'to')).toThrow(/expected 20 or none/);
  });
});
