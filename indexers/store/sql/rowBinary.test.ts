import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { toBareHex, utf8 } from '../../../proofs/bytes.js';
import { hasChdb } from '../../../test/support/clickhouse/front.js';
import { ChdbClient } from './chdbClient.js';
import { RowWriter } from './rowBinary.js';

const hex = (writer: RowWriter) => toBareHex(writer.take());

test('values are as the format has them', () => {
  const writer = new RowWriter();
  expect(hex(writer.uint8(255).bool(true).uint16(0x0102).uint32(0x01020304))).toBe('ff01020104030201');
  expect(hex(writer.uint64(2 ** 53 - 1))).toBe('ffffffffffff1f00');
  expect(hex(writer.uint64(0xffff_ffff_ffff_fffen).int64(-2).int32(-1))).toBe(
    'feffffffffffffff' + 'feffffffffffffff' + 'ffffffff',
  );
  expect(hex(writer.uint256(1n << 255n))).toBe(`${'00'.repeat(31)}80`);
  expect(hex(writer.text('aé').bytes(Uint8Array.of(0, 255)))).toBe('0361c3a90200ff');
  expect(hex(writer.fixed(Uint8Array.of(1, 2), 2))).toBe('0102');
  expect(hex(writer.array([1, 2], (item, rows) => rows.uint8(item)))).toBe('020102');
  expect(
    hex(writer.nullable(undefined, () => undefined).nullable(7, (value, rows) => rows.uint8(value))),
  ).toBe('010007');
  expect(hex(writer.float64(1.5))).toBe('000000000000f83f');
  for (const [length, expected] of [
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [2 ** 32, '8080808010'],
  ] as const)
    expect(hex(writer.length(length))).toBe(expected);
});

test('what does not fit is refused', () => {
  const writer = new RowWriter();
  const wrong: (() => unknown)[] = [
    () => writer.uint8(256),
    () => writer.uint16(-1),
    () => writer.uint32(2 ** 32),
    () => writer.uint64(-1),
    () => writer.uint64(1.5),
    () => writer.uint64(2 ** 53),
    () => writer.uint64(1n << 64n),
    () => writer.uint256(1n << 256n),
    () => writer.uint256(-1n),
    () => writer.fixed(new Uint8Array(31), 32),
  ];
  for (const write of wrong) expect(write).toThrow(RangeError);
});

test('rows and bytes are counted and taken once', () => {
  const writer = new RowWriter(1);
  for (let i = 0; i < 1000; i++) writer.text('x'.repeat(i)).endRow();
  expect(writer.rows).toBe(1000);
  const { size } = writer;
  const taken = writer.take();
  expect(taken.length).toBe(size);
  expect([writer.rows, writer.size, writer.take().length]).toEqual([0, 0, 0]);
  writer.text('other');
  expect(taken[0]).toBe(0);
});

const bytes = (length?: number) =>
  fc.uint8Array(length === undefined ? { maxLength: 300 } : { minLength: length, maxLength: length });
const row = fc.record({
  a: fc.integer({ min: 0, max: 255 }),
  b: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  c: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  d: fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
  e: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  f: bytes(32),
  g: bytes(),
  h: fc.string({ unit: 'binary', maxLength: 50 }),
  i: fc.array(bytes(), { maxLength: 4 }),
  j: fc.option(fc.nat(), { nil: undefined }),
});
const COLUMNS = `n UInt32, a UInt8, b UInt32, c UInt64, d UInt256, e Int64, f FixedString(32), g String,
  h LowCardinality(String), i Array(String), j Nullable(UInt64)`;
const NAMES = ['n', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
const text = z.coerce.string();

describe.skipIf(!hasChdb)('ClickHouse', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-rows-'));
  let client: ChdbClient;
  beforeAll(async () => {
    client = await ChdbClient.open(join(folder, 'index'));
    await client.command('t', `CREATE TABLE default.rows (${COLUMNS}) ENGINE = MergeTree ORDER BY n`);
  });
  afterAll(async () => {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('reads every value back exactly', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
        const writer = new RowWriter(16);
        const first = n;
        for (const { a, b, c, d, e, f, g, h, i, j } of rows)
          writer
            .uint32(n++)
            .uint8(a)
            .uint32(b)
            .uint64(c)
            .uint256(d)
            .int64(e)
            .fixed(f, 32)
            .bytes(g)
            .text(h)
            .array(i, (item, to) => to.bytes(item))
            .nullable(j, (value, to) => to.uint64(value))
            .endRow();
        await client.insert('default.rows', NAMES, writer.take());
        const read = await client.query(
          'rows',
          `SELECT a, b, toString(c) AS c_text, toString(d) AS d_text, toString(e) AS e_text, lower(hex(f)) AS f_text,
             lower(hex(g)) AS g_text, lower(hex(h)) AS h_text, arrayMap(x -> lower(hex(x)), i) AS i_text, j
           FROM default.rows WHERE n >= {first:UInt32} ORDER BY n`,
          z.object({
            ...{
              a: z.number(),
              b: z.number(),
              c_text: text,
              d_text: text,
              e_text: text,
              f_text: text,
              g_text: text,
            },
            ...{ h_text: text, i_text: z.array(text), j: z.coerce.number().nullable() },
          }),
          { first },
        );
        expect(read).toEqual(
          rows.map(({ a, b, c, d, e, f, g, h, i, j }) => ({
            ...{ a, b, c_text: String(c), d_text: String(d), e_text: String(e) },
            ...{ f_text: toBareHex(f), g_text: toBareHex(g), h_text: toBareHex(utf8(h)) },
            ...{ i_text: i.map(toBareHex), j: j ?? null },
          })),
        );
      }),
      { numRuns: 40 },
    );
  });
});
