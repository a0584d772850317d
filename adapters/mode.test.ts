import { expect, test } from 'vitest';
import { bytesEqual, toHex } from '../proofs/bytes.js';
import { Assurance } from '../proofs/containers/leaf.js';
import { ChainSpecType, type Checkpoint, MAX_PARAMETERS } from '../proofs/containers/spec.js';
import { CommitteeParametersType } from './ethereum/committee.js';
import { consensusNetwork, consensusNetworks } from './ethereum/consensus/networks.js';
import { ethereumNetwork, ethereumNetworks } from './ethereum/rules/networks.js';
import { trustedBlockCheckpoint, trustedBlockRoot } from './ethereum/trustedBlock.js';
import { assuranceFor, parametersFor } from './mode.js';
import { chainKinds, findNetwork, networkData, specFor } from './registry.js';

const hash = new Uint8Array(32).fill(7);
const attested: Checkpoint = { height: 9, hash, work: 0n, periodStartTime: 0, periodStartBits: 0 };
const root = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 0 : i));
const signed = trustedBlockCheckpoint(root, 9, hash);

test('a trusted block goes into a checkpoint and out of it', () => {
  expect(trustedBlockRoot(signed)).toEqual(root);
  expect(trustedBlockRoot(attested)).toBeUndefined();
});

test('the checkpoint decides how a chain is known, and its parameters and spec root with it', () => {
  for (const { name } of consensusNetworks) {
    const { kind, network } = findNetwork(name);
    expect(assuranceFor(kind, network, attested)).toBe(Assurance.attested);
    expect(assuranceFor(kind, network, signed)).toBe(Assurance.syncCommittee);
    expect(networkData.assurances(kind.code, name, attested)).toEqual([Assurance.attested]);
    expect(networkData.assurances(kind.code, name, signed)).toEqual([Assurance.syncCommittee]);
    expect(parametersFor(kind, network, attested)).toBe(network.parameters);
    const parameters = parametersFor(kind, network, signed);
    expect(parameters.length).toBeLessThan(MAX_PARAMETERS);
    const beacon = consensusNetwork(name)!;
    expect(CommitteeParametersType.deserialize(parameters)).toEqual({
      execution: ethereumNetwork(name).parameters,
      genesisValidatorsRoot: beacon.genesisValidatorsRoot,
      genesisTime: beacon.genesisTime,
      slotMilliseconds: beacon.slotMilliseconds,
      slotsPerEpoch: beacon.slotsPerEpoch,
      epochsPerSyncCommitteePeriod: beacon.epochsPerSyncCommitteePeriod,
      syncCommitteeSize: beacon.syncCommitteeSize,
    });
    const roots = [attested, signed].map((at) => toHex(ChainSpecType.hashTreeRoot(specFor(name, at))));
    expect(new Set(roots).size).toBe(2);
  }
  const all = consensusNetworks.map(({ name }) => {
    const { kind, network } = findNetwork(name);
    return toHex(parametersFor(kind, network, signed));
  });
  expect(new Set(all).size).toBe(all.length);
});

test('where there are no committees, a checkpoint changes nothing', () => {
  for (const kind of chainKinds)
    for (const network of kind.networks) {
      if (consensusNetwork(network.name) !== undefined) continue;
      expect(assuranceFor(kind, network, signed)).toBe(network.assurance);
      expect(bytesEqual(parametersFor(kind, network, signed), network.parameters)).toBe(true);
    }
  expect(networkData.assurances(99, 'ethereum-local', signed)).toEqual([]);
  expect(networkData.assurances(2, 'nothing', signed)).toEqual([]);
  expect(ethereumNetworks.length).toBeGreaterThan(0);
});

test('spec roots of chains that are registered already never change', () => {
  const rootOf = (name: string, at: Checkpoint) => toHex(ChainSpecType.hashTreeRoot(specFor(name, at)));
  expect(rootOf('ethereum-mainnet', attested)).toBe(
    '0x57184cef298ab4f02a42a75af4d98db17ad4795a0cdcd53736fcfe9d9ef7e04b',
  );
  expect(rootOf('ethereum-mainnet', signed)).toBe(
    '0xe26d465c4093f5030873441c377aa40f82430be62b8087399875fabcd51f51b5',
  );
  expect(rootOf('ethereum-local', signed)).toBe(
    '0xb4ec3c0bb6f27b0ea1320f201368c300a8587e24054291f5e453fb319c2abae5',
  );
});
