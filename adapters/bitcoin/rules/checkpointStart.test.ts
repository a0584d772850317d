import { beforeAll, describe, expect, it } from 'vitest';
import { ZERO32 } from '../../../proofs/bytes.js';
import { HeaderRuleError } from '../../errors.js';
import type { ForeignHeader } from '../../types.js';
import { mine } from '../testing/samples.js';
import { bitsAt, foreignHeader } from './header.js';
import { medianTime } from './medianTime.js';
import { addNetwork, bitcoinNetwork } from './networks.js';
import { NetworkParametersType, periodStartHeight } from './parameters.js';
import { requiredBits } from './retarget.js';
import { validateHeader } from './validate.js';
import { HeaderChainValidator } from './validator.js';

/** A network that retargets every four seconds' worth of blocks, at work that a test can do. */
const rules = {
  ...bitcoinNetwork('bitcoin-mainnet').rules,
  powLimitBits: 0x200fffff,
  targetSpacing: 1,
  targetTimespan: 4,
  bip34Height: 1,
  bip66Height: 1,
  bip65Height: 1,
};
const INTERVAL = 4;
const LENGTH = 28;
const NOW = 1_000_000;
const NAME = 'bitcoin-of-four-blocks';
const chain: ForeignHeader[] = [];
const block = (height: number): ForeignHeader => chain[height]!;

function bitsFor(height: number): number {
  const [parent, start] = [block(height - 1), block(periodStartHeight(rules, height - 1))];
  const context = {
    height,
    parentTime: parent.time,
    parentBits: bitsAt(parent.raw),
    periodStartTime: start.time,
    periodStartBits: bitsAt(start.raw),
  };
  return requiredBits(rules, context, 0) ?? 0;
}

beforeAll(() => {
  for (let height = 0; height < LENGTH; height++) {
    const parentHash = height === 0 ? ZERO32 : block(height - 1).hash;
    const bits = height === 0 ? rules.powLimitBits : bitsFor(height);
    const time =
      1000 + height * 2 - (height % 2) * 3 - (height % 3 === 0 ? 1 : 0) + 5 * Math.floor(height / 9);
    const before = chain.slice(-11).map((one) => one.time);
    const late = height === 0 ? time : Math.max(time, medianTime(before) + 1);
    chain.push(foreignHeader(mine({ parentHash, time: late, bits }), height));
  }
  const network = { ...bitcoinNetwork('bitcoin-regtest'), name: NAME, rules };
  const [genesis] = chain;
  if (genesis === undefined) throw new Error('no genesis');
  const parameters = NetworkParametersType.serialize(rules);
  addNetwork({ ...network, parameters, genesisHash: genesis.hash, genesisHeader: genesis.raw });
});

function checkpointAt(height: number, withStart: boolean) {
  const start = block(periodStartHeight(rules, height));
  return {
    height,
    hash: block(height).hash,
    work: 1n,
    periodStartTime: withStart ? start.time : 0,
    periodStartBits: withStart ? bitsAt(start.raw) : 0,
  };
}

function outcome(check: () => void): string {
  try {
    check();
    return 'valid';
  } catch (error) {
    if (!(error instanceof HeaderRuleError)) throw error;
    return error.rule;
  }
}

/** The whole run from a checkpoint to `height`, with `last` there. */
function byRun(from: number, own: boolean, withStart: boolean, last: ForeignHeader): string {
  const checkpoint = checkpointAt(from, withStart);
  const validator = new HeaderChainValidator(bitcoinNetwork(NAME), { kind: 'checkpoint', checkpoint });
  for (let at = own ? from : from + 1; at < last.height; at++) validator.push(block(at).raw, 0, NOW);
  return outcome(() => validator.push(last.raw, 0, NOW));
}

function byMainChain(from: number, withStart: boolean, last: ForeignHeader): string {
  const header = (height: number) => (height >= from && height < last.height ? chain[height] : undefined);
  const ancestors = { checkpoint: checkpointAt(from, withStart), header };
  return outcome(() => validateHeader(NAME, last, ancestors, NOW));
}

const offsets = Array.from({ length: INTERVAL * 2 }, (_, i) => 5 + i);

describe('from a checkpoint at every offset of a period', () => {
  it.each(offsets)('%i: good headers pass; both ways agree where the period is known', (from) => {
    for (const own of [true, false])
      for (const withStart of [true, false])
        for (let height = from + 1; height < LENGTH; height++)
          expect(byRun(from, own, withStart, block(height))).toBe('valid');
    for (let height = from + 1; height < LENGTH; height++)
      expect(byMainChain(from, true, block(height)), `height ${height}`).toBe('valid');
  });

  it.each(offsets)('%i: wrong bits at each later height are refused as soon as they can be told', (from) => {
    for (let height = from + 1; height < from + 10; height++) {
      const parent = block(height - 1);
      // Half a step harder: within the clamps of a retarget.
      const wrong = mine({ parentHash: parent.hash, time: parent.time + 20, bits: bitsFor(height) - 1 });
      const last = foreignHeader(wrong, height);
      const boundary = height % INTERVAL === 0;
      const startSeen = periodStartHeight(rules, height - 1) >= from;
      expect(byRun(from, true, true, last)).toBe('bad-diffbits');
      expect(byMainChain(from, true, last)).toBe('bad-diffbits');
      expect(byRun(from, true, false, last)).toBe(boundary && !startSeen ? 'valid' : 'bad-diffbits');
    }
  });

  it.each(offsets)('%i: the median counts from the eleventh header on', (from) => {
    for (let height = from + 9; height < from + 13; height++) {
      const parent = block(height - 1);
      const old = medianTime(chain.slice(height - 11, height).map((one) => one.time));
      const last = foreignHeader(mine({ parentHash: parent.hash, time: old, bits: bitsFor(height) }), height);
      const known = height - from >= 11;
      expect(byRun(from, true, true, last), `height ${height}`).toBe(known ? 'time-too-old' : 'valid');
      expect(byMainChain(from, true, last)).toBe(known ? 'time-too-old' : 'valid');
    }
  });
});
