import { describe, expect, it } from 'vitest';
import { toBareHex } from '../../../proofs/bytes.js';
import { CheckpointType } from '../../../proofs/containers/spec.js';
import { findNetwork, networkData } from '../../registry.js';
import { p2pNetwork } from '../p2p/networks.js';
import { addressFormat } from '../proofs/output.js';
import { NetworkDefinitionError } from './errors.js';
import { defaultPort, networkMagic, signetMagic } from './magic.js';
import { addNetwork, bitcoinNetwork, bitcoinNetworks } from './networks.js';
import { addCustomSignet, customSignet } from './signets.js';

const signet = bitcoinNetwork('bitcoin-signet');

describe('custom signets', () => {
  it('are the default signet but for their challenge', () => {
    const network = customSignet('bitcoin-signet-one', '51');
    expect(network.rules).toEqual({ ...signet.rules, signetChallenge: Uint8Array.of(0x51) });
    expect(network.genesisHash).toEqual(signet.genesisHash);
    expect(network.parameters).not.toEqual(signet.parameters);
  });

  it('are found by every lookup once added; twice is once', () => {
    expect(() => bitcoinNetwork('bitcoin-signet-two')).toThrow(/unknown chain/);
    const added = addCustomSignet('bitcoin-signet-two', '0x5151');
    expect(addCustomSignet('bitcoin-signet-two', '5151')).toBe(added);
    expect(bitcoinNetwork('bitcoin-signet-two')).toBe(added);
    expect(findNetwork('bitcoin-signet-two').network).toBe(added);
    expect(networkData.assurances(1, 'bitcoin-signet-two', CheckpointType.defaultValue()).length).toBe(
      networkData.assurances(1, 'bitcoin-signet', CheckpointType.defaultValue()).length,
    );
    expect(addressFormat('bitcoin-signet-two')?.bech32).toBe('tb');
    expect(p2pNetwork('bitcoin-signet-two').magic).toEqual(signetMagic(Uint8Array.of(0x51, 0x51)));
  });

  it('refuses wrong names, wrong challenges and another challenge under a known name', () => {
    for (const name of [
      'bitcoin-signet',
      'bitcoin-signet-',
      'bitcoin-mainnet',
      'signet-a',
      'bitcoin-signet-A',
      'bitcoin-signet-a\n',
      `bitcoin-signet-${'a'.repeat(41)}`,
    ])
      expect(() => customSignet(name, '51'), name).toThrow(NetworkDefinitionError);
    expect(() => customSignet('bitcoin-signet-x', '')).toThrow(/0 bytes/);
    expect(() => customSignet('bitcoin-signet-x', '51'.repeat(521))).toThrow(/521 bytes/);
    expect(customSignet('bitcoin-signet-x', '51'.repeat(520)).rules.signetChallenge).toHaveLength(520);
    expect(() => customSignet('bitcoin-signet-x', '5')).toThrow(/hex/);
    addCustomSignet('bitcoin-signet-three', '51');
    expect(() => addCustomSignet('bitcoin-signet-three', '52')).toThrow(/known already/);
    expect(() => addNetwork({ ...signet, parameters: new Uint8Array(1) })).toThrow(/known already/);
  });

  it('keeps no more than sixty-four networks', () => {
    for (let i = bitcoinNetworks.length; i < 64; i++) addCustomSignet(`bitcoin-signet-many-${i}`, '51');
    expect(() => addCustomSignet('bitcoin-signet-one-more', '51')).toThrow(/more than 64/);
  });
});

describe('magic and ports', () => {
  it.each([
    ['bitcoin-mainnet', 'f9beb4d9', 8333],
    ['bitcoin-testnet3', '0b110907', 18333],
    ['bitcoin-testnet4', '1c163f28', 48333],
    ['bitcoin-signet', '0a03cf40', 38333],
    ['bitcoin-regtest', 'fabfb5da', 18444],
  ])('%s', (name, magic, port) => {
    expect(toBareHex(networkMagic(name))).toBe(magic);
    expect(defaultPort(name)).toBe(port);
    expect(p2pNetwork(name)).toMatchObject({ magic: networkMagic(name), defaultPort: port });
  });

  it('the default signet’s magic comes from its challenge (BIP325)', () => {
    expect(toBareHex(signetMagic(signet.rules.signetChallenge))).toBe('0a03cf40');
  });

  it('lengths take one, three and five bytes', () => {
    const of = (length: number) => toBareHex(signetMagic(new Uint8Array(length)));
    expect(new Set([252, 253, 65_535, 65_536].map(of)).size).toBe(4);
    expect(() => networkMagic('bitcoin-signet-nowhere')).toThrow(/unknown chain/);
  });
});
