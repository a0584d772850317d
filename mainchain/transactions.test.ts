import { secp256k1 } from '@noble/curves/secp256k1.js';
import { computeAddress, hexlify } from 'ethers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '../proofs/bytes.js';
import type { Transaction } from '../proofs/containers/transaction.js';
import { transferCall } from '../test/mainchain/calls.js';
import { seeded } from '../test/mainchain/world.js';
import {
  accountOfSecret,
  feeForBytes,
  isSignedBySender,
  recoverSender,
  signTransaction,
  transactionRoot,
} from './transactions.js';

const secret = seeded('someone');
const genesisRoot = seeded('chain');
const transaction: Transaction = {
  sender: accountOfSecret(secret),
  nonce: 3,
  fee: 100n,
  mark: new Uint8Array(8),
  call: transferCall(new Uint8Array(20), 1n),
};
const signed = signTransaction(transaction, secret, genesisRoot);

test('accounts are those of EVM chains', () => {
  expect(toHex(transaction.sender)).toBe(computeAddress(hexlify(secret)).toLowerCase());
});

test('the sender is recovered for this chain only', () => {
  expect(recoverSender(signed, genesisRoot)).toEqual(transaction.sender);
  expect(isSignedBySender(signed, genesisRoot)).toBe(true);
  expect(isSignedBySender(signed, seeded('other chain'))).toBe(false);
  expect(isSignedBySender({ ...signed, transaction: { ...transaction, nonce: 4 } }, genesisRoot)).toBe(false);
});

test('one signature has one form: upper-half s and other v are none', () => {
  const { n } = secp256k1.Point.CURVE();
  const parsed = secp256k1.Signature.fromBytes(signed.signature.subarray(0, 64), 'compact');
  const other = new Uint8Array(65);
  other.set(new secp256k1.Signature(parsed.r, n - parsed.s).toBytes('compact'), 0);
  other[64] = signed.signature[64]! ^ 1;
  expect(recoverSender({ transaction, signature: other }, genesisRoot)).toBeUndefined();
  for (const v of [2, 3, 27, 28, 255]) {
    const changed = signed.signature.slice();
    changed[64] = v;
    expect(recoverSender({ transaction, signature: changed }, genesisRoot)).toBeUndefined();
  }
  expect(recoverSender({ transaction, signature: new Uint8Array(65) }, genesisRoot)).toBeUndefined();
  expect(transactionRoot(transaction)).toHaveLength(32);
});

test('any changed byte of a signature is another sender or none', () => {
  fc.assert(
    fc.property(fc.nat({ max: 64 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const signature = signed.signature.slice();
      signature[at]! ^= flip;
      expect(isSignedBySender({ transaction, signature }, genesisRoot)).toBe(false);
    }),
    { numRuns: 60 },
  );
});

test('fees', () => {
  expect(feeForBytes({ baseFee: 10n, byteFee: 2n }, 5)).toBe(20n);
});
