import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesEqual } from '../../../../proofs/bytes.js';
import { MAX_LOCATOR } from '../../p2p/limits.js';
import { bitcoinNetwork } from '../../rules/networks.js';
import { HeaderChain } from './headerChain.js';
import { plausibleBlocks } from './peerHeaders.js';

const hash = (n: number): Uint8Array => {
  const out = new Uint8Array(32);
  new DataView(out.buffer).setUint32(0, Math.imul(n, 0x9e3779b1) >>> 0, true);
  new DataView(out.buffer).setUint32(20, n, true);
  return out;
};

describe('a chain of hashes', () => {
  it('holds what a list would', () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ back: fc.integer({ min: 0, max: 60 }) }),
    );
    fc.assert(
      fc.property(fc.nat(1000), fc.array(step, { maxLength: 30 }), (baseHeight, steps) => {
        const chain = new HeaderChain({ base: { height: baseHeight, hash: hash(0) }, cached: 25 });
        const list = [hash(0)];
        let next = 1;
        for (const one of steps) {
          if ('add' in one) {
            for (let i = 0; i < one.add; i++) {
              const raw = new Uint8Array(80).fill(next & 0xff);
              list.push(hash(next));
              chain.append(hash(next++), raw);
            }
          } else {
            const height = Math.max(baseHeight, baseHeight + list.length - 1 - one.back);
            chain.truncate(height);
            list.length = height - baseHeight + 1;
          }
          expect(chain.tipHeight).toBe(baseHeight + list.length - 1);
          expect(chain.tipHash).toEqual(list.at(-1));
          for (const [i, known] of list.entries()) {
            expect(chain.hash(baseHeight + i)).toEqual(known);
            expect(chain.find(known)).toBe(baseHeight + i);
          }
          expect(chain.hash(baseHeight - 1)).toBeUndefined();
          expect(chain.hash(chain.tipHeight + 1)).toBeUndefined();
          expect(chain.find(hash(next))).toBeUndefined();
          expect(chain.raw(chain.tipHeight + 1)).toBeUndefined();
          expect(chain.bytes).toBeLessThanOrEqual(65_536 * 32 + 80 * 26);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the newest raw headers, and that of its base', () => {
    const chain = new HeaderChain({ base: { height: 7, hash: hash(0) }, cached: 3 });
    chain.keep(7, new Uint8Array(80));
    for (let i = 1; i <= 10; i++) chain.append(hash(i), new Uint8Array(80).fill(i));
    expect([7, 8, 14, 15, 16, 17].map((height) => chain.raw(height)?.[0])).toEqual([
      0,
      undefined,
      undefined,
      8,
      9,
      10,
    ]);
    chain.truncate(16);
    expect([15, 16, 17].map((height) => chain.raw(height)?.[0])).toEqual([8, 9, undefined]);
  });

  it('gives locators as Bitcoin Core makes them', () => {
    const chain = new HeaderChain({ base: { height: 100, hash: hash(0) }, cached: 0 });
    for (let i = 1; i <= 1000; i++) chain.append(hash(i));
    const heights = chain.locator().map((one) => chain.find(one)! - 100);
    expect(heights).toEqual([
      ...[1000, 999, 998, 997, 996, 995, 994, 993, 992, 991],
      ...[989, 985, 977, 961, 929, 865, 737, 481],
      0,
    ]);
    expect(chain.locator(103).map((one) => chain.find(one))).toEqual([103, 102, 101, 100]);
    expect(chain.locator(100)).toEqual([hash(0)]);
  });

  it('of a million blocks costs 32 bytes each, and is searched in milliseconds', () => {
    const chain = new HeaderChain({ base: { height: 0, hash: hash(0) }, cached: 1000 });
    const raw = new Uint8Array(80);
    for (let i = 1; i <= 1_000_000; i++) chain.append(hash(i), raw);
    expect(chain.bytes).toBeLessThan(36_000_000);
    expect(chain.find(hash(3))).toBe(3);
    // Of the processor, not by the clock: others may be busy.
    const before = process.cpuUsage();
    for (let i = 0; i < 10; i++) expect(chain.find(hash(2_000_000 + i))).toBeUndefined();
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(1000);
    expect(chain.locator().length).toBeLessThan(MAX_LOCATOR);
    chain.truncate(65_535);
    expect(chain.bytes).toBeLessThan(2_200_000);
    expect(bytesEqual(chain.tipHash, hash(65_535))).toBe(true);
  });
});

/** Heights that the public networks had at these times. */
it.each([
  ['bitcoin-mainnet', 1231006505, 1_763_000_000, 923_000],
  ['bitcoin-testnet3', 1296688602, 1_763_000_000, 4_750_000],
  ['bitcoin-testnet4', 1714777860, 1_763_000_000, 110_000],
  ['bitcoin-signet', 1598918400, 1_763_000_000, 278_000],
])('%s may have as many blocks as it had', (chain, genesis, now, height) => {
  const limit = plausibleBlocks(bitcoinNetwork(chain), genesis, now);
  expect(limit).toBeGreaterThan(height);
  expect(limit).toBeLessThan(16_000_000);
});
/** Two heights that testnet3 had in 2024 and 2025. */
it('testnet3 may have as many blocks above a late checkpoint as came in its storms', () => {
  const [april2024, november2025] = [1_714_000_000, 1_763_000_000];
  expect(plausibleBlocks(bitcoinNetwork('bitcoin-testnet3'), april2024, november2025)).toBeGreaterThan(
    4_750_000 - 2_811_000,
  );
});
it('a clock that is behind allows some', () => {
  expect(plausibleBlocks(bitcoinNetwork('bitcoin-mainnet'), 2_000_000_000, 0)).toBe(20_000);
  expect(plausibleBlocks(bitcoinNetwork('bitcoin-regtest'), 0, 0)).toBe(2 ** 20);
});
