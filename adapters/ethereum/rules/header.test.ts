import fc from 'fast-check';
import { keccak256 } from 'viem';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import {
  encodeHeader,
  FIELD_NAMES,
  headerParts,
  sampleHeader,
} from '../../../test/fixtures/ethereum/headers.js';
import { ethereumKind } from '../kind.js';
import { integerBytes } from '../rlp/read.js';
import { decodeEthereumHeader, foreignEthereumHeader, MIN_HEADER_BYTES } from './header.js';

describe('header codec', () => {
  it.each([15, 16, 17, 20, 21, 23])('reads a header of %i fields', (fields) => {
    const header = decodeEthereumHeader(encodeHeader(headerParts({}, fields)));
    expect(header.fields).toBe(fields);
    expect(header.baseFeePerGas).toBe(fields > 15 ? 1_000_000_000n : undefined);
    expect(header.withdrawalsRoot?.length).toBe(fields > 16 ? 32 : undefined);
    expect(header.parentBeaconBlockRoot?.length).toBe(fields > 17 ? 32 : undefined);
    expect(header.requestsHash?.length).toBe(fields > 20 ? 32 : undefined);
    expect(header.blockAccessListHash?.length).toBe(fields > 21 ? 32 : undefined);
    expect(header.slotNumber).toBe(fields > 22 ? 7n : undefined);
  });

  it.each([0, 14, 18, 19, 22])('refuses %i fields, which no fork has', (fields) => {
    expect(() => decodeEthereumHeader(encodeHeader(headerParts({}, fields)))).toThrow(MalformedInputError);
  });

  it('refuses a field more than it knows: a fork that came later', () => {
    const raw = encodeHeader(headerParts({}, 23), [new Uint8Array(32)]);
    expect(() => decodeEthereumHeader(raw)).toThrow(/24 fields: of no fork that is known/);
  });

  it.each(FIELD_NAMES.map((name) => [name]))('refuses a %s of another shape', (name) => {
    const shapes = [new Uint8Array(33).fill(1), Uint8Array.of(0, 1)];
    for (const shape of shapes) {
      if (name === 'extraData') continue;
      expect(() => decodeEthereumHeader(encodeHeader(headerParts({ [name]: shape }, 23)))).toThrow(
        MalformedInputError,
      );
    }
    const parts = FIELD_NAMES.indexOf(name);
    const list = FIELD_NAMES.map((one, i) => (i === parts ? [] : headerParts({}, 23)[one]!));
    expect(() => decodeEthereumHeader(encodeHeader({} as never, list))).toThrow(MalformedInputError);
  });

  it('refuses what is too long, of another height, or out of range', () => {
    expect(() =>
      decodeEthereumHeader(encodeHeader(headerParts({ extraData: new Uint8Array(9000) }))),
    ).toThrow(/more than 8192/);
    const raw = sampleHeader(5, 60).raw;
    expect(() => foreignEthereumHeader(raw, 6)).toThrow(/is number 5, expected 6/);
    expect(() => sampleHeader(5, 0, { timestamp: integerBytes(2n ** 60n) })).toThrow(/out of range/);
  });

  it('hashes the raw header', () => {
    const header = sampleHeader(5, 60);
    expect(toHex(header.hash)).toBe(keccak256(header.raw));
    expect(header).toMatchObject({ height: 5, time: 60 });
  });

  it('names no other error than MalformedInputError, whatever it reads', () => {
    const { raw } = sampleHeader(5, 60);
    fc.assert(
      fc.property(fc.nat(raw.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = raw.slice();
        changed[at]! ^= flip;
        try {
          expect(foreignEthereumHeader(changed, 5).hash).not.toEqual(sampleHeader(5, 60).hash);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedInputError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('kind', () => {
  it('splits headers, knows no work, and writes hashes with 0x', () => {
    const headers = [sampleHeader(1, 1), sampleHeader(2, 2)];
    const joined = Uint8Array.from(headers.flatMap(({ raw }) => [...raw]));
    expect(ethereumKind.split(joined)).toEqual(headers.map(({ raw }) => raw));
    expect(() => ethereumKind.split(joined.subarray(0, -1))).toThrow(MalformedInputError);
    expect(ethereumKind.decode(headers[1]!.raw, 2)).toEqual(headers[1]);
    expect(ethereumKind.work(headers[0]!)).toBe(0n);
    const text = ethereumKind.displayHash(headers[0]!.hash);
    expect(ethereumKind.parseHash(text)).toEqual(headers[0]!.hash);
    for (const bad of [text.slice(2), text.slice(0, -2), `${text}00`, '0xzz'])
      expect(() => ethereumKind.parseHash(bad)).toThrow(MalformedInputError);
  });

  it('splits no call into more headers than it can hold', () => {
    const none = new Uint8Array(0);
    const integers = { difficulty: none, number: none, gasLimit: none, gasUsed: none, timestamp: none };
    const shortest = encodeHeader(headerParts({ ...integers, extraData: none }, 15));
    expect(decodeEthereumHeader(shortest).gasLimit).toBe(0n);
    expect(shortest.length).toBe(MIN_HEADER_BYTES);
    expect(ethereumKind.split(shortest)).toEqual([shortest]);
    for (const byte of [0x00, 0x80, 0xc0])
      expect(() => ethereumKind.split(new Uint8Array(2 ** 21).fill(byte))).toThrow(/fewer than 496/);
  });

  it('encodes the parameters of each network differently and canonically', () => {
    const parameters = ethereumKind.networks.map((one) => toHex(one.parameters));
    expect(parameters).toEqual([
      '0x010000000000000001',
      '0xa736aa000000000001',
      '0xb08b08000000000001',
      '0x684200000000000001',
      '0x640000000000000001',
      '0xd82700000000000001',
      '0x697a00000000000000',
    ]);
  });
});
