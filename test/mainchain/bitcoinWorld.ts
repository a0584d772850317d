import { expect } from 'vitest';
import { type Policy, PolicyKind } from '../../proofs/containers/calls.js';
import { registerCall, regtestGenesis, regtestSpec, smallBitcoin, specRootOf } from './foreign.js';
import { chainState } from './queries.js';
import { World } from './world.js';

/** `bitcoin-regtest` as the worlds of `bitcoinWorld` have it. */
export const spec = regtestSpec();
export const specRoot = specRootOf(spec);
export const NAME = 'bitcoin-regtest';

/** A main chain on which `bitcoin-regtest` is registered, by default with a small window. */
export async function bitcoinWorld(
  policy: Policy = { kind: PolicyKind.confirmations, value: 2 },
  kind = smallBitcoin,
): Promise<World> {
  const world = await World.create({ kinds: [kind] });
  expect(await world.outcome(registerCall(world, spec, policy, regtestGenesis.raw))).toBe('applied');
  return world;
}

/** State after a world's last block. */
export const view = (world: World) => world.chain.stateAt(world.chain.head.root);

/** What that state has of `bitcoin-regtest`. */
export const state = (world: World) => chainState(view(world), NAME)!;
