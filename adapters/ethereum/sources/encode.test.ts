import { numberToHex, parseTransaction } from 'viem';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { encodeReceipt, sampleLog, sampleTransactions } from '../../../test/fixtures/ethereum/blocks.js';
import { encodeReceiptJson } from './encodeReceipt.js';
import { encodeTransactionJson } from './encodeTransaction.js';
import type { RpcObject } from './fields.js';

/** The answer of a node about a transaction, by an independent decoder. */
function jsonOf(raw: Uint8Array): RpcObject {
  const { type, data, ...tx } = parseTransaction(toHex(raw)) as unknown as Record<string, unknown>;
  const types = ['legacy', 'eip2930', 'eip1559', 'eip4844', 'eip7702'];
  const quantities = Object.entries(tx).map(([name, value]) => [
    name,
    typeof value === 'bigint' || typeof value === 'number' ? numberToHex(value) : value,
  ]);
  return {
    nonce: '0x0',
    value: '0x0',
    to: null,
    ...Object.fromEntries(quantities),
    input: data,
    type: numberToHex(types.indexOf(String(type))),
    authorizationList: (tx.authorizationList as RpcObject[] | undefined)?.map((one) => ({
      ...one,
      chainId: numberToHex(one.chainId as number),
      nonce: numberToHex(one.nonce as number),
      yParity: numberToHex(one.yParity as number),
    })),
  };
}

describe('transactions from JSON', () => {
  it.each(sampleTransactions)('%s', (_, raw) => {
    const json = jsonOf(raw);
    expect(toHex(encodeTransactionJson(json))).toBe(toHex(raw));
    // Some nodes give `v` alone, or `data`.
    const { yParity, input, ...rest } = json;
    const other = { ...rest, v: rest.type === '0x0' ? rest.v : yParity, data: input };
    expect(encodeTransactionJson(other)).toEqual(raw);
    for (const name of ['nonce', 'value', 'input', 'r'])
      expect(() => encodeTransactionJson({ ...json, [name]: 7 })).toThrow(MalformedInputError);
  });

  it('of unknown types are refused', () => {
    const json = jsonOf(sampleTransactions[0]![1]);
    for (const type of ['0x5', '0x7e', '0x100'])
      expect(() => encodeTransactionJson({ ...json, type })).toThrow(/not known/);
  });
});

describe('receipts from JSON', () => {
  const logs = [sampleLog(1), sampleLog(5)];
  const json = {
    status: '0x1',
    cumulativeGasUsed: '0x5208',
    logs: logs.map(({ address, topics, data }) => ({
      address: toHex(address),
      topics: topics.map(toHex),
      data: toHex(data),
    })),
  };

  it.each([0, 1, 2, 3, 4])('of type %i', (type) => {
    expect(encodeReceiptJson({ ...json, type: numberToHex(type) })).toEqual(encodeReceipt(type, logs));
  });

  it('from before Byzantium, and without a type', () => {
    const outcome = new Uint8Array(32).fill(9);
    const { status: _, ...old } = json;
    expect(encodeReceiptJson({ ...old, root: toHex(outcome) })).toEqual(encodeReceipt(0, logs, { outcome }));
    expect(() => encodeReceiptJson(old)).toThrow(MalformedInputError);
  });

  it('of unknown types are refused', () => {
    for (const type of ['0x5', '0x102'])
      expect(() => encodeReceiptJson({ ...json, type })).toThrow(/not known/);
  });
});
