import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toBareHex, ZERO32 } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { merkleRows, parentOf } from './merkle.js';
import {
  decodeMerkleBlock,
  encodeMerkleBlock,
  MAX_BLOCK_TRANSACTIONS,
  type MerkleBlock,
  partialTree,
  readPartialTree,
} from './partialMerkleTree.js';
import { compactSize, uint32le } from './wire.js';

const txids = (count: number) => Array.from({ length: count }, (_, i) => sha256d(uint32le(i)));
const header = (root: Uint8Array) => concatBytes(new Uint8Array(36), root, new Uint8Array(12));

function merkleBlock(count: number, indices: readonly number[]): MerkleBlock {
  const rows = merkleRows(txids(count));
  return { header: header(rows.at(-1)![0]!), ...partialTree(rows, indices) };
}

describe('partial Merkle trees', () => {
  it('give back what they were made of, for any block and any matches, none too', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.nat(199), { maxLength: 8 }),
        (count, picks) => {
          const indices = [...new Set(picks.map((pick) => pick % count))].sort((a, b) => a - b);
          const block = merkleBlock(count, indices);
          const bytes = encodeMerkleBlock(block);
          expect(decodeMerkleBlock(bytes)).toEqual(block);
          const { depth, matches, nodes } = readPartialTree(decodeMerkleBlock(bytes));
          const all = merkleRows(txids(count));
          expect(depth).toBe(all.length - 1);
          expect(matches).toEqual(indices.map((index) => ({ index, txid: all[0]![index] })));
          for (const { level, position, hash } of nodes) {
            const row = all[level]!;
            expect(toBareHex(hash)).toBe(toBareHex(row[Math.min(position, row.length - 1)]!));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    [1, [0]],
    [2, [1]],
    [7, [0, 6]],
    [9, [8]],
    [11, [10]],
  ] as const)(
    'of %j transactions, %j matched, are refused or differ after any change of a bit',
    (count, indices) => {
      const good = merkleBlock(count, indices);
      const bytes = encodeMerkleBlock(good);
      const seen = JSON.stringify(readPartialTree(good).matches);
      for (let at = 36 * 8; at < bytes.length * 8; at++) {
        if (at >= 68 * 8 && at < 80 * 8) continue;
        const bad = bytes.slice();
        bad[at >> 3]! ^= 1 << (at & 7);
        const found = outcome(bad);
        // Flag bits choose what is matched: another choice that leads to the root shows other transactions.
        if (found !== undefined) expect(seen).not.toBe(found.matches);
      }
    },
  );

  it('refuse hashes, bits and bytes too many or too few', () => {
    const good = merkleBlock(11, [3]);
    const flags = good.flags;
    const cases: [Partial<MerkleBlock>, RegExp][] = [
      [{ hashes: good.hashes.slice(1) }, /too few hashes/],
      [{ hashes: [...good.hashes, ZERO32] }, /1 hashes too many/],
      [{ flags: new Uint8Array(0) }, /too few flag bits/],
      [{ flags: concatBytes(flags, Uint8Array.of(0)) }, /flag bytes too many/],
      [{ flags: flags.map((byte, i) => (i === flags.length - 1 ? byte | 0x80 : byte)) }, /padding bits/],
      [{ header: header(ZERO32) }, /Merkle root/],
    ];
    for (const [change, reason] of cases)
      expect(() => readPartialTree({ ...good, ...change })).toThrow(reason);
    const bytes = encodeMerkleBlock(good);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeMerkleBlock(bytes.subarray(0, length))).toThrow(MalformedInputError);
    }
    expect(() => decodeMerkleBlock(concatBytes(bytes, Uint8Array.of(0)))).toThrow(/1 bytes too many/);
  });

  it('refuse the shape of CVE-2012-2459: a pair of equal nodes', () => {
    const [a, b, c] = txids(3) as [Uint8Array, Uint8Array, Uint8Array];
    const root = parentOf(parentOf(a, b), parentOf(c, c));
    const block: MerkleBlock = {
      header: header(root),
      total: 4,
      hashes: [parentOf(a, b), c, c],
      flags: Uint8Array.of(0b10101),
    };
    expect(() => readPartialTree(block)).toThrow(/CVE-2012-2459/);
    expect(
      readPartialTree({ ...block, total: 3, hashes: [parentOf(a, b), c], flags: Uint8Array.of(0b1101) })
        .matches,
    ).toEqual([{ index: 2, txid: c }]);
  });

  it('are held within limits before anything is allocated', () => {
    const start = new Uint8Array(80);
    expect(() => decodeMerkleBlock(concatBytes(start, uint32le(MAX_BLOCK_TRANSACTIONS + 1)))).toThrow(
      LimitExceededError,
    );
    expect(() => decodeMerkleBlock(concatBytes(start, uint32le(0), Uint8Array.of(0, 0)))).toThrow(
      /no transactions/,
    );
    expect(() => decodeMerkleBlock(concatBytes(start, uint32le(5), compactSize(6)))).toThrow(
      /6 hashes for 5/,
    );
    expect(() => decodeMerkleBlock(concatBytes(start, uint32le(5), Uint8Array.of(0xfd, 1, 0)))).toThrow(
      /does not decode/,
    );
    expect(() =>
      readPartialTree({ header: start, total: 2 ** 31, hashes: [], flags: new Uint8Array(9) }),
    ).toThrow(LimitExceededError);
  });

  it('are decoded or refused, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 300 }), (noise, total) => {
        for (const bytes of [noise, concatBytes(new Uint8Array(80), uint32le(total), noise)]) outcome(bytes);
      }),
      { numRuns: 3000 },
    );
  });
});

function outcome(bytes: Uint8Array): { matches: string } | undefined {
  try {
    return { matches: JSON.stringify(readPartialTree(decodeMerkleBlock(bytes)).matches) };
  } catch (error) {
    if (error instanceof MalformedInputError || error instanceof LimitExceededError) return undefined;
    throw error;
  }
}
