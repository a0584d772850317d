import { expect, test } from 'vitest';
import { GovernanceKind } from '../../proofs/containers/calls.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { bitcoinWorld, specRoot, state, view } from '../../test/mainchain/bitcoinWorld.js';
import { governCall, mine, regtestGenesis, SMALL_WINDOW, submitCall } from '../../test/mainchain/foreign.js';
import { readEvidence } from './evidence.js';

test('a fork below the window is refused, and pauses the chain if it outweighs the window', async () => {
  const world = await bitcoinWorld();
  const run = mine(regtestGenesis, 40);
  await world.call(submitCall(specRoot, 0, run));
  const deep = mine(run[9]!, SMALL_WINDOW + 1, 3);
  const before = state(world);
  expect(await world.outcome(submitCall(specRoot, 10, deep.slice(0, -1)))).toBe('fork-below-window');
  const bad = { ...deep[4]!, raw: deep[4]!.raw.slice() };
  bad.raw[79]! ^= 1;
  expect(await world.outcome(submitCall(specRoot, 10, [...deep.slice(0, 4), bad, ...deep.slice(5)]))).toMatch(
    /^header:/,
  );
  expect(state(world)).toEqual(before);
  expect(await world.outcome(submitCall(specRoot, 10, deep))).toBe('applied');
  expect(state(world)).toEqual({ ...before, status: ChainStatus.paused });
  const evidence = readEvidence(view(world), specRoot, 0)!;
  expect(evidence).toMatchObject({ forkHeight: 10, branchCount: deep.length, windowBase: before.windowBase });
  expect(sha256(world.chain.nodes.get(evidence.branchDigest)!)).toEqual(evidence.branchDigest);
  expect(world.chain.nodes.get(evidence.ownDigest)!.length).toBe(SMALL_WINDOW * 80);
  expect(await world.outcome(submitCall(specRoot, 40, mine(run[39]!, 1)))).toBe('chain-paused');
  expect(await world.outcome(governCall(world, { kind: GovernanceKind.resume, specRoot }))).toBe('applied');
  expect(await world.outcome(submitCall(specRoot, 40, mine(run[39]!, 1)))).toBe('applied');
});
