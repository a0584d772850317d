import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useFastHasher } from '../../../../proofs/hash/fast.js';
import { LOCAL, TestBeacon } from '../../../../test/support/beacon.js';
import { defineConsensusNetwork } from '../../consensus/networks.js';
import { BeaconClient } from './client.js';
import { definitionOf, readDefinition } from './definition.js';
import { BeaconNodeInfo } from './nodeInfo.js';

let beacon: TestBeacon;
let info: BeaconNodeInfo;
beforeAll(async () => {
  useFastHasher();
  beacon = await TestBeacon.start(2);
  info = new BeaconNodeInfo(new BeaconClient('devnet', { url: beacon.url }));
});
afterAll(async () => {
  info.client.close();
  await beacon.close();
});

describe('a network by what its node says', () => {
  it('is the one that is built in', async () => {
    const defined = defineConsensusNetwork(await definitionOf('my-devnet', info));
    expect(defined).toMatchObject({
      name: 'my-devnet',
      preset: LOCAL.preset,
      slotMilliseconds: LOCAL.slotMilliseconds,
      genesisValidatorsRoot: LOCAL.genesisValidatorsRoot,
    });
    // The node also names the forks before the first one that was ever active.
    expect(defined.forks.slice(-LOCAL.forks.length)).toEqual(LOCAL.forks);
    expect(defined.forks.map(({ epoch }) => epoch).slice(0, -LOCAL.forks.length)).toEqual([0, 0]);
  });

  const read = async (change: Record<string, unknown>) =>
    readDefinition('my-devnet', 'node', await info.genesis(), { ...(await info.spec()), ...change });

  it('has the forks that are scheduled, and ends before one that is not known', async () => {
    const far = '18446744073709551615';
    const network = await read({ FULU_FORK_EPOCH: far, GLOAS_FORK_EPOCH: '90', HEZE_FORK_EPOCH: far });
    expect(network.forks.map(({ fork }) => fork)).not.toContain('fulu');
    expect(network.unsupportedFrom).toBe(90);
    expect((await read({ SLOT_DURATION_MS: '750' })).slotMilliseconds).toBe(750);
  });

  it.each([
    [{ PRESET_BASE: 'huge' }, /has the preset huge, which is not known/],
    [{ SYNC_COMMITTEE_SIZE: '64' }, /has another SYNC_COMMITTEE_SIZE than the minimal preset, 32/],
    [{ SLOTS_PER_EPOCH: undefined }, /SLOTS_PER_EPOCH gave no number/],
    [{ CAPELLA_FORK_VERSION: '0x01' }, /CAPELLA_FORK_VERSION gave no hex of 4 bytes/],
    [{ CAPELLA_FORK_EPOCH: '-1' }, /CAPELLA_FORK_EPOCH gave no number/],
  ])('that cannot be is refused: %j', async (change, message) => {
    await expect(read(change)).rejects.toThrow(message);
  });
});
