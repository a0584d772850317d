import { expect, test } from 'vitest';
import { blstBls } from '../mainchain/crypto/blst.js';
import { trustFromGenesis } from '../proofs/verify/trust.js';
import { verifyProof } from '../proofs/verify/verify.js';
import { bitcoinFixture, registryContext } from '../test/fixtures/bitcoinProof.js';
import { describeVerdict } from './describe.js';

test('a block is told with its time, also with one that no date has', () => {
  const { proof, genesis } = bitcoinFixture({ size: 20, height: 10 });
  const verdict = verifyProof(proof, { ...registryContext, bls: blstBls, trust: trustFromGenesis(genesis) });
  if (!('blockTime' in verdict)) throw new Error('a verdict without a block');
  const told = (blockTime: number) => describeVerdict({ ...verdict, blockTime }).join('\n');
  expect(told(1_700_000_000)).toContain('height 10, 2023-11-14T22:13:20.000Z');
  expect(told(8_640_000_000_000)).toContain('+275760-09-13T00:00:00.000Z');
  expect(told(8_640_000_000_001)).toContain('height 10, 8640000000001 s after 1970');
  expect(told(2 ** 53 - 1)).toContain('9007199254740991 s after 1970');
});
