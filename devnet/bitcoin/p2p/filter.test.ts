import { Transaction } from 'bitcoinjs-lib';
import { describe, expect, it } from 'vitest';
import { BloomFilter } from '../../../adapters/bitcoin/p2p/bloom.js';
import { uint32le } from '../../../adapters/bitcoin/proofs/wire.js';
import { concatBytes, fromHex, toBareHex } from '../../../proofs/bytes.js';
import { matchesFilter, pushes } from './filter.js';

describe('a transaction matches a filter', () => {
  const transaction = new Transaction();
  const key = fromHex(`02${'ab'.repeat(32)}`);
  const keyHash = fromHex('cd'.repeat(20));
  transaction.addInput(fromHex('ee'.repeat(32)), 3, 0xffffffff, concatBytes(Uint8Array.of(2, 7, 8)));
  transaction.addOutput(concatBytes(fromHex('76a914'), keyHash, fromHex('88ac')), 5n);
  transaction.addOutput(concatBytes(Uint8Array.of(33), key, Uint8Array.of(0xac)), 6n);
  const txid = transaction.getHash();
  const outpoint = (index: number) => concatBytes(txid, uint32le(index));
  const filterOf = (element: Uint8Array, flags: number) => {
    const filter = BloomFilter.sized(10, 1e-6, 1, flags);
    filter.insert(element);
    return filter;
  };

  it.each<[string, Uint8Array, boolean]>([
    ['its id', txid, true],
    ['what an output pays to', keyHash, true],
    ['a bare key', key, true],
    ['an output that it spends', concatBytes(fromHex('ee'.repeat(32)), uint32le(3)), true],
    ['what an input pushes', Uint8Array.of(7, 8), true],
    ['another output', concatBytes(fromHex('ee'.repeat(32)), uint32le(4)), false],
    ['nothing of it', fromHex('0102030405'), false],
  ])('by %s', (_, element, matches) => {
    expect(matchesFilter(filterOf(element, 0), txid, transaction)).toBe(matches);
  });

  it('and adds the outputs that its flags ask for', () => {
    for (const [flags, first, second] of [
      [0, false, false],
      [1, true, true],
      [2, false, true],
    ] as const) {
      const filter = BloomFilter.sized(10, 1e-6, 1, flags);
      filter.insert(keyHash);
      filter.insert(key);
      matchesFilter(filter, txid, transaction);
      expect([filter.has(outpoint(0)), filter.has(outpoint(1))]).toEqual([first, second]);
    }
  });

  it.each([
    ['', []],
    ['00', []],
    ['0101', ['01']],
    ['510101', ['01']],
    ['4c020a0b', ['0a0b']],
    ['4d02000a0b', ['0a0b']],
    ['4e020000000a0b', ['0a0b']],
    ['0101024c', ['01']],
    ['4d05', []],
    ['4effffffff00', []],
    ['4c', []],
  ])('script %s pushes %j', (script, data) => {
    expect(pushes(fromHex(script)).map(toBareHex)).toEqual(data);
  });
});
