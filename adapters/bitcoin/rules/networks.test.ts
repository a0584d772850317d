import { describe, expect, it } from 'vitest';
import { MAX_PARAMETERS } from '../../../proofs/containers/spec.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { bitcoinKind, parseBitcoinHash } from '../kind.js';
import { workProblem } from './checks.js';
import { genesisHashes } from './genesis.js';
import { bitsAt, decodeHeader, encodeHeader, splitHeaders } from './header.js';
import { bitcoinNetwork, bitcoinNetworks } from './networks.js';
import { NetworkParametersType } from './parameters.js';

describe('networks', () => {
  it.each(bitcoinNetworks.map((one) => [one.name, one] as const))('%s', (name, network) => {
    const display = genesisHashes[name.slice('bitcoin-'.length) as keyof typeof genesisHashes];
    expect(bitcoinKind.displayHash(sha256d(network.genesisHeader))).toBe(display);
    expect(network.genesisHash).toEqual(parseBitcoinHash(display));
    expect(workProblem(network.rules, bitsAt(network.genesisHeader), network.genesisHash)).toBeUndefined();
    expect(network.parameters.length).toBeLessThanOrEqual(MAX_PARAMETERS);
    expect(NetworkParametersType.deserialize(network.parameters)).toEqual(network.rules);
    expect(encodeHeader(decodeHeader(network.genesisHeader))).toEqual(network.genesisHeader);
  });

  it('tells them apart', () => {
    expect(new Set(bitcoinNetworks.map((one) => String(one.parameters))).size).toBe(bitcoinNetworks.length);
    expect(() => bitcoinNetwork('bitcoin-nowhere')).toThrow(/unknown chain/);
  });
});

describe('header bytes', () => {
  it('splits, and refuses leftovers', () => {
    const two = new Uint8Array(160).fill(7);
    expect(splitHeaders(two)).toHaveLength(2);
    expect(() => splitHeaders(two.subarray(1))).toThrow(/79 bytes/);
    expect(() => decodeHeader(two)).toThrow(/160 bytes/);
    expect(() => bitcoinKind.decode(two.subarray(0, 79), 1)).toThrow(/79 bytes/);
    expect(() => parseBitcoinHash('12')).toThrow(/64 hex digits/);
    expect(() => parseBitcoinHash('g'.repeat(64))).toThrow(/not hex/);
  });
});
