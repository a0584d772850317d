import { keccak_256 } from '@noble/hashes/sha3.js';
import { toHex } from '../../../proofs/bytes.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import type { Json } from '../../../proofs/verify/payload.js';
import { reading } from './common.js';
import { decodeReceipt, type EthereumLog, type EthereumReceipt } from './receipt.js';
import { decodeTransaction, type EthereumTransaction } from './transaction.js';

/** A transaction that a proof showed to be in its block. */
export interface ShownTransaction {
  readonly hash: Uint8Array;
  readonly index: number;
  readonly transaction: EthereumTransaction;
}

/** @throws ProofError `transaction-mismatch` */
export function showTransaction(index: number, raw: Uint8Array): ShownTransaction {
  const transaction = reading('transaction-mismatch', () => decodeTransaction(raw));
  return { hash: keccak_256(raw), index, transaction };
}

/**
 * @param decode how the receipt is read
 * @throws ProofError `receipt-mismatch`, also where its type is not the transaction's
 */
export function showReceipt(
  raw: Uint8Array,
  shown: ShownTransaction,
  decode: (raw: Uint8Array) => EthereumReceipt = decodeReceipt,
): EthereumReceipt {
  const receipt = reading('receipt-mismatch', () => decode(raw));
  if (receipt.type !== shown.transaction.type) {
    throw new ProofError(
      'receipt-mismatch',
      `the receipt has type ${receipt.type}, its transaction ${shown.transaction.type}`,
    );
  }
  return receipt;
}

/** @throws ProofError `log-mismatch` */
export function logAt(receipt: EthereumReceipt, index: number): EthereumLog {
  const log = receipt.logs[index];
  if (log === undefined)
    throw new ProofError(
      'log-mismatch',
      `the receipt has ${receipt.logs.length} logs, not one at index ${index}`,
    );
  return log;
}

/** @param chain its name, which tells the coin */
export function transactionWords({ hash, transaction }: ShownTransaction, chain: string): string {
  return `transaction ${toHex(hash)}: ${actionWords(transaction, chain)}`;
}

function actionWords({ to, value, input }: EthereumTransaction, chain: string): string {
  if (to === undefined) return 'contract creation';
  if (input.length === 0) return `payment of ${amountWords(value, chain)} to ${toHex(to)}`;
  return `call of ${toHex(to)}${value > 0n ? ` with ${amountWords(value, chain)}` : ''}`;
}

/** Coins of built-in chains by the first word of their names, and what their validators stake. */
const COINS: Readonly<Record<string, { readonly own: string; readonly staked: string }>> = {
  ethereum: { own: 'ETH', staked: 'ETH' },
  gnosis: { own: 'xDAI', staked: 'mGNO' },
};

/**
 * An amount in words. What the coin of a chain of the user's own is called, nobody says.
 * @param wei 10^-18 coins
 * @param kind `staked` for what comes from the beacon chain
 */
export function amountWords(wei: bigint, chain: string, kind: 'own' | 'staked' = 'own'): string {
  const [word = ''] = chain.split('-');
  const coins = Object.hasOwn(COINS, word) ? COINS[word] : undefined;
  return `${formatEther(wei)} ${coins?.[kind] ?? 'coins of the chain'}`;
}

export function transactionFacts({ hash, index, transaction }: ShownTransaction): Record<string, Json> {
  const { type, nonce, to, value, input } = transaction;
  return {
    hash: toHex(hash),
    index,
    type,
    nonce: nonce.toString(),
    to: to === undefined ? 'contract creation' : toHex(to),
    value: value.toString(),
    inputBytes: input.length,
  };
}

export function outcomeWords(receipt: EthereumReceipt): string {
  return receipt.succeeded === undefined ? 'status not recorded' : receipt.succeeded ? 'succeeded' : 'failed';
}

export function receiptFacts(receipt: EthereumReceipt): Record<string, Json> {
  return {
    status: outcomeWords(receipt),
    cumulativeGasUsed: receipt.cumulativeGasUsed.toString(),
    logs: receipt.logs.length,
  };
}

export function logFacts(log: EthereumLog): Record<string, Json> {
  return { contract: toHex(log.address), topics: log.topics.map(toHex), data: toHex(log.data) };
}

/** Wei as coins without trailing zeros. */
function formatEther(wei: bigint): string {
  const fraction = (wei % 10n ** 18n).toString().padStart(18, '0').replace(/0+$/, '');
  return `${wei / 10n ** 18n}${fraction === '' ? '' : `.${fraction}`}`;
}

/** `1 log`, `2 logs`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
