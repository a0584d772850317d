import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../../proofs/bytes.js';
import { encodeBatch, varint } from '../../../test/support/kafka/encodeBatch.js';
import { crc32c } from './crc32c.js';
import { KafkaResponseError, RecordBatchError } from './errors.js';
import { type InRecord, readBatches } from './recordBatch.js';
import { decodeFetch, decodeListOffsets, encodeFetch, encodeListOffsets, WireReader } from './wire.js';

const read = (bytes: Uint8Array, max = 2 ** 20): InRecord[] =>
  [...readBatches(bytes, max)].flatMap((batch) => [...batch.records()]);
const bytes = fc.uint8Array({ maxLength: 40 });
const record = fc.record({
  key: fc.option(bytes, { nil: undefined }),
  value: fc.option(bytes, { nil: undefined }),
  headers: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), bytes, { maxKeys: 4 }),
});

test('CRC-32C of the vectors of RFC 3720, B.4', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
});

describe('record batches', () => {
  test('are read as they were written, compressed or not', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        fc.nat(10 ** 12),
        (records, gzip, at) => {
          const one = encodeBatch(records, { firstOffset: at, time: 5, gzip });
          const two = encodeBatch(records, { firstOffset: at + records.length, time: 6, gzip });
          const found = read(concatBytes(one, two, one.subarray(0, one.length - 1)));
          expect(found.map(({ offset }) => offset)).toEqual(
            Array.from({ length: 2 * records.length }, (_, i) => at + i),
          );
          found.forEach((each, i) => {
            const wanted = records[i % records.length]!;
            expect(each.key).toEqual(wanted.key);
            expect(each.value).toEqual(wanted.value);
            expect(each.time).toBe(i < records.length ? 5 : 6);
            expect([...each.headers].sort()).toEqual(Object.entries(wanted.headers).sort());
          });
        },
      ),
    );
  });

  test('that are damaged anywhere are refused by a named error', () => {
    const good = encodeBatch([{ key: Uint8Array.of(1), value: new Uint8Array(50) }], {
      firstOffset: 3,
      time: 5,
    });
    for (let at = 16; at < good.length; at++) {
      const bad = good.slice();
      bad[at]! ^= 0x55;
      expect(() => read(bad)).toThrow(RecordBatchError);
    }
  });

  test('any bytes end in records or a named error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (body, framed) => {
        // Behind a right frame and checksum, so that the records themselves are reached.
        const batch = encodeBatch([{ value: body }], { firstOffset: 0, time: 0 });
        const inside = concatBytes(batch.subarray(21, 61), body);
        const rest = concatBytes(Uint8Array.of(0, 0, 0, 0, 2), new Uint8Array(4), inside);
        new DataView(rest.buffer).setUint32(5, crc32c(inside));
        const head = new Uint8Array(12);
        new DataView(head.buffer).setInt32(8, rest.length);
        try {
          read(framed ? concatBytes(head, rest) : body);
        } catch (error) {
          expect(error).toBeInstanceOf(RecordBatchError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('that grow too much when decompressed are refused', () => {
    const bomb = encodeBatch([{ value: new Uint8Array(2 ** 20) }], { firstOffset: 0, time: 0, gzip: true });
    expect(bomb.length).toBeLessThan(5000);
    expect(() => read(bomb, 2 ** 19)).toThrow('cannot be decompressed');
    expect(read(bomb, 2 ** 21)).toHaveLength(1);
    const zstd = encodeBatch([{ value: new Uint8Array(1) }], { firstOffset: 0, time: 0, attributes: 4 });
    expect(() => read(zstd)).toThrow('is not gzip');
  });

  test('of the broker itself have no records', () => {
    expect(
      read(encodeBatch([{ value: new Uint8Array(1) }], { firstOffset: 0, time: 0, attributes: 0x20 })),
    ).toEqual([]);
  });
});

describe('requests and answers', () => {
  test('have the fields of the protocol', () => {
    const fetch = encodeFetch({ topic: 'ab', offset: 258, maxWaitMs: 1, maxBytes: 2 });
    expect(Buffer.from(fetch).toString('hex')).toBe(
      'ffffffff0000000100000001000000020000000000ffffffff000000010002616200000001' +
        '00000000ffffffff0000000000000102ffffffffffffffff0000000200000000',
    );
    expect(Buffer.from(encodeListOffsets('ab', 'latest')).toString('hex')).toBe(
      'ffffffff0000000001000261620000000100000000ffffffffffffffff',
    );
  });

  test('an error code is an error; any bytes are', () => {
    const hex =
      '00000000' +
      '0000' +
      '00000000' +
      '00000001' +
      '00016100000001' +
      '00000000' +
      '0006' +
      '00'.repeat(24);
    expect(() => decodeFetch(Buffer.from(`${hex}ffffffff00000000`, 'hex'))).toThrow(KafkaResponseError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (any) => {
        for (const decode of [decodeFetch, decodeListOffsets])
          try {
            decode(any);
          } catch (error) {
            if (!(error instanceof KafkaResponseError)) expect(error).toBeInstanceOf(RecordBatchError);
          }
      }),
      { numRuns: 2000 },
    );
  });

  test('numbers of varying length are read as written', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), (value) => {
        expect(new WireReader(varint(value)).varint()).toBe(value === 0 ? 0 : value);
      }),
    );
    expect(() => new WireReader(new Uint8Array(11).fill(0x80)).varint()).toThrow(RecordBatchError);
  });
});
