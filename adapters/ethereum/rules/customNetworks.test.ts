import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleHeader } from '../../../test/fixtures/ethereum/headers.js';
import { findNetwork } from '../../registry.js';
import { ethereumKind } from '../kind.js';
import { integerBytes } from '../rlp/read.js';
import {
  beaconForksRoot,
  CustomParametersType,
  customEthereumNetwork,
  type EthereumNetworkDefinition,
} from './customNetworks.js';
import { NetworkDefinitionError } from './errors.js';
import { addEthereumNetwork, ethereumNetwork, ethereumNetworks, type HeaderFork } from './networks.js';

const definition: EthereumNetworkDefinition = {
  name: 'my-rollup',
  chainId: 424242,
  checksTime: true,
  genesisHash: new Uint8Array(32).fill(7),
  forks: [
    { fields: 16, from: { height: 0 } },
    { fields: 17, from: { height: 50 } },
    { fields: 20, from: { time: 1000 } },
  ],
  rules: 'evm',
};
const byHeight = (fields: number, height: number): HeaderFork => ({ fields, from: { height } });
const byTime = (fields: number, time: number): HeaderFork => ({ fields, from: { time } });

describe('a network of the user’s own', () => {
  it('is known once it is added, by all that it is defined by', () => {
    const added = addEthereumNetwork(customEthereumNetwork(definition));
    expect(addEthereumNetwork(customEthereumNetwork(definition))).toBe(added);
    expect(ethereumNetwork('my-rollup')).toBe(added);
    expect(findNetwork('my-rollup').kind).toBe(ethereumKind);
    expect(CustomParametersType.deserialize(added.parameters)).toEqual({
      chainId: 424242,
      checksTime: 1,
      rules: 0,
      forks: [
        { fields: 16, byTime: 0, from: 0 },
        { fields: 17, byTime: 0, from: 50 },
        { fields: 20, byTime: 1, from: 1000 },
      ],
      beaconForks: new Uint8Array(32),
    });
  });

  it.each<[string, Partial<EthereumNetworkDefinition>]>([
    ['chain id', { chainId: 424243 }],
    ['clock', { checksTime: false }],
    ['rules', { rules: 'ethereum' }],
    ['genesis', { genesisHash: new Uint8Array(32).fill(8) }],
    ['forks', { forks: definition.forks.slice(0, 2) }],
    ['forks of its beacon chain', { beaconForks: beaconForksRoot([], undefined) }],
  ])('is not another one under the same name: %s', (_, change) => {
    addEthereumNetwork(customEthereumNetwork(definition));
    expect(() => addEthereumNetwork(customEthereumNetwork({ ...definition, ...change }))).toThrow(
      /known already, with other rules/,
    );
  });

  it('never passes for a built-in one', () => {
    for (const { name, chainId, genesisHash, rules } of ethereumNetworks.filter((one) => !one.custom)) {
      const other = { ...definition, name: `other-${name}` };
      expect(() => addEthereumNetwork(customEthereumNetwork({ ...definition, name }))).toThrow(/is built in/);
      if (rules === 'evm') continue;
      for (const twin of [{ chainId }, { genesisHash }])
        expect(() => addEthereumNetwork(customEthereumNetwork({ ...other, ...twin }))).toThrow(
          new RegExp(`chain id or the genesis of ${name}`),
        );
    }
    expect(() => customEthereumNetwork({ ...definition, name: 'bitcoin-mainnet' })).toThrow(
      NetworkDefinitionError,
    );
  });

  it.each<[string, Partial<EthereumNetworkDefinition>]>([
    ['a name with capitals', { name: 'My-rollup' }],
    ['a name too short', { name: 'my' }],
    ['a name too long', { name: 'm'.repeat(65) }],
    ['no chain id', { chainId: 0 }],
    ['half a chain id', { chainId: 1.5 }],
    ['a short genesis hash', { genesisHash: new Uint8Array(31) }],
    ['Ethereum’s rules without forks', { rules: 'ethereum', forks: [] }],
    ['a first fork that is not the genesis', { forks: [byHeight(16, 1)] }],
    ['a first fork by time', { forks: [byTime(16, 0)] }],
    ['unknown fields', { forks: [byHeight(18, 0)] }],
    ['fewer fields', { forks: [byHeight(17, 0), byHeight(16, 5)] }],
    ['the same height twice', { forks: [byHeight(16, 0), byHeight(17, 0)] }],
    ['times that go back', { forks: [byHeight(16, 0), byTime(17, 50), byTime(20, 40)] }],
    ['a height after a time', { forks: [byHeight(16, 0), byTime(17, 50), byHeight(20, 90)] }],
    ['no height', { forks: [byHeight(16, 0), byHeight(17, Number.NaN)] }],
    ['too many forks', { forks: Array.from({ length: 33 }, (_, i) => byHeight(15 + i, i)) }],
  ])('is refused with %s', (_, change) => {
    expect(() => customEthereumNetwork({ ...definition, ...change })).toThrow(NetworkDefinitionError);
  });

  it('checks headers by its own forks, and no rule that is Ethereum’s alone', () => {
    addEthereumNetwork(customEthereumNetwork(definition));
    const parent = sampleHeader(60, 900, {}, 17);
    const check =
      (seconds: number, fields: number, changes = {}) =>
      () => {
        const link = { parentHash: parent.hash, ...changes };
        const header = sampleHeader(61, 900 + seconds, link, fields);
        const checkpoint = {
          height: 60,
          hash: parent.hash,
          work: 0n,
          periodStartTime: 0,
          periodStartBits: 0,
        };
        ethereumKind.validate(definition.name, header, { checkpoint, header: () => parent }, 2000);
      };
    expect(check(10, 17, { extraData: new Uint8Array(97), baseFeePerGas: integerBytes(5) })).not.toThrow();
    expect(check(100, 20)).not.toThrow();
    expect(check(100, 17)).toThrow(/invalid-header-fields/);
    expect(check(10, 20)).toThrow(/invalid-header-fields/);
    expect(check(0, 17)).toThrow(/older-block-time/);
    expect(check(1116, 20)).toThrow(/future-block/);
  });

  it('has one root for each schedule of its beacon chain', () => {
    const version = (last: number) => Uint8Array.of(1, 2, 3, last);
    const capella = { fork: 'capella', epoch: 3, version: version(4) } as const;
    const roots = [
      beaconForksRoot([capella], undefined),
      beaconForksRoot([{ ...capella, epoch: 4 }], undefined),
      beaconForksRoot([{ ...capella, version: version(5) }], undefined),
      beaconForksRoot([{ ...capella, fork: 'deneb' }], undefined),
      beaconForksRoot([capella, { ...capella, fork: 'deneb' }], undefined),
      beaconForksRoot([capella], 0),
      beaconForksRoot([capella], 9),
    ];
    expect(new Set(roots.map((root) => Buffer.from(root).toString('hex'))).size).toBe(roots.length);
  });

  it('has parameters of their own for all that differs', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.nat(1e6), fc.boolean(), fc.constantFrom('evm' as const, 'ethereum' as const)),
        fc.tuple(fc.nat(1e6), fc.boolean(), fc.constantFrom('evm' as const, 'ethereum' as const)),
        (a, b) => {
          const [one, two] = [a, b].map(([chainId, checksTime, rules]) =>
            customEthereumNetwork({ ...definition, chainId: chainId + 1, checksTime, rules }),
          );
          expect(Buffer.from(one!.parameters).equals(two!.parameters)).toBe(
            JSON.stringify(a) === JSON.stringify(b),
          );
          expect(one!.parameters.length).toBeGreaterThan(9);
        },
      ),
    );
  });
});
