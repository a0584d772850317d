import { describe, expect, it } from 'vitest';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { HeaderRuleError } from '../../errors.js';
import type { Ancestors, ForeignHeader } from '../../types.js';
import { mine, mineAfter } from '../testing/samples.js';
import { checkHeader, type HeaderContext } from './checks.js';
import { encodeHeader, foreignHeader, type HeaderParts } from './header.js';
import { bitcoinNetwork } from './networks.js';
import { validateHeader } from './validate.js';
import { HeaderChainValidator } from './validator.js';
import { verifyHeaderRun } from './verifyRun.js';

const PARENT = sha256d(Uint8Array.of(1));
const NOW = 3_000_000;
/** A hash that meets any target, so that other rules can be looked at alone. */
const EASY_HASH = new Uint8Array(32);
const context: HeaderContext = {
  height: 600_001,
  parentHash: PARENT,
  parentTime: 1_000_000,
  parentBits: 0x1b00ffff,
  periodStartTime: 900_000,
  periodStartBits: 0x1b00ffff,
  medianTime: 999_000,
};
const good: HeaderParts = {
  version: 4,
  parentHash: PARENT,
  merkleRoot: new Uint8Array(32),
  time: 1_000_500,
  bits: 0x1b00ffff,
  nonce: 0,
};

function ruleOf(
  name: string,
  change: Partial<HeaderParts>,
  over: Partial<HeaderContext> = {},
  hash = EASY_HASH,
) {
  const { rules } = bitcoinNetwork(`bitcoin-${name}`);
  try {
    checkHeader(rules, { ...context, ...over }, encodeHeader({ ...good, ...change }), 0, hash, NOW);
    return 'ok';
  } catch (error) {
    if (!(error instanceof HeaderRuleError)) throw error;
    return error.retryable ? `${error.rule}, retry` : error.rule;
  }
}

describe('each rule, broken once', () => {
  it('accepts the header that the others are changed from', () => {
    expect(ruleOf('mainnet', {})).toBe('ok');
  });

  it('high-hash: hash above the target, target negative, zero, too wide, too easy', () => {
    expect(ruleOf('mainnet', {}, {}, new Uint8Array(32).fill(0xff))).toBe('high-hash');
    for (const bits of [0x1b80ffff, 0, 0x01000001, 0xff00ffff, 0x1d010000, 0x207fffff]) {
      expect(ruleOf('mainnet', { bits })).toBe('high-hash');
    }
    expect(ruleOf('regtest', { bits: 0x20800000 })).toBe('high-hash');
  });

  it('bad-prevblk', () => {
    expect(ruleOf('mainnet', { parentHash: EASY_HASH })).toBe('bad-prevblk');
  });

  it('bad-diffbits: inside a period, at its end, without inputs', () => {
    expect(ruleOf('mainnet', { bits: 0x1b00fffe })).toBe('bad-diffbits');
    const end = { height: 2016 * 300, parentTime: 900_000 + 1_209_600, medianTime: undefined };
    expect(ruleOf('mainnet', {}, end)).toBe('ok');
    expect(ruleOf('mainnet', {}, { ...end, parentTime: 900_000 + 604_800 })).toBe('bad-diffbits');
    expect(ruleOf('mainnet', {}, { ...end, periodStartTime: undefined })).toBe('ok');
    expect(ruleOf('mainnet', { bits: 0x1c00ffff }, { ...end, periodStartTime: undefined })).toBe(
      'bad-diffbits',
    );
    // An easy block on testnet3 needs more than twenty minutes.
    expect(ruleOf('testnet3', { bits: 0x1d00ffff, time: 1_001_200 })).toBe('bad-diffbits');
    expect(ruleOf('testnet3', { bits: 0x1d00ffff, time: 1_001_201 })).toBe('ok');
    expect(ruleOf('testnet3', { time: 1_001_201 })).toBe('bad-diffbits');
    // An easy block is not what the next one has to follow.
    expect(ruleOf('testnet3', {}, { parentBits: 0x1d00ffff })).toBe('ok');
    expect(ruleOf('regtest', {})).toBe('bad-diffbits');
  });

  it('time-too-old: must be after the median', () => {
    expect(ruleOf('mainnet', { time: 999_001 })).toBe('ok');
    expect(ruleOf('mainnet', { time: 999_000 })).toBe('time-too-old');
    expect(ruleOf('mainnet', { time: 1 }, { medianTime: undefined })).toBe('ok');
  });

  it('time-timewarp-attack: testnet4 only, first block of a period only', () => {
    const end = { height: 2016 * 300, parentTime: 900_000 + 1_209_600, medianTime: undefined };
    const border = end.parentTime - 600;
    expect(ruleOf('testnet4', { time: border }, end)).toBe('ok');
    expect(ruleOf('testnet4', { time: border - 1 }, end)).toBe('time-timewarp-attack');
    expect(ruleOf('testnet4', { time: 999_500 })).toBe('ok');
    expect(ruleOf('testnet3', { time: border - 1 }, end)).toBe('ok');
    expect(ruleOf('mainnet', { time: border - 1 }, end)).toBe('ok');
  });

  it('time-too-new: more than two hours ahead, may become valid', () => {
    expect(ruleOf('mainnet', { time: NOW + 7200 })).toBe('ok');
    expect(ruleOf('mainnet', { time: NOW + 7201 })).toBe('time-too-new, retry');
  });

  it('bad-version: by height, signed', () => {
    const at = (height: number, version: number) => ruleOf('mainnet', { version }, { height });
    expect([at(227_930, 1), at(227_931, 1), at(227_931, 2)]).toEqual(['ok', 'bad-version', 'ok']);
    expect([at(363_724, 2), at(363_725, 2), at(363_725, 3)]).toEqual(['ok', 'bad-version', 'ok']);
    expect([at(388_380, 3), at(388_381, 3), at(388_381, 4)]).toEqual(['ok', 'bad-version', 'ok']);
    expect([at(600_001, -1), at(600_001, 0x20000000), at(1, -1)]).toEqual(['bad-version', 'ok', 'ok']);
  });
});

