import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { encodeReceipt, sampleLog, sampleTransactions } from '../../../test/fixtures/ethereum/blocks.js';
import { listOf } from '../rlp/read.js';
import { decodeRlp, encodeRlp, type RlpItem } from '../rlp/rlp.js';
import { bloomOf } from '../rules/bloom.js';
import { decodeReceipt } from './receipt.js';
import { decodeTransaction } from './transaction.js';
import { transactionFields } from './transactionFields.js';

function partsOf(raw: Uint8Array): { readonly type: Uint8Array; readonly fields: readonly RlpItem[] } {
  const legacy = raw[0]! >= 0xc0;
  const type = legacy ? new Uint8Array(0) : raw.subarray(0, 1);
  return { type, fields: listOf(decodeRlp(legacy ? raw : raw.subarray(1)), 'tx', 0, 64) };
}

describe.each(sampleTransactions)('transaction: %s', (name, raw) => {
  const { type, fields } = partsOf(raw);
  const number = type[0] ?? 0;
  const rebuilt = (changed: readonly RlpItem[]) => () =>
    decodeTransaction(concatBytes(type, encodeRlp(changed)));

  it('is read', () => {
    const creates = name === 'contract creation';
    expect(decodeTransaction(raw)).toEqual({
      type: number,
      nonce: 3n,
      to: creates ? undefined : Uint8Array.of(...new Uint8Array(19), 0xaa),
      value: creates ? 0n : 1_500_000_000_000_000_000n,
      input: Uint8Array.of(0x12, 0x34),
    });
  });

  it('with a field missing or more is refused', () => {
    expect(rebuilt(fields)().type).toBe(number);
    expect(rebuilt(fields.slice(1))).toThrow(MalformedInputError);
    expect(rebuilt([...fields, new Uint8Array(0)])).toThrow(/has \d+ items/);
  });

  it.each(transactionFields[number]!.map((field, i) => [field, i] as const))(
    'with a %s of another shape is refused',
    (field, i) => {
      const isList = !(fields[i] instanceof Uint8Array);
      expect(rebuilt(fields.with(i, isList ? new Uint8Array(0) : []))).toThrow(MalformedInputError);
      if (!isList && field !== 'input')
        expect(rebuilt(fields.with(i, Uint8Array.of(0, 1)))).toThrow(MalformedInputError);
      if (isList) expect(rebuilt(fields.with(i, [new Uint8Array(3)]))).toThrow(MalformedInputError);
    },
  );

  it('with trailing or missing bytes is refused', () => {
    expect(() => decodeTransaction(concatBytes(raw, Uint8Array.of(0)))).toThrow(MalformedInputError);
    expect(() => decodeTransaction(raw.subarray(0, -1))).toThrow(MalformedInputError);
  });
});

describe('transactions', () => {
  it('of unknown types, and empty ones, are refused', () => {
    const body = encodeRlp([]);
    for (const type of [0, 5, 0x7e, 0x7f, 0x80, 0xbf])
      expect(() => decodeTransaction(concatBytes(Uint8Array.of(type), body))).toThrow(/not known/);
    expect(() => decodeTransaction(new Uint8Array(0))).toThrow(/is empty/);
  });

  it('with blobs or authorizations call something', () => {
    for (const [name, raw] of sampleTransactions.filter(([one]) => /4844|7702/.test(one))) {
      const { type, fields } = partsOf(raw);
      const at = transactionFields[type[0]!]!.indexOf('to');
      const changed = concatBytes(type, encodeRlp(fields.with(at, new Uint8Array(0))));
      expect(() => decodeTransaction(changed), name).toThrow(/to is missing/);
    }
  });
});

describe('receipts', () => {
  const logs = [sampleLog(1), sampleLog(2)];

  it.each([0, 1, 2, 3, 4])('of type %i are read', (type) => {
    expect(decodeReceipt(encodeReceipt(type, logs))).toEqual({
      type,
      succeeded: true,
      cumulativeGasUsed: 21_000n,
      logs,
    });
    const failed = decodeReceipt(encodeReceipt(type, [], { outcome: new Uint8Array(0) }));
    expect(failed.succeeded).toBe(false);
  });

  it('from before Byzantium hold a state root instead of a status', () => {
    const outcome = new Uint8Array(32).fill(9);
    expect(decodeReceipt(encodeReceipt(0, [], { outcome })).succeeded).toBeUndefined();
    expect(() => decodeReceipt(encodeReceipt(2, [], { outcome }))).toThrow(MalformedInputError);
  });

  it.each<[string, Uint8Array]>([
    ['type 5', Uint8Array.of(5, ...encodeReceipt(0, []))],
    ['type 0 written out', Uint8Array.of(0, ...encodeReceipt(0, []))],
    ['nothing', new Uint8Array(0)],
    ['status 2', encodeReceipt(2, [], { outcome: Uint8Array.of(2) })],
    ['a status with a zero', encodeReceipt(2, [], { outcome: Uint8Array.of(0) })],
    ['gas with a zero', encodeReceipt(2, [], { gas: Uint8Array.of(0, 1) })],
    ['another bloom', encodeReceipt(2, logs, { bloom: bloomOf(logs.slice(1)) })],
    ['an empty bloom', encodeReceipt(2, logs, { bloom: new Uint8Array(256) })],
    ['a short bloom', encodeReceipt(2, [], { bloom: new Uint8Array(255) })],
    ['a short address', encodeReceipt(2, [{ ...sampleLog(1), address: new Uint8Array(19) }])],
    ['a short topic', encodeReceipt(2, [{ ...sampleLog(1), topics: [new Uint8Array(31)] }])],
    ['five topics', encodeReceipt(2, [{ ...sampleLog(1), topics: Array(5).fill(new Uint8Array(32)) }])],
  ])('with %s are refused', (_, raw) => {
    expect(() => decodeReceipt(raw)).toThrow(MalformedInputError);
  });
});

it('changed bytes never raise another error', () => {
  const raws = [...sampleTransactions.map(([, raw]) => raw), encodeReceipt(2, [sampleLog(3)])];
  fc.assert(
    fc.property(fc.constantFrom(...raws), fc.nat(), fc.integer({ min: 1, max: 255 }), (raw, at, flip) => {
      const changed = raw.slice();
      changed[at % raw.length]! ^= flip;
      for (const decode of [decodeTransaction, decodeReceipt]) {
        try {
          decode(changed);
        } catch (error) {
          expect(error, toHex(changed)).toBeInstanceOf(MalformedInputError);
        }
      }
    }),
    { numRuns: 2000 },
  );
});
