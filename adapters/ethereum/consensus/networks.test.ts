import { describe, expect, it } from 'vitest';
import { toHex } from '../../../proofs/bytes.js';
import {
  addConsensusNetwork,
  type ConsensusNetworkDefinition,
  consensusNetwork,
  consensusNetworks,
  defineConsensusNetwork,
  forkAt,
  periodAt,
  slotAtTime,
} from './index.js';

const definition: ConsensusNetworkDefinition = {
  name: 'some-devnet',
  preset: 'minimal',
  slotMilliseconds: 2000,
  genesisTime: 1_700_000_000,
  genesisValidatorsRoot: new Uint8Array(32).fill(7),
  forks: [
    { fork: 'capella', epoch: 0, version: Uint8Array.of(3, 0, 0, 9) },
    { fork: 'deneb', epoch: 0, version: Uint8Array.of(4, 0, 0, 9) },
    { fork: 'electra', epoch: 6, version: Uint8Array.of(5, 0, 0, 9) },
  ],
};

describe('beacon networks', () => {
  it('have versions of their own', () => {
    const domains = consensusNetworks.flatMap(({ name, forks, genesisValidatorsRoot }) =>
      forks.map(({ fork, version }) => `${toHex(version)}${toHex(genesisValidatorsRoot)} ${name} ${fork}`),
    );
    const distinct = new Set(domains.map((domain) => domain.split(' ')[0]));
    expect(distinct.size).toBe(domains.length);
  });

  it('change forks and periods at published times', () => {
    const at = (name: string, time: number) => {
      const network = consensusNetwork(name)!;
      const slot = slotAtTime(network, time)!;
      return [forkAt(network, slot - 1)?.fork, forkAt(network, slot)?.fork];
    };
    // The times at which the execution layer's forks began: go-ethereum params/config.go.
    expect(at('ethereum-mainnet', 1_681_338_455)).toEqual(['bellatrix', 'capella']);
    expect(at('ethereum-mainnet', 1_710_338_135)).toEqual(['capella', 'deneb']);
    expect(at('ethereum-mainnet', 1_746_612_311)).toEqual(['deneb', 'electra']);
    expect(at('ethereum-mainnet', 1_764_798_551)).toEqual(['electra', 'fulu']);
    expect(at('ethereum-sepolia', 1_677_557_088)).toEqual(['bellatrix', 'capella']);
    expect(at('ethereum-sepolia', 1_706_655_072)).toEqual(['capella', 'deneb']);
    expect(at('ethereum-sepolia', 1_741_159_776)).toEqual(['deneb', 'electra']);
    expect(at('ethereum-sepolia', 1_760_427_360)).toEqual(['electra', 'fulu']);
    expect(at('ethereum-holesky', 1_696_000_704)).toEqual(['bellatrix', 'capella']);
    expect(at('ethereum-holesky', 1_707_305_664)).toEqual(['capella', 'deneb']);
    expect(at('ethereum-holesky', 1_740_434_112)).toEqual(['deneb', 'electra']);
    expect(at('ethereum-hoodi', 1_742_999_832)).toEqual(['deneb', 'electra']);
    expect(at('ethereum-hoodi', 1_761_677_592)).toEqual(['electra', 'fulu']);
    expect(at('gnosis-mainnet', 1_690_889_660)).toEqual(['bellatrix', 'capella']);
    expect(at('gnosis-mainnet', 1_710_181_820)).toEqual(['capella', 'deneb']);
    expect(at('gnosis-mainnet', 1_746_021_820)).toEqual(['deneb', 'electra']);
    const sepolia = consensusNetwork('ethereum-sepolia')!;
    expect(slotAtTime(sepolia, 1_791_294_816)).toBe(sepolia.unsupportedFrom! * 32);
    expect(periodAt(consensusNetwork('ethereum-mainnet')!, 8192 * 816)).toBe(816);
    expect(forkAt(sepolia, 0)).toBeUndefined();
  });

  it('of the user’s own are added once, and cannot pass for others', () => {
    const added = addConsensusNetwork(definition);
    expect(consensusNetwork('some-devnet')).toBe(added);
    expect(addConsensusNetwork({ ...definition })).toBe(added);
    expect(forkAt(added, 0)?.fork).toBe('deneb');
    expect(() => addConsensusNetwork({ ...definition, slotMilliseconds: 1 })).toThrow('with other rules');
    expect(() => addConsensusNetwork({ ...definition, name: 'ethereum-mainnet' })).toThrow('is built in');
    const { genesisValidatorsRoot } = consensusNetwork('ethereum-mainnet')!;
    expect(() => addConsensusNetwork({ ...definition, name: 'twin-net', genesisValidatorsRoot })).toThrow(
      'has the genesis validators root of ethereum-mainnet',
    );
  });

  it.each<[string, Partial<ConsensusNetworkDefinition>]>([
    ['a name', { name: 'X' }],
    ['no preset', { preset: 'huge' as 'minimal' }],
    ['a slot takes', { slotMilliseconds: 0 }],
    ['genesis time', { genesisTime: -1 }],
    ['has not 32 bytes', { genesisValidatorsRoot: new Uint8Array(31) }],
    ['no fork', { forks: [] }],
    ['no fork', { forks: [{ fork: 'phase0' as 'altair', epoch: 0, version: new Uint8Array(4) }] }],
    ['begins at no epoch', { forks: [{ fork: 'altair', epoch: 0.5, version: new Uint8Array(4) }] }],
    ['has not 4 bytes', { forks: [{ fork: 'altair', epoch: 0, version: new Uint8Array(5) }] }],
    ['not in their order', { forks: [...definition.forks].reverse() }],
    ['begins before one that is', { unsupportedFrom: 5 }],
  ])('cannot be defined so: %s', (problem, change) => {
    expect(() => defineConsensusNetwork({ ...definition, ...change })).toThrow(problem);
  });
});