describe('regtest chains', () => {
  const network = bitcoinNetwork('bitcoin-regtest');
  const chain = [foreignHeader(network.genesisHeader, 0)];
  for (let i = 0; i < 30; i++) chain.push(mineAfter(chain.at(-1)!));
  const later = chain.at(-1)!.time;
  const raw = (from: number, to = chain.length) => chain.slice(from, to).map((header) => header.raw);
  const run = (chunks: Uint8Array[], start: Parameters<typeof verifyHeaderRun>[2] = { kind: 'genesis' }) =>
    verifyHeaderRun('bitcoin-regtest', chunks, start, later);
  const checkpoint = { height: 12, hash: chain[12]!.hash, work: 26n, periodStartTime: 0, periodStartBits: 0 };

  it('counts work from genesis, from a checkpoint and from a trusted header', async () => {
    const tip = { tipHeight: 30, tipHash: expect.stringMatching(/^[0-9a-f]{64}$/) };
    const work = (value: number) => value.toString(16).padStart(64, '0');
    expect(await run(raw(0))).toEqual({ count: 31, startHeight: 0, chainWork: work(62), ...tip });
    const from = { kind: 'checkpoint', checkpoint } as const;
    expect(await run(raw(12), from)).toEqual({ count: 19, startHeight: 12, chainWork: work(62), ...tip });
    expect(await run(raw(13), from)).toEqual({ count: 18, startHeight: 13, chainWork: work(62), ...tip });
    const trusted = { kind: 'trusted', height: 13 } as const;
    expect(await run(raw(13), trusted)).toEqual({ count: 18, startHeight: 13, chainWork: work(36), ...tip });
    const fromGenesis = { ...checkpoint, height: 0, hash: chain[0]!.hash, work: 2n };
    const start = { kind: 'checkpoint', checkpoint: fromGenesis } as const;
    expect((await run(raw(0), start)).chainWork).toBe(work(62));
    expect((await run(raw(1), start)).chainWork).toBe(work(62));
  });

  it('refuses a wrong beginning, a gap, leftovers and nothing at all', async () => {
    await expect(run(raw(1))).rejects.toMatchObject({ rule: 'bad-genesis', height: 0 });
    await expect(run(raw(0), { kind: 'checkpoint', checkpoint })).rejects.toMatchObject({
      rule: 'bad-prevblk',
      height: 13,
    });
    await expect(run([...raw(0, 5), ...raw(6)])).rejects.toMatchObject({ rule: 'bad-prevblk', height: 5 });
    await expect(run([...raw(0), new Uint8Array(7)])).rejects.toThrow(/end with 7 bytes .* after 31 headers/);
    await expect(run([])).rejects.toThrow(/are empty/);
    await expect(
      verifyHeaderRun('bitcoin-mainnet', raw(0), { kind: 'genesis' }, later),
    ).rejects.toMatchObject({
      rule: 'bad-genesis',
    });
  });

  it('random access and sequence give the same verdicts', () => {
    const ancestors: Ancestors = {
      checkpoint: { ...checkpoint, height: 0, hash: chain[0]!.hash },
      header: (height) => (height === 0 ? undefined : chain[height]),
    };
    const parent = chain[20]!;
    const variants: [string, Partial<HeaderParts>][] = [
      ['ok', {}],
      ['bad-prevblk', { parentHash: chain[3]!.hash }],
      ['time-too-old', { time: chain[15]!.time }],
      ['time-too-new', { time: later + 7201 }],
      ['bad-version', { version: 3 }],
    ];
    for (const [expected, change] of variants) {
      const header = foreignHeader(mine({ parentHash: parent.hash, time: parent.time + 1, ...change }), 21);
      const random = verdict(() => validateHeader('bitcoin-regtest', header, ancestors, later));
      const validator = new HeaderChainValidator(network, { kind: 'genesis' });
      for (const one of raw(0, 21)) validator.push(one, 0, later);
      expect([random, verdict(() => validator.push(header.raw, 0, later))]).toEqual([expected, expected]);
      // What was refused changed nothing.
      if (expected !== 'ok') validator.push(chain[21]!.raw, 0, later);
    }
  });

  it('random access refuses what it cannot check', () => {
    const none: Ancestors = { checkpoint, header: () => undefined };
    const check = (name: string, header: ForeignHeader, ancestors: Ancestors) =>
      verdict(() => validateHeader(name, header, ancestors, later));
    expect(check('bitcoin-regtest', chain[13]!, none)).toBe('ok');
    expect(check('bitcoin-regtest', chain[14]!, none)).toBe('bad-prevblk');
    expect(check('bitcoin-regtest', chain[12]!, none)).toBe('bad-prevblk');
    expect(check('bitcoin-mainnet', chain[13]!, none)).toBe('bad-diffbits');
    // Inside a period the parent alone is enough; without it, nothing says which bits are due.
    const mainnet = foreignHeader(bitcoinNetwork('bitcoin-mainnet').genesisHeader, 12);
    const parentOnly: Ancestors = { checkpoint, header: (height) => (height === 12 ? mainnet : undefined) };
    const next = foreignHeader(encodeHeader({ ...good, bits: 0x1d00ffff, parentHash: mainnet.hash }), 13);
    expect(check('bitcoin-mainnet', next, parentOnly)).toBe('high-hash');
    expect(() => check('bitcoin-nowhere', chain[13]!, none)).toThrow(/unknown chain/);
  });

  it('random access accuses no header where an ancestor is missing, and lets none pass', () => {
    // The median of the last eleven is later than that of those above a gap.
    const old = foreignHeader(mine({ parentHash: chain[29]!.hash, time: chain[22]!.time }), 30);
    const from = (lowest: number): Ancestors => ({
      checkpoint,
      header: (height) => (height >= lowest && height < 30 ? chain[height] : undefined),
    });
    const outcome = (header: ForeignHeader, lowest: number): string => {
      try {
        validateHeader('bitcoin-regtest', header, from(lowest), later);
        return 'ok';
      } catch (error) {
        if (!(error instanceof HeaderRuleError)) throw error;
        return `${error.name} ${error.rule}`;
      }
    };
    expect(outcome(old, 19)).toBe('HeaderRuleError time-too-old');
    expect(outcome(chain[30]!, 19)).toBe('ok');
    for (const header of [old, chain[30]!])
      for (let lowest = 20; lowest < 30; lowest++)
        expect(outcome(header, lowest)).toBe('UnknownAncestorError time-too-old');
  });
});

function verdict(check: () => void): string {
  try {
    check();
    return 'ok';
  } catch (error) {
    if (!(error instanceof HeaderRuleError)) throw error;
    return error.rule;
  }
}
