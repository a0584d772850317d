import { toBase58Check, toBech32 } from 'bitcoinjs-lib/src/address';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { toBareHex } from '../../proofs/bytes.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import { parseBitcoinAddress } from './address.js';
import { addressFormat, describeScript } from './proofs/output.js';

const read = (chain: string, text: string) => toBareHex(parseBitcoinAddress(chain, text));

describe('an address becomes its script', () => {
  // Test vectors of BIP173 and BIP350; genesis coinbase's address; BIP13's form.
  test.each([
    [
      'bitcoin-mainnet',
      '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
      '76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac',
    ],
    [
      'bitcoin-mainnet',
      '3P14159f73E4gFr7JterCCQh9QjiTjiZrG',
      'a914e9c3dd0c07aac76179ebc76a6c78d4d67c6c160a87',
    ],
    [
      'bitcoin-mainnet',
      'BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4',
      '0014751e76e8199196d454941c45d1b3a323f1433bd6',
    ],
    [
      'bitcoin-signet',
      'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7',
      '00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262',
    ],
    [
      'bitcoin-mainnet',
      'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
      '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
    ],
    ['bitcoin-mainnet', 'BC1SW50QGDZ25J', '6002751e'],
    ['bitcoin-mainnet', 'bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs', '5210751e76e8199196d454941c45d1b3a323'],
  ])('%s %s', (chain, address, script) => expect(read(chain, address)).toBe(script));

  test.each([
    ['tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty', 'not known'],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5', 'typo'],
    ['bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4', 'typo'],
    ['BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R', 'version 17'],
    ['bc1pw5dgrnzv', '1 bytes'],
    ['bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav', '41 bytes'],
    ['BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P', '16 bytes'],
    ['bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf', 'typo'],
    ['bc1gmk9yu', 'typo'],
    ['', 'typo'],
    ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb', 'typo'],
    ['mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn', "Bitcoin's test networks"],
    ['bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', 'Bitcoin regtest'],
    ['tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx', "Bitcoin's test networks"],
    ['LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9', 'not known'],
    ['x'.repeat(91), 'longer than'],
  ])('%s: refused (%s)', (address, reason) => {
    expect(() => parseBitcoinAddress('bitcoin-mainnet', address)).toThrow(reason);
  });

  it('knows its own network only', () => {
    const error = (chain: string, address: string) => () => parseBitcoinAddress(chain, address);
    expect(error('bitcoin-regtest', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa')).toThrow(
      'is of Bitcoin mainnet, not of bitcoin-regtest',
    );
    expect(error('ethereum-local', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa')).toThrow('ethereum-local');
  });

  it('is the inverse of how scripts are described', () => {
    const program = fc.uint8Array({ minLength: 2, maxLength: 40 });
    const hash = fc.uint8Array({ minLength: 20, maxLength: 20 });
    const chains = fc.constantFrom(
      'bitcoin-mainnet',
      'bitcoin-testnet4',
      'bitcoin-signet',
      'bitcoin-regtest',
    );
    fc.assert(
      fc.property(chains, hash, program, fc.integer({ min: 1, max: 16 }), (chain, digest, data, version) => {
        const format = addressFormat(chain)!;
        const addresses = [
          toBase58Check(digest, format.publicKeyHash),
          toBase58Check(digest, format.scriptHash),
          toBech32(digest, 0, format.bech32),
          toBech32(data, version, format.bech32),
        ];
        for (const address of addresses)
          expect(describeScript(parseBitcoinAddress(chain, address), format).address).toBe(address);
      }),
    );
  });

  it('any text is read or refused by a told error', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (text) => {
        try {
          parseBitcoinAddress('bitcoin-mainnet', text);
        } catch (error) {
          expect(error).toBeInstanceOf(CrossrootError);
        }
      }),
    );
  });
});
