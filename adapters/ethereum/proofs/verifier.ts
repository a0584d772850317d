import type { Type } from '@chainsafe/ssz';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import type { Leaf } from '../../../proofs/containers/leaf.js';
import { ProofKind, type ProofKindCode } from '../../../proofs/containers/proof.js';
import { ChainKindCode } from '../../../proofs/containers/spec.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { type Flaw, ProofError } from '../../../proofs/errors/proof.js';
import { fromJsonValue, toJsonValue } from '../../../proofs/format/jsonValue.js';
import type { Json, PayloadClaim, PayloadVerifier } from '../../../proofs/verify/payload.js';
import { indexKey } from '../trie/build.js';
import { TrieProofError, verifyTrieProof } from '../trie/verify.js';
import { logId } from './logId.js';
import { decodePayload, LogPayloadType, ReceiptPayloadType, TransactionPayloadType } from './payload.js';
import { decodeReceipt, type EthereumLog, type EthereumReceipt } from './receipt.js';
import { decodeTransaction, type EthereumTransaction } from './transaction.js';

interface Shown {
  readonly hash: Uint8Array;
  readonly index: number;
  readonly transaction: EthereumTransaction;
}

function verifier<T>(
  kind: ProofKindCode,
  name: string,
  type: Type<T>,
  check: (payload: T, leaf: Leaf) => PayloadClaim,
): PayloadVerifier {
  return {
    kind,
    name,
    chainKind: ChainKindCode.ethereum,
    verify: (payload, leaf) => check(decodePayload(type, payload), leaf),
    toJson: (payload) => toJsonValue(type as Type<unknown>, decodePayload(type, payload)),
    fromJson: (json: Json) => type.serialize(fromJsonValue(type as Type<unknown>, json, 'payload') as T),
  };
}

/** Checkers of every kind of proof about Ethereum. */
export const ethereumPayloadVerifiers: readonly PayloadVerifier[] = [
  verifier(ProofKind.ethereumTransaction, 'ethereum-transaction', TransactionPayloadType, (payload, leaf) => {
    const shown = showTransaction(payload.index, payload.transactionNodes, leaf);
    return { summary: transactionWords(shown), facts: transactionFacts(shown) };
  }),
  verifier(ProofKind.ethereumReceipt, 'ethereum-receipt', ReceiptPayloadType, (payload, leaf) => {
    const shown = showTransaction(payload.index, payload.transactionNodes, leaf);
    const receipt = showReceipt(payload.index, payload.receiptNodes, leaf, shown);
    return {
      summary: `receipt of ${transactionWords(shown)}: ${outcomeWords(receipt)}, ${receipt.logs.length} logs`,
      facts: { ...transactionFacts(shown), ...receiptFacts(receipt) },
    };
  }),
  verifier(ProofKind.ethereumLog, 'ethereum-log', LogPayloadType, (payload, leaf) => {
    const shown = showTransaction(payload.index, payload.transactionNodes, leaf);
    const receipt = showReceipt(payload.index, payload.receiptNodes, leaf, shown);
    const log = receipt.logs[payload.logIndex];
    if (log === undefined)
      throw new ProofError(
        'log-mismatch',
        `the receipt has ${receipt.logs.length} logs, not one at index ${payload.logIndex}`,
      );
    if (!bytesEqual(payload.logId, logId(shown.hash, payload.logIndex, log)))
      throw new ProofError('log-mismatch', `log ${payload.logIndex} is not the one that the proof is about`);
    return {
      summary: `log ${payload.logIndex} of ${transactionWords(shown)}, by contract ${toHex(log.address)}`,
      facts: {
        ...transactionFacts(shown),
        ...receiptFacts(receipt),
        logIndex: payload.logIndex,
        ...logFacts(log),
      },
    };
  }),
];

function showTransaction(index: number, nodes: readonly Uint8Array[], leaf: Leaf): Shown {
  const raw = valueAt('transaction-mismatch', leaf.transactionsRoot, index, nodes);
  const transaction = reading('transaction-mismatch', () => decodeTransaction(raw));
  return { hash: keccak_256(raw), index, transaction };
}

function showReceipt(index: number, nodes: readonly Uint8Array[], leaf: Leaf, shown: Shown): EthereumReceipt {
  const raw = valueAt('receipt-mismatch', leaf.receiptsRoot, index, nodes);
  const receipt = reading('receipt-mismatch', () => decodeReceipt(raw));
  if (receipt.type !== shown.transaction.type) {
    throw new ProofError(
      'receipt-mismatch',
      `the receipt has type ${receipt.type}, its transaction ${shown.transaction.type}`,
    );
  }
  return receipt;
}

function valueAt(flaw: Flaw, root: Uint8Array, index: number, nodes: readonly Uint8Array[]): Uint8Array {
  try {
    const value = verifyTrieProof(root, indexKey(index), nodes);
    if (value !== undefined) return value;
  } catch (error) {
    if (error instanceof TrieProofError) throw new ProofError(flaw, error.message, error);
    throw error;
  }
  throw new ProofError(flaw, `the block has nothing at index ${index}`);
}

function reading<T>(flaw: Flaw, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedInputError) throw new ProofError(flaw, error.message, error);
    throw error;
  }
}

function transactionWords({ hash, transaction }: Shown): string {
  return `transaction ${toHex(hash)}: ${actionWords(transaction)}`;
}

function actionWords({ to, value, input }: EthereumTransaction): string {
  if (to === undefined) return 'contract creation';
  if (input.length === 0) return `payment of ${formatEther(value)} ETH to ${toHex(to)}`;
  return `call of ${toHex(to)}${value > 0n ? ` with ${formatEther(value)} ETH` : ''}`;
}

function transactionFacts({ hash, index, transaction }: Shown): Record<string, Json> {
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

function outcomeWords(receipt: EthereumReceipt): string {
  return receipt.succeeded === undefined ? 'status not recorded' : receipt.succeeded ? 'succeeded' : 'failed';
}

function receiptFacts(receipt: EthereumReceipt): Record<string, Json> {
  return {
    status: outcomeWords(receipt),
    cumulativeGasUsed: receipt.cumulativeGasUsed.toString(),
    logs: receipt.logs.length,
  };
}

function logFacts(log: EthereumLog): Record<string, Json> {
  return { contract: toHex(log.address), topics: log.topics.map(toHex), data: toHex(log.data) };
}

/** Wei as ETH without trailing zeros. */
function formatEther(wei: bigint): string {
  const fraction = (wei % 10n ** 18n).toString().padStart(18, '0').replace(/0+$/, '');
  return `${wei / 10n ** 18n}${fraction === '' ? '' : `.${fraction}`}`;
}
