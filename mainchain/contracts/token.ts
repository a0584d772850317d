import type { Transfer } from '../../proofs/containers/calls.js';
import type { StateWriter } from '../state/overlay.js';
import type { StateReader } from '../state/view.js';
import { InsufficientBalanceError } from './errors.js';
import { Module } from './keys.js';
import { type AccountRecord, AccountRecordType, readRecord } from './records.js';

/** An account; one that never was has nonce 0 and balance 0. */
export function readAccount(state: StateReader, account: Uint8Array): AccountRecord {
  return readRecord(state, Module.token, account, AccountRecordType) ?? { nonce: 0, balance: 0n };
}

export function writeAccount(state: StateWriter, account: Uint8Array, record: AccountRecord): void {
  state.set(Module.token, account, AccountRecordType.serialize(record));
}

/** Amounts cannot overflow: the genesis checks that all balances together fit 64 bits, and none is ever made. */
export function credit(state: StateWriter, account: Uint8Array, amount: bigint): void {
  const record = readAccount(state, account);
  writeAccount(state, account, { ...record, balance: record.balance + amount });
}

/** @throws InsufficientBalanceError */
export function debit(state: StateWriter, account: Uint8Array, amount: bigint): void {
  const record = readAccount(state, account);
  if (record.balance < amount) {
    throw new InsufficientBalanceError(`the account has ${record.balance}, ${amount} needed`);
  }
  writeAccount(state, account, { ...record, balance: record.balance - amount });
}

/** @throws InsufficientBalanceError */
export function transfer(state: StateWriter, sender: Uint8Array, call: Transfer): void {
  debit(state, sender, call.amount);
  credit(state, call.to, call.amount);
}
