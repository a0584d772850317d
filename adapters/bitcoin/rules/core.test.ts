import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bitcoinNetworks } from './networks.js';
import { type NetworkParameters, periodStartHeight } from './parameters.js';
import { requiredBits } from './retarget.js';
import { decodeCompact, encodeCompact } from './target.js';

interface Block {
  readonly height: number;
  readonly time: number;
  readonly bits: number;
  readonly parent: Block | undefined;
}

/** Numbers as `arith_uint256` does them, by hand. */
function setCompact(bits: number): bigint {
  const size = Math.floor(bits / 2 ** 24);
  const word = BigInt(bits % 2 ** 23);
  return size <= 3 ? word / 256n ** BigInt(3 - size) : (word * 256n ** BigInt(size - 3)) % 2n ** 256n;
}
function getCompact(value: bigint): number {
  let size = 0;
  while (256n ** BigInt(size) <= value) size++;
  let word = size <= 3 ? value * 256n ** BigInt(3 - size) : value / 256n ** BigInt(size - 3);
  if (word >= 0x800000n) {
    word /= 256n;
    size++;
  }
  return size * 2 ** 24 + Number(word);
}

/** `powLimit` itself: on mainnet and the testnets it has more digits than its compact form. */
function powLimit(p: NetworkParameters): bigint {
  if (p.powLimitBits === 0x1d00ffff) return 2n ** 224n - 1n;
  return p.powLimitBits === 0x207fffff ? 2n ** 255n - 1n : setCompact(p.powLimitBits);
}

/** The reference client's `GetNextWorkRequired` and `CalculateNextWorkRequired`, walking from block to block. */
function modelBits(p: NetworkParameters, last: Block, time: number): number {
  const interval = p.targetTimespan / p.targetSpacing;
  const limit = getCompact(powLimit(p));
  if ((last.height + 1) % interval !== 0) {
    if (!p.minDifficulty) return last.bits;
    if (time > last.time + p.targetSpacing * 2) return limit;
    let walk = last;
    while (walk.parent !== undefined && walk.height % interval !== 0 && walk.bits === limit)
      walk = walk.parent;
    return walk.bits;
  }
  let first = last;
  for (let i = 0; i < interval - 1; i++) if (first.parent !== undefined) first = first.parent;
  if (!p.retargets) return last.bits;
  const taken = last.time - first.time;
  const span = Math.min(Math.max(taken, p.targetTimespan / 4), p.targetTimespan * 4);
  let next = setCompact(p.bip94 ? first.bits : last.bits);
  next = (next * BigInt(span)) % 2n ** 256n;
  next /= BigInt(p.targetTimespan);
  if (next > powLimit(p)) return limit;
  return getCompact(next);
}

/** All that `requiredBits` is told, from the chain. */
function contextAfter(p: NetworkParameters, chain: readonly Block[]) {
  const last = chain.at(-1)!;
  const start = chain[periodStartHeight(p, last.height)]!;
  return {
    height: last.height + 1,
    parentTime: last.time,
    parentBits: last.bits,
    periodStartTime: start.time,
    periodStartBits: start.bits,
  };
}

/** The same as a run that began in mid-period knows it: from the last bits that the twenty-minute rule does not explain. */
function learnedBits(p: NetworkParameters, chain: readonly Block[], from: number): number | undefined {
  const last = chain.at(-1)!;
  let learned: number | undefined;
  for (let at = Math.max(from, periodStartHeight(p, last.height)); at <= last.height; at++) {
    const { bits, time } = chain[at]!;
    const parent = at > from ? chain[at - 1]?.time : undefined;
    const late = parent === undefined || time > parent + 2 * p.targetSpacing;
    if (at === periodStartHeight(p, at) || !(p.minDifficulty && late && bits === p.powLimitBits))
      learned = bits;
  }
  return learned;
}

/** Gaps within, at and beyond the twenty minutes, back in time and far ahead. */
const gap = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 1200 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1199, max: 1202 }) },
  { weight: 2, arbitrary: fc.integer({ min: -900, max: 6000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 5000, max: 60_000 }) },
);

