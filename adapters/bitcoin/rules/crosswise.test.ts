import { describe, expect, it } from 'vitest';
import { HeaderRuleError } from '../../errors.js';
import { mineAfter } from '../testing/samples.js';
import { foreignHeader } from './header.js';
import { bitcoinNetwork } from './networks.js';
import { validateHeader } from './validate.js';
import { HeaderChainValidator, type RunStart } from './validator.js';

const NOW = 2_000_000_000;
const networks = ['mainnet', 'testnet3', 'testnet4', 'signet', 'regtest'].map((id) => `bitcoin-${id}`);
const pairs = networks.flatMap((one) =>
  networks.filter((two) => two !== one).map((two) => [one, two] as const),
);

function ruleOf(check: () => void): string {
  try {
    check();
    return 'valid';
  } catch (error) {
    if (!(error instanceof HeaderRuleError)) throw error;
    return error.rule;
  }
}

describe('networks crosswise, without data', () => {
  const push = (name: string, start: RunStart, raw: Uint8Array) =>
    ruleOf(() => new HeaderChainValidator(bitcoinNetwork(name), start).push(raw, 0, NOW));

  it.each(pairs)('%s begins no run of %s', (one, other) => {
    expect(push(other, { kind: 'genesis' }, bitcoinNetwork(one).genesisHeader)).toBe('bad-genesis');
  });

  it.each(networks.slice(0, 4))('mined regtest headers are refused by %s, from a checkpoint too', (name) => {
    const first = mineAfter(foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0));
    const second = mineAfter(first);
    expect(push(name, { kind: 'trusted', height: 700_000 }, first.raw)).toBe('high-hash');
    const checkpoint = {
      height: 1,
      hash: first.hash,
      work: 4n,
      periodStartTime: first.time,
      periodStartBits: 0x207fffff,
    };
    expect(push(name, { kind: 'checkpoint', checkpoint }, second.raw)).toBe('high-hash');
    const ancestors = { checkpoint, header: (height: number) => (height === 1 ? first : undefined) };
    expect(ruleOf(() => validateHeader(name, second, ancestors, NOW))).toBe('high-hash');
    expect(ruleOf(() => validateHeader('bitcoin-regtest', second, ancestors, NOW))).toBe('valid');
  });
});
