import { expect, it } from 'vitest';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { leaf, prover, samples, verifierOf } from '../testing/kinds.js';

/** What a proof about a block of this chain says of amounts. */
function wordsOn(chain: string): string[] {
  const transaction = verifierOf(ProofKind.ethereumTransaction).verify(prover.prove('tx', 1), leaf, chain);
  const [accountKind, account] = samples.account!;
  const [withdrawalKind, withdrawal] = samples.withdrawal!;
  const summaries = [
    transaction,
    verifierOf(accountKind).verify(account, leaf, chain),
    verifierOf(withdrawalKind).verify(withdrawal, leaf, chain),
  ].map(({ summary }) => summary);
  return summaries.map((summary) => / [0-9.]+ (\D+?)(,| to | of validator|$)/.exec(summary)?.[1] ?? summary);
}

it.each([
  ['ethereum-mainnet', 'ETH', 'ETH'],
  ['ethereum-local', 'ETH', 'ETH'],
  ['gnosis-mainnet', 'xDAI', 'mGNO'],
  ['gnosis-chiado', 'xDAI', 'mGNO'],
  ['my-rollup', 'coins of the chain', 'coins of the chain'],
])('amounts on %s are of its own coin', (chain, coin, staked) => {
  expect(wordsOn(chain)).toEqual([coin, coin, staked]);
});
