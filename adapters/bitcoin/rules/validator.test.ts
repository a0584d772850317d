import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { concatBytes } from '../../../proofs/bytes.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import { useFastHasher } from '../../../proofs/hash/fast.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { HeaderRuleError } from '../../errors.js';
import { mine, mineAfter } from '../testing/samples.js';
import { foreignHeader } from './header.js';
import { medianTime, RollingMedian } from './medianTime.js';
import { addNetwork, bitcoinNetwork } from './networks.js';
import { NetworkParametersType } from './parameters.js';
import { HeaderChainValidator, type RunStart } from './validator.js';

const network = bitcoinNetwork('bitcoin-regtest');
const genesis = foreignHeader(network.genesisHeader, 0);
const chain = [genesis];
for (let i = 1; i < 2500; i++) chain.push(mineAfter(chain[i - 1] ?? genesis));
const bytes = concatBytes(...chain.map((header) => header.raw));
const NOW = 0xffffffff;

beforeAll(useFastHasher);

/** How far a run gets, and what ends it. */
function outcome(start: RunStart, push: (validator: HeaderChainValidator) => void): unknown {
  const validator = new HeaderChainValidator(network, start);
  let error: unknown;
  try {
    push(validator);
  } catch (thrown) {
    if (!(thrown instanceof CrossrootError)) throw thrown;
    error = thrown.message;
  }
  const { count, height, work, tipHash, medianTime: median, periodStartTime, periodStartBits } = validator;
  return { count, height, work, tipHash, median, periodStartTime, periodStartBits, error };
}

function bothWays(run: Uint8Array, start: RunStart = { kind: 'genesis' }): unknown {
  const single = outcome(start, (validator) => {
    for (let at = 0; at < run.length; at += 80) validator.push(run, at, NOW);
  });
  expect(outcome(start, (validator) => validator.pushMany(run, NOW))).toEqual(single);
  return single;
}

it('takes a run at once as it takes its headers one by one', () => {
  expect(bothWays(bytes)).toMatchObject({ count: 2500, error: undefined });
  expect(bothWays(bytes.subarray(80 * 7), { kind: 'trusted', height: 7 })).toMatchObject({ height: 2500 });
  expect(bothWays(new Uint8Array(0))).toMatchObject({ count: 0 });
});

it('stops at the same header for the same reason, and keeps those before', () => {
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bad = bytes.slice();
      bad[at] = (bad[at] ?? 0) ^ flip;
      const { count } = bothWays(bad) as { count: number };
      // A changed header may still have proof of work on this network: then the next one does not link to it.
      const changed = Math.floor(at / 80);
      expect(count === changed || count === changed + 1).toBe(true);
    }),
    { numRuns: 60 },
  );
});

it('goes on after a refused header as if it had not been pushed', () => {
  const validator = new HeaderChainValidator(network, { kind: 'genesis' });
  const wrong = concatBytes(bytes.subarray(0, 800), new Uint8Array(80));
  expect(() => validator.pushMany(wrong, NOW)).toThrow('high-hash');
  validator.pushMany(bytes.subarray(800), NOW);
  expect(validator.count).toBe(2500);
});

it('goes on as if nothing was pushed after a refused first header, too', () => {
  const checkpoint = { height: 0, hash: genesis.hash, work: 2n, periodStartTime: 0, periodStartBits: 0 };
  const push = (validator: HeaderChainValidator, time: number, parentHash: Uint8Array) => {
    const raw = mine({ parentHash, time });
    validator.push(raw, 0, NOW);
    return sha256d(raw);
  };
  const validator = new HeaderChainValidator(network, { kind: 'checkpoint', checkpoint });
  expect(() => push(validator, genesis.time, genesis.hash)).toThrow('time-too-old');
  validator.push(genesis.raw, 0, NOW);
  const first = push(validator, genesis.time + 100, genesis.hash);
  // The median of two is the later one; the genesis block's time counts once.
  expect(() => push(validator, genesis.time + 50, first)).toThrow('time-too-old');
});

it('learns a period’s bits in its midst from the first block that tells them', () => {
  const rules = { ...network.rules, retargets: true, targetTimespan: 14 * 86_400 };
  const name = 'bitcoin-of-easy-blocks';
  addNetwork({ ...network, name, rules, parameters: NetworkParametersType.serialize(rules) });
  const follow = (blocks: readonly (readonly [seconds: number, bits: number])[]): string => {
    const validator = new HeaderChainValidator(bitcoinNetwork(name), { kind: 'trusted', height: 100 });
    let [parentHash, time] = [genesis.hash, 1_700_000_000];
    try {
      for (const [seconds, bits] of blocks) {
        time += seconds;
        const raw = mine({ parentHash, time, bits });
        validator.push(raw, 0, NOW);
        parentHash = sha256d(raw);
      }
      return 'ok';
    } catch (error) {
      return error instanceof HeaderRuleError ? `${error.rule} ${error.height}` : String(error);
    }
  };
  const [easy, hard, other] = [0x207fffff, 0x200fffff, 0x2000ffff];
  // A late block may be easy whatever its period is; one in time says that its period is.
  expect(
    follow([
      [0, easy],
      [1201, easy],
      [600, hard],
    ]),
  ).toBe('ok');
  expect(
    follow([
      [0, easy],
      [1200, easy],
      [600, hard],
    ]),
  ).toBe('bad-diffbits 102');
  expect(
    follow([
      [0, easy],
      [1200, easy],
      [1201, easy],
      [600, easy],
    ]),
  ).toBe('ok');
  expect(
    follow([
      [0, hard],
      [600, other],
    ]),
  ).toBe('bad-diffbits 101');
  expect(
    follow([
      [0, hard],
      [1201, easy],
      [1201, easy],
      [600, easy],
    ]),
  ).toBe('bad-diffbits 103');
  expect(
    follow([
      [0, hard],
      [1201, easy],
      [1201, easy],
      [600, hard],
    ]),
  ).toBe('ok');
});

it('refuses leftover bytes before it takes any header', () => {
  const validator = new HeaderChainValidator(network, { kind: 'genesis' });
  expect(() => validator.pushMany(bytes.subarray(0, 170), NOW)).toThrow('10 bytes');
  expect(validator.count).toBe(0);
});

it('has the median of the last eleven times, whatever their order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffffffff), { maxLength: 60 }), fc.boolean(), (times, fromGenesis) => {
      const rolling = new RollingMedian(fromGenesis);
      for (const [i, time] of times.entries()) {
        rolling.push(time);
        const known = times.slice(Math.max(0, i - 10), i + 1);
        expect(rolling.value).toBe(known.length < 11 && !fromGenesis ? undefined : medianTime(known));
      }
    }),
  );
});
