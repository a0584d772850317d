import { ssz } from '@lodestar/types';
import { describe, it } from 'vitest';
import { wireTypes } from '../../adapters/ethereum/consensus/types.js';
import { expectSameType } from './peer.js';

const forks = ['altair', 'capella', 'deneb', 'electra', 'fulu'] as const;

describe.each(forks)(
  "light-client containers of %s, mainnet's committees, read as Lodestar reads them",
  (fork) => {
    const ours = wireTypes(512, fork);
    const theirs = ssz[fork];

    it.each([
      ['bootstrap', ours.bootstrap, theirs.LightClientBootstrap],
      ['update', ours.update, theirs.LightClientUpdate],
      ['finality update', ours.finalityUpdate, theirs.LightClientFinalityUpdate],
      ['optimistic update', ours.optimisticUpdate, theirs.LightClientOptimisticUpdate],
    ] as const)('%s', (_name, own, other) => {
      expectSameType(own, other, 40);
    });
  },
);
