import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../proofs/bytes.js';
import { addressFormat, describeScript, formatBtc } from './output.js';

const mainnet = addressFormat('bitcoin-mainnet')!;
const testnet = addressFormat('bitcoin-testnet4')!;
const regtest = addressFormat('bitcoin-regtest')!;

describe('output scripts', () => {
  // Programs and addresses: BIP173 and BIP350 test vectors.
  it.each([
    [
      mainnet,
      '0014751e76e8199196d454941c45d1b3a323f1433bd6',
      'witness_v0_keyhash',
      'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
    ],
    [
      testnet,
      '00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262',
      'witness_v0_scripthash',
      'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7',
    ],
    [
      mainnet,
      '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
      'witness_v1_taproot',
      'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
    ],
    [
      mainnet,
      '5210751e76e8199196d454941c45d1b3a323',
      'witness_unknown',
      'bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs',
    ],
    [mainnet, '51024e73', 'anchor', 'bc1pfeessrawgf'],
    [regtest, '51024e73', 'anchor', 'bcrt1pfeesnyr2tx'],
    [
      regtest,
      '0014751e76e8199196d454941c45d1b3a323f1433bd6',
      'witness_v0_keyhash',
      'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
    ],
    [
      mainnet,
      '76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac',
      'pubkeyhash',
      '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
    ],
    [
      mainnet,
      'a914748284390f9e263a4b766a75d0633c50426eb87587',
      'scripthash',
      '3CK4fEwbMP7heJarmU4eqA3sMbVJyEnU3V',
    ],
  ])('%#', (format, script, type, address) => {
    expect(describeScript(fromHex(script), format)).toEqual({ type, address });
  });

  const key = `21${'02'.repeat(33)}`;
  it.each([
    ['pubkey', `${key}ac`],
    ['multisig', `51${key}${key}52ae`],
    ['nulldata', '6a0401020304'],
    // What Core's Solver does not take for one of these, though it begins or ends alike.
    ['nonstandard', `21${'05'.repeat(33)}ac`],
    ['nonstandard', `53${key}${key}52ae`],
    ['nonstandard', '6aac'],
    ['nonstandard', '6a04010203'],
    ['nonstandard', '0003010203'],
    ['nonstandard', '5002abcd'],
    ['nonstandard', ''],
  ])('a script without address: %s %s', (type, script) => {
    expect(describeScript(fromHex(script), mainnet)).toEqual({ type });
  });

  it('knows no address of another chain', () => {
    expect(addressFormat('bitcoin-x')).toBeUndefined();
    expect(addressFormat('toString')).toBeUndefined();
  });

  it('writes amounts without needless zeros', () => {
    expect([0n, 1n, 50_000_000n, 100_000_000n, 2_100_000_000_000_000n].map(formatBtc)).toEqual([
      '0',
      '0.00000001',
      '0.5',
      '1',
      '21000000',
    ]);
  });
});
