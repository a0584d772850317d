import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { medianTime, RollingMedian } from './medianTime.js';
import { bitcoinNetwork } from './networks.js';
import { nextPeriodBits, possibleBits, requiredBits, type TargetContext } from './retarget.js';
import { encodeCompact } from './target.js';

const rules = (name: string) => bitcoinNetwork(`bitcoin-${name}`).rules;
const WEEK2 = 1209600;
const context = (over: Partial<TargetContext>): TargetContext => ({
  height: 4032,
  parentTime: 1_000_000 + WEEK2,
  parentBits: 0x1b00ffff,
  periodStartTime: 1_000_000,
  periodStartBits: 0x1b00ffff,
  ...over,
});

describe('retarget', () => {
  it('scales by the time the period took', () => {
    expect(nextPeriodBits(rules('mainnet'), 0x1b00ffff, WEEK2)).toBe(0x1b00ffff);
    expect(nextPeriodBits(rules('mainnet'), 0x1b00ffff, WEEK2 / 2)).toBe(0x1a7fff80);
    expect(nextPeriodBits(rules('mainnet'), 0x1b00ffff, WEEK2 * 2)).toBe(0x1b01fffe);
  });

  it('clamps to a quarter and to four times', () => {
    const low = nextPeriodBits(rules('mainnet'), 0x1b00ffff, WEEK2 / 4);
    const high = nextPeriodBits(rules('mainnet'), 0x1b00ffff, WEEK2 * 4);
    expect(low).toBe(encodeCompact((0xffffn << 192n) / 4n));
    expect(high).toBe(encodeCompact((0xffffn << 192n) * 4n));
    for (const seconds of [-5, 0, 1, WEEK2 / 4 - 1]) {
      expect(nextPeriodBits(rules('mainnet'), 0x1b00ffff, seconds)).toBe(low);
    }
    expect(nextPeriodBits(rules('mainnet'), 0x1b00ffff, WEEK2 * 40)).toBe(high);
    expect(nextPeriodBits(rules('mainnet'), 0x1d00ffff, WEEK2 * 2)).toBe(0x1d00ffff);
    expect(nextPeriodBits(rules('signet'), 0x1e0377ae, WEEK2 * 4)).toBe(0x1e0377ae);
  });

  it('mainnet keeps bits within a period and changes them at its end', () => {
    const inside = context({ height: 4031, parentBits: 5, periodStartBits: undefined });
    expect(requiredBits(rules('mainnet'), inside, 0)).toBe(5);
    expect(requiredBits(rules('mainnet'), context({ parentTime: 1_000_000 + WEEK2 / 2 }), 0)).toBe(
      0x1a7fff80,
    );
  });

  it('testnet3 lets a block after twenty minutes be easy and walks back for the next', () => {
    const after = context({ height: 4031, parentTime: 100, parentBits: 0x1d00ffff });
    expect(requiredBits(rules('testnet3'), after, 1300)).toBe(0x1b00ffff);
    expect(requiredBits(rules('testnet3'), after, 1301)).toBe(0x1d00ffff);
    expect(requiredBits(rules('mainnet'), { ...after, parentBits: 0x1b00ffff }, 1301)).toBe(0x1b00ffff);
  });

  it('testnet3 retargets from the last block, testnet4 from the first (BIP94)', () => {
    const easyEnd = context({ parentBits: 0x1d00ffff, parentTime: 1_000_000 + WEEK2 });
    expect(requiredBits(rules('testnet3'), easyEnd, 0)).toBe(0x1d00ffff);
    expect(requiredBits(rules('testnet4'), easyEnd, 0)).toBe(0x1b00ffff);
    const late = context({ parentTime: 0, height: 4032, periodStartTime: 0 });
    // No twenty-minute rule at the boundary.
    expect(requiredBits(rules('testnet3'), late, 99_999_999)).not.toBe(0x1d00ffff);
  });

  it('regtest never changes', () => {
    expect(requiredBits(rules('regtest'), context({}), 0)).toBe(0x207fffff);
    expect(requiredBits(rules('regtest'), context({ parentTime: undefined }), 9e9)).toBe(0x207fffff);
  });

  it('asks only for what is known, but still bounds the rest', () => {
    const unknown = context({ periodStartTime: undefined });
    expect(requiredBits(rules('mainnet'), unknown, 0)).toBeUndefined();
    expect(possibleBits(rules('mainnet'), unknown, 0x1b00ffff)).toBe(true);
    expect(possibleBits(rules('mainnet'), unknown, 0x1b03fffc)).toBe(true);
    expect(possibleBits(rules('mainnet'), unknown, 0x1b03fffd)).toBe(false);
    expect(possibleBits(rules('mainnet'), unknown, 0x1a3fffc0)).toBe(true);
    expect(possibleBits(rules('mainnet'), unknown, 0x1a3fffbf)).toBe(false);
    const inside = context({ height: 4031, parentTime: undefined });
    expect(possibleBits(rules('testnet3'), inside, 0x1d00ffff)).toBe(true);
    expect(possibleBits(rules('testnet3'), inside, 0x1b00ffff)).toBe(true);
    expect(possibleBits(rules('testnet3'), inside, 0x1b00fffe)).toBe(false);
  });
});

describe('median time past', () => {
  it('rolls as a sort of the last eleven would', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 }), (times) => {
        const rolling = new RollingMedian(true);
        const late = new RollingMedian(false);
        times.forEach((time, i) => {
          rolling.push(time);
          late.push(time);
          const expected = medianTime(times.slice(Math.max(0, i - 10), i + 1));
          expect(rolling.value).toBe(expected);
          expect(late.value).toBe(i < 10 ? undefined : expected);
        });
      }),
    );
  });
});
