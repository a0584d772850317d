import type { Bls } from '../../proofs/bls/bls.js';
import { toBareHex } from '../../proofs/bytes.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import { GenesisError } from './errors.js';

export const GENESIS_VERSION = 1;

const MAX_SUPPLY = 2n ** 64n;
const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

/**
 * Checks that a main chain can begin with this genesis: sensible constants, distinct accounts and keys, a valid proof of
 * possession of every key, balances that fit 64 bits together.
 * @throws GenesisError naming the field
 */
export function checkGenesis(genesis: Genesis, bls: Bls): void {
  if (genesis.version !== GENESIS_VERSION) {
    throw new GenesisError('version', `is ${genesis.version}, this build knows ${GENESIS_VERSION}`);
  }
  if (!NAME.test(String.fromCharCode(...genesis.name))) {
    throw new GenesisError('name', 'must be 1 to 64 lower-case letters, digits and dashes');
  }
  if (!Number.isSafeInteger(genesis.time)) throw new GenesisError('time', 'is not a time in milliseconds');
  if (genesis.slotMilliseconds < 50) throw new GenesisError('slotMilliseconds', 'must be at least 50');
  // A term must be able to finalise its own end before the next one begins.
  // Sixty-four bits hold more than a number does, and would be rounded.
  if (!Number.isSafeInteger(genesis.termBlocks)) throw new GenesisError('termBlocks', 'is above 2^53');
  if (genesis.termBlocks < 3) throw new GenesisError('termBlocks', 'must be at least 3');
  if (genesis.delegates.length === 0) throw new GenesisError('delegates', 'must not be empty');
  checkDelegates(genesis, bls);
  checkBalances(genesis);
}

function checkDelegates(genesis: Genesis, bls: Bls): void {
  const accounts = new Set<string>();
  const keys = new Set<string>();
  for (const [i, { delegate, proofOfPossession }] of genesis.delegates.entries()) {
    const account = toBareHex(delegate.account);
    const key = toBareHex(delegate.blsKey);
    if (accounts.has(account)) throw new GenesisError(`delegates[${i}].account`, 'appears twice');
    if (keys.has(key)) throw new GenesisError(`delegates[${i}].blsKey`, 'appears twice');
    if (!bls.verifyPossession(delegate.blsKey, proofOfPossession)) {
      throw new GenesisError(`delegates[${i}].proofOfPossession`, 'does not prove possession of the BLS key');
    }
    accounts.add(account);
    keys.add(key);
  }
}

function checkBalances(genesis: Genesis): void {
  const accounts = new Set<string>();
  let total = 0n;
  for (const [i, { account, balance }] of genesis.balances.entries()) {
    const id = toBareHex(account);
    if (accounts.has(id)) throw new GenesisError(`balances[${i}].account`, 'appears twice');
    accounts.add(id);
    total += balance;
    if (total >= MAX_SUPPLY)
      throw new GenesisError(`balances[${i}].balance`, 'makes the total exceed 64 bits');
  }
}
