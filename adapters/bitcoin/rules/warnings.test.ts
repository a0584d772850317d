import { describe, expect, it } from 'vitest';
import { ZERO32 } from '../../../proofs/bytes.js';
import { encodeHeader } from './header.js';
import { bitcoinNetwork } from './networks.js';
import { Bip54Observer, bip54BlockWarnings, bip54Warnings, MAX_WARNINGS } from './warnings.js';

const { rules } = bitcoinNetwork('bitcoin-mainnet');
const at = (height: number, time: number, parentTime?: number, periodStartTime?: number) =>
  bip54Warnings(rules, { height, time, parentTime, periodStartTime }).map((one) => one.rule);

describe('BIP54 as warnings', () => {
  it('timewarp: a first block of its period more than two hours before its parent', () => {
    expect(at(4032, 100_000, 107_200)).toEqual([]);
    expect(at(4032, 99_999, 107_200)).toEqual(['bip54-timewarp']);
    expect(at(4033, 99_999, 107_200)).toEqual([]);
    expect(at(4031, 99_999, 107_200)).toEqual([]);
    expect(at(4032, 99_999)).toEqual([]);
    expect(at(0, 99_999, 107_200)).toEqual([]);
  });

  it('Murch-Zawy: a last block of its period before the first', () => {
    expect(at(4031, 1000, 1, 1000)).toEqual([]);
    expect(at(4031, 999, 1, 1000)).toEqual(['bip54-murch-zawy']);
    expect(at(4030, 999, 1, 1000)).toEqual([]);
    expect(at(4031, 999, 1)).toEqual([]);
  });

  it('transactions of 64 bytes and coinbases', () => {
    const block = (over: object) =>
      bip54BlockWarnings({
        height: 4,
        coinbase: { lockTime: 3, sequence: 0xfffffffe },
        strippedSizes: [63, 65, 100],
        ...over,
      }).map((one) => one.rule);
    expect(block({})).toEqual([]);
    expect(block({ strippedSizes: [100, 64] })).toEqual(['bip54-transaction-size']);
    for (const lockTime of [2, 4, 21])
      expect(block({ coinbase: { lockTime, sequence: 0 } })).toEqual(['bip54-coinbase-locktime']);
    expect(block({ coinbase: { lockTime: 3, sequence: 0xffffffff } })).toEqual(['bip54-coinbase-sequence']);
    expect(block({ height: 0 })).toEqual([]);
  });

  it('watches a run cut anywhere, from any start, within limits', async () => {
    const interval = 4;
    const small = { ...rules, targetTimespan: interval * 600 };
    const header = (time: number) =>
      encodeHeader({ version: 1, parentHash: ZERO32, merkleRoot: ZERO32, time, bits: 0, nonce: 0 });
    // Each period's first block is a day after the last one's end, its last a day before its first.
    const count = interval * 2000;
    const bytes = new Uint8Array(count * 80);
    for (let i = 0; i < count; i++) {
      const last = i % interval === interval - 1;
      bytes.set(header(1_000_000 + i - (last ? 86_400 : 0)), i * 80);
    }
    for (const cut of [1, 79, 80, 81, 4096]) {
      const observer = new Bip54Observer(small, { kind: 'trusted', height: 4 });
      const chunks: Uint8Array[] = [];
      const end = cut < 79 ? 8000 : bytes.length;
      for (let from = 0; from < end; from += cut)
        chunks.push(bytes.subarray(from, Math.min(end, from + cut)));
      let seen = 0;
      for await (const chunk of observer.watch(chunks)) seen += chunk.length;
      expect(seen).toBe(end);
      expect(observer.count).toBe(end / 80 / interval);
      expect(observer.warnings).toHaveLength(Math.min(MAX_WARNINGS, observer.count));
      expect(observer.warnings[0]).toMatchObject({ rule: 'bip54-murch-zawy', height: 7 });
    }
    // In mid-period the period's start is not known: its end is not judged.
    const late = new Bip54Observer(small, { kind: 'trusted', height: 5 });
    for await (const _ of late.watch([bytes.subarray(80, 640)]));
    expect(late.warnings.map((one) => one.height)).toEqual([11]);
  });
});
