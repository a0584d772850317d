import type { Transaction } from 'bitcoinjs-lib';
import { UnknownNetworkError } from '../../errors.js';
import { addressFormat, describeScript, type OutputDescription } from '../proofs/output.js';
import { bitcoinNetworks } from '../rules/networks.js';

/** Where one output's coins go. */
export interface DescribedOutput extends OutputDescription {
  readonly index: number;
  /** Satoshi. */
  readonly amount: bigint;
}

/**
 * Types, addresses and amounts of a transaction's outputs.
 * @param chainName such as `bitcoin-regtest`
 * @throws UnknownNetworkError
 */
export function describeOutputs(transaction: Transaction, chainName: string): DescribedOutput[] {
  const format = addressFormat(chainName);
  if (format === undefined) {
    throw new UnknownNetworkError(
      chainName,
      bitcoinNetworks.map((one) => one.name),
    );
  }
  return transaction.outs.map((output, index) => ({
    index,
    amount: output.value,
    ...describeScript(output.script, format),
  }));
}