describe('required bits are those of the reference client, restated block by block', () => {
  const short = (one: (typeof bitcoinNetworks)[number]) => ({ ...one.rules, targetTimespan: 6 * 600 });
  it.each(bitcoinNetworks.map((one) => [one.name, short(one)] as const))('%s', (_, p) => {
    fc.assert(
      fc.property(
        fc.array(gap, { minLength: 1, maxLength: 60 }),
        fc.nat(30),
        fc.boolean(),
        (gaps, from, hard) => {
          const bits =
            hard && p.retargets ? encodeCompact(setCompact(p.powLimitBits) / 1000n) : p.powLimitBits;
          const chain: Block[] = [{ height: 0, time: 2_000_000_000, bits, parent: undefined }];
          for (const seconds of gaps) {
            const last = chain.at(-1)!;
            const time = last.time + seconds;
            const expected = modelBits(p, last, time);
            const context = contextAfter(p, chain);
            expect(requiredBits(p, context, time)).toBe(expected);
            // What a run from a later block can tell is the same, or nothing.
            const known = from <= last.height ? learnedBits(p, chain, from) : undefined;
            const startKnown = from <= periodStartHeight(p, last.height);
            const late = requiredBits(
              p,
              {
                ...context,
                periodStartBits: known,
                periodStartTime: startKnown ? context.periodStartTime : undefined,
              },
              time,
            );
            if (late !== undefined) expect(late).toBe(expected);
            else expect(startKnown).toBe(false);
            chain.push({ height: last.height + 1, time, bits: expected, parent: last });
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('each flag alone changes the answer', () => {
    const base = { ...bitcoinNetworks[0]!.rules, targetTimespan: 6 * 600 };
    const chain: Block[] = [];
    for (let height = 0; height < 6; height++) {
      const bits = height === 5 ? base.powLimitBits : 0x1b00ffff;
      chain.push({ height, time: 1000 + height * 1300, bits, parent: chain.at(-1) });
    }
    const inside = contextAfter(base, chain.slice(0, 3));
    const boundary = contextAfter(base, chain);
    const at = (p: NetworkParameters, c: typeof inside) => requiredBits(p, c, c.parentTime + 1201);
    expect(at(base, inside)).toBe(0x1b00ffff);
    expect(at({ ...base, minDifficulty: true }, inside)).toBe(0x1d00ffff);
    expect(at({ ...base, retargets: false }, inside)).toBe(0x1d00ffff);
    const retargeted = at(base, boundary);
    expect(at({ ...base, bip94: true }, boundary)).not.toBe(retargeted);
    const hard = { ...boundary, parentBits: 0x1b00ffff };
    expect(at({ ...base, targetTimespan: 12 * 600 }, hard)).not.toBe(at(base, hard));
    expect(at({ ...base, powLimitBits: 0x1b00ffff }, hard)).not.toBe(at(base, hard));
  });
});

describe('compact codec', () => {
  it('reads and writes as the restated one does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (bits) => {
        const decoded = decodeCompact(bits);
        if (decoded.kind !== 'target') return;
        expect(decoded.target).toBe(setCompact(bits));
        expect(encodeCompact(decoded.target)).toBe(getCompact(decoded.target));
        // Writing what was read is stable, though not always the bits that were read.
        const again = decodeCompact(encodeCompact(decoded.target));
        expect(again).toEqual(decoded);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 256n - 1n }), fc.nat(255), (wide, shift) => {
        const target = wide >> BigInt(shift);
        expect(encodeCompact(target)).toBe(getCompact(target));
        const rounded = decodeCompact(encodeCompact(target));
        if (rounded.kind !== 'target') {
          expect([rounded.kind, target]).toEqual(['zero', 0n]);
          return;
        }
        expect(rounded.target <= target).toBe(true);
        expect((target - rounded.target) * 2n ** 15n <= target).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
