import { beforeAll, describe, expect, it } from 'vitest';
import { wireTypes } from '../../adapters/ethereum/consensus/types.js';
import { CapellaBodyType, DenebBodyType, ElectraBodyType } from '../../devnet/beacon/containers/block.js';
import {
  CapellaStateType,
  DenebStateType,
  ElectraStateType,
  FuluStateType,
} from '../../devnet/beacon/containers/state.js';
import { expectSameType } from './peer.js';

// Lodestar's types take their preset from the environment, once, when they are loaded.
let ssz: typeof import('@lodestar/types').ssz;
beforeAll(async () => {
  process.env.LODESTAR_PRESET = 'minimal';
  ({ ssz } = await import('@lodestar/types'));
  expect(ssz.altair.SyncCommittee.fixedSize).toBe(33 * 48);
});

const forks = ['altair', 'capella', 'deneb', 'electra', 'fulu'] as const;

describe.each(forks)('light-client containers of %s, minimal preset, read as Lodestar reads them', (fork) => {
  const ours = wireTypes(32, fork);

  it.each([
    ['bootstrap', 'LightClientBootstrap'],
    ['update', 'LightClientUpdate'],
    ['finalityUpdate', 'LightClientFinalityUpdate'],
    ['optimisticUpdate', 'LightClientOptimisticUpdate'],
  ] as const)('%s', (name, theirs) => {
    expectSameType(ours[name], ssz[fork][theirs], 40);
  });
});

describe("the development chain's states and block bodies, read as Lodestar reads them", () => {
  it.each([
    ['capella', CapellaStateType, CapellaBodyType],
    ['deneb', DenebStateType, DenebBodyType],
    ['electra', ElectraStateType, ElectraBodyType],
    ['fulu', FuluStateType, ElectraBodyType],
  ] as const)('%s', (fork, state, body) => {
    expectSameType(state, ssz[fork].BeaconState, 20);
    expectSameType(body, ssz[fork].BeaconBlockBody, 40);
  });
});
