import { describe, expect, it } from 'vitest';
import { type HeaderParts, sampleHeader } from '../../../test/fixtures/ethereum/headers.js';
import { HeaderRuleError, HeaderTooEarlyError, UnknownNetworkError } from '../../errors.js';
import type { Ancestors, ForeignHeader } from '../../types.js';
import { ethereumKind } from '../kind.js';
import { integerBytes } from '../rlp/read.js';
import { nextBaseFee } from './baseFee.js';
import { decodeEthereumHeader } from './header.js';
import { ethereumNetworks, headerFieldsAt } from './networks.js';

/** After Prague on every network. */
const PRAGUE = 1_760_000_000;
const PUBLIC = [
  'ethereum-mainnet',
  'ethereum-sepolia',
  'ethereum-hoodi',
  'ethereum-holesky',
  'gnosis-mainnet',
  'gnosis-chiado',
];
const PARENT = sampleHeader(100, PRAGUE);
const NOW = PRAGUE + 12;

function above(parent: ForeignHeader, checkpointHeight = parent.height - 5): Ancestors {
  return {
    checkpoint: {
      height: checkpointHeight,
      hash: parent.hash,
      work: 0n,
      periodStartTime: 0,
      periodStartBits: 0,
    },
    header: (height) => (height === parent.height ? parent : undefined),
  };
}

function child(changes: Partial<HeaderParts> = {}, parent = PARENT, seconds = 12, fields?: number) {
  const link = { parentHash: parent.hash };
  return sampleHeader(parent.height + 1, parent.time + seconds, { ...link, ...changes }, fields);
}

function ruleOf(network: string, header: ForeignHeader, ancestors = above(PARENT), now = NOW) {
  try {
    ethereumKind.validate(network, header, ancestors, now);
    return 'valid';
  } catch (error) {
    if (error instanceof HeaderRuleError) return error.rule;
    throw error;
  }
}

describe.each([...PUBLIC, 'ethereum-local'])('on %s', (network) => {
  it('a child of its parent is valid', () => {
    expect(ruleOf(network, child())).toBe('valid');
  });

  it.each<[rule: string, changes: Partial<HeaderParts>]>([
    ['unknown-ancestor', { parentHash: new Uint8Array(32).fill(1) }],
    ['invalid-gas-used', { gasUsed: integerBytes(30_000_001) }],
    ['invalid-gas-limit', { gasLimit: integerBytes(2n ** 63n) }],
  ])('%s', (rule, changes) => {
    expect(ruleOf(network, child(changes))).toBe(rule);
  });

  it('older-block-time', () => {
    expect(ruleOf(network, child({}, PARENT, -1))).toBe('older-block-time');
  });

  it('unknown fields are refused by their number', () => {
    // Amsterdam is not in every network's schedule.
    const rule = ruleOf(network, child({}, PARENT, 12, 23));
    expect(rule).toBe(network === 'ethereum-local' ? 'valid' : 'invalid-header-fields');
  });

  it('invalid-header-fields where a fork is undone', () => {
    expect(ruleOf(network, child({}, PARENT, 12, 20))).toBe('invalid-header-fields');
  });

  it('refuses a header whose parent it cannot see, but for the one above the checkpoint', () => {
    const orphan = child({}, sampleHeader(200, PRAGUE));
    expect(ruleOf(network, orphan)).toBe('unknown-ancestor');
    const bare: Ancestors = { ...above(PARENT, PARENT.height), header: () => undefined };
    expect(ruleOf(network, child(), bare)).toBe('valid');
    const other = child({ parentHash: new Uint8Array(32) });
    expect(ruleOf(network, other, bare)).toBe('unknown-ancestor');
    expect(ruleOf(network, PARENT, bare)).toBe('unknown-ancestor');
  });
});

