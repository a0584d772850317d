import { describe, expect, it } from 'vitest';
import { bitsAt, timeAt } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { retargetInterval } from '../../adapters/bitcoin/rules/parameters.js';
import { possibleBits, requiredBits } from '../../adapters/bitcoin/rules/retarget.js';
import { workOfBits } from '../../adapters/bitcoin/rules/target.js';
import { fromHex } from '../../proofs/bytes.js';
import { hasData, needsData, readJson } from './folder.js';

interface Milestone {
  readonly height: number;
  readonly header: string;
  readonly chainwork: string;
}

function milestones(file: string) {
  return readJson<readonly Milestone[]>(`btc-headers/${file}`).map(({ height, header, chainwork }) => ({
    height,
    time: timeAt(fromHex(header)),
    bits: bitsAt(fromHex(header)),
    work: BigInt(`0x${chainwork}`),
  }));
}

const mainnet = bitcoinNetwork('bitcoin-mainnet').rules;
const INTERVAL = retargetInterval(mainnet);

describe.skipIf(!hasData)(needsData('every retarget that mainnet made up to height 604,800'), () => {
  it('comes out to the bit, and no other bits would have done', () => {
    const all = milestones('mainnet_epoch_boundaries_0_604800.json');
    const at = new Map(all.map((one) => [one.height, one]));
    const unlike: number[] = [];
    let retargets = 0;
    let lowClamps = 0;
    for (const next of all) {
      const [first, last] = [at.get(next.height - INTERVAL), at.get(next.height - 1)];
      if (next.height % INTERVAL !== 0 || first === undefined || last === undefined) continue;
      const context = {
        height: next.height,
        parentTime: last.time,
        parentBits: last.bits,
        periodStartTime: first.time,
        periodStartBits: first.bits,
      };
      if (requiredBits(mainnet, context, next.time) !== next.bits) unlike.push(next.height);
      // What a checkpoint without its period's start still bounds.
      if (!possibleBits(mainnet, { ...context, periodStartTime: undefined }, next.bits))
        unlike.push(next.height);
      // No network's flags change what mainnet's own blocks ask for, as none of its periods ends easier than it began.
      for (const name of ['testnet3', 'testnet4'])
        expect(requiredBits(bitcoinNetwork(`bitcoin-${name}`).rules, context, next.time)).toBe(next.bits);
      if (last.time - first.time < mainnet.targetTimespan / 4) lowClamps++;
      retargets++;
    }
    expect(unlike).toEqual([]);
    expect([retargets, lowClamps]).toEqual([300, 1]);
  });

  it.each([
    ['mainnet', 'mainnet_epoch_boundaries_0_604800.json'],
    ['signet', 'signet_checkpoints_every2016.json'],
  ])('%s: the work of whole periods adds up to the chain’s', (_, file) => {
    const starts = milestones(file).filter(({ height }) => height % INTERVAL === 0);
    expect(starts.length).toBeGreaterThan(50);
    for (const [i, next] of starts.entries()) {
      const before = starts[i - 1];
      if (before === undefined || next.height - before.height !== INTERVAL) continue;
      const between = BigInt(INTERVAL - 1) * workOfBits(before.bits) + workOfBits(next.bits);
      expect(next.work - before.work, `height ${next.height}`).toBe(between);
    }
  });
});