describe.each(PUBLIC)('on %s, a public network', (network) => {
  it.each<[rule: string, changes: Partial<HeaderParts>]>([
    ['invalid-extra-data', { extraData: new Uint8Array(33) }],
    ['invalid-nonce', { nonce: new Uint8Array(8).fill(1) }],
    ['invalid-uncle-hash', { ommersHash: new Uint8Array(32) }],
    ['invalid-difficulty', { difficulty: integerBytes(1) }],
    ['invalid-base-fee', { baseFeePerGas: integerBytes(1_000_000_001) }],
    ['invalid-gas-limit', { gasLimit: integerBytes(30_000_000 + 29_296) }],
    ['invalid-gas-limit', { gasLimit: integerBytes(30_000_000 - 29_296) }],
  ])('%s', (rule, changes) => {
    expect(ruleOf(network, child(changes))).toBe(rule);
    expect(ruleOf('ethereum-local', child(changes))).toBe('valid');
  });

  it('takes the largest steps of the gas limit', () => {
    for (const step of [29_295, -29_295])
      expect(ruleOf(network, child({ gasLimit: integerBytes(30_000_000 + step) }))).toBe('valid');
  });

  it('a time more than 15 s ahead is too early, not invalid', () => {
    const header = child();
    expect(ruleOf(network, header, above(PARENT), header.time - 15)).toBe('valid');
    expect(() => ethereumKind.validate(network, header, above(PARENT), header.time - 16)).toThrow(
      HeaderTooEarlyError,
    );
    expect(ruleOf('ethereum-local', header, above(PARENT), 0)).toBe('valid');
  });

  it('refuses the fields of another fork', () => {
    const { forks } = ethereumNetworks.find(({ name }) => name === network)!;
    for (const [i, fork] of forks.entries()) {
      if (!('time' in fork.from)) continue;
      const { fields } = forks[i - 1]!;
      const parent = sampleHeader(20_000_000, fork.from.time - 24, {}, fields);
      const rule = (seconds: number, count: number) =>
        ruleOf(network, child({}, parent, seconds, count), above(parent), parent.time + 24);
      expect(rule(23, fields)).toBe('valid');
      expect(rule(23, fork.fields)).toBe('invalid-header-fields');
      expect(rule(24, fork.fields)).toBe('valid');
      expect(rule(24, fields)).toBe('invalid-header-fields');
    }
  });
});

describe('on a local network', () => {
  it('blocks may share a time', () => {
    expect(ruleOf('ethereum-local', child({}, PARENT, 0))).toBe('valid');
    expect(ruleOf('ethereum-mainnet', child({}, PARENT, 0))).toBe('older-block-time');
  });
});

it('an unknown network is refused', () => {
  expect(() => ethereumKind.validate('ethereum-nowhere', child(), above(PARENT), NOW)).toThrow(
    UnknownNetworkError,
  );
});

it('London begins on mainnet by height, with the first base fee and twice the gas limit', () => {
  const mainnet = ethereumNetworks[0]!;
  expect(headerFieldsAt(mainnet, 12_964_999, 1_628_000_000)).toBe(15);
  expect(headerFieldsAt(mainnet, 12_965_000, 1_628_000_000)).toBe(16);
  expect(headerFieldsAt(ethereumNetworks.at(-1)!, 1, 1)).toBeUndefined();
  const pow = { difficulty: integerBytes(7), gasLimit: integerBytes(15_000_000) };
  const parent = sampleHeader(12_964_999, 1_628_000_000, pow, 15);
  const first = { difficulty: integerBytes(7) };
  const rule = (changes: Partial<HeaderParts>) =>
    ruleOf('ethereum-mainnet', child({ ...first, ...changes }, parent, 12, 16), above(parent));
  expect(rule({})).toBe('valid');
  expect(rule({ baseFeePerGas: integerBytes(1) })).toBe('invalid-base-fee');
  expect(rule({ gasLimit: integerBytes(15_000_000) })).toBe('invalid-gas-limit');
});

it('the base fee moves by at most an eighth, and by one wei at least when blocks are full', () => {
  const after = (baseFee: number, gasUsed: number) =>
    nextBaseFee(
      decodeEthereumHeader(
        sampleHeader(1, 1, { baseFeePerGas: integerBytes(baseFee), gasUsed: integerBytes(gasUsed) }).raw,
      ),
    );
  expect(after(1000, 15_000_000)).toBe(1000n);
  expect(after(1000, 30_000_000)).toBe(1125n);
  expect(after(1000, 0)).toBe(875n);
  expect(after(1, 15_000_001)).toBe(2n);
  expect(after(0, 0)).toBe(0n);
});
