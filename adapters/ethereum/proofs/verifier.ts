import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import type { Leaf } from '../../../proofs/containers/leaf.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import type { PayloadVerifier } from '../../../proofs/verify/payload.js';
import { accountVerifier } from './account.js';
import { blockLogVerifier } from './blockLog.js';
import { codeVerifier } from './code.js';
import { payloadVerifier, valuesAt } from './common.js';
import { countVerifier } from './count.js';
import {
  logAt,
  logFacts,
  outcomeWords,
  receiptFacts,
  type ShownTransaction,
  showReceipt,
  showTransaction,
  transactionFacts,
  transactionWords,
} from './facts.js';
import { logId } from './logId.js';
import { logsVerifier } from './logs.js';
import { LogPayloadType, ReceiptPayloadType, TransactionPayloadType } from './payload.js';
import type { EthereumReceipt } from './receipt.js';
import { severalVerifier } from './several.js';
import { storageVerifier } from './storage.js';
import { withdrawalVerifier } from './withdrawal.js';

/** Checkers of every kind of proof about Ethereum. */
export const ethereumPayloadVerifiers: readonly PayloadVerifier[] = [
  payloadVerifier(
    ProofKind.ethereumTransaction,
    'ethereum-transaction',
    TransactionPayloadType,
    (payload, leaf, chain) => {
      const shown = transactionAt(payload.index, payload.transactionNodes, leaf);
      return { summary: transactionWords(shown, chain), facts: transactionFacts(shown) };
    },
  ),
  payloadVerifier(
    ProofKind.ethereumReceipt,
    'ethereum-receipt',
    ReceiptPayloadType,
    (payload, leaf, chain) => {
      const shown = transactionAt(payload.index, payload.transactionNodes, leaf);
      const receipt = receiptAt(payload.receiptNodes, leaf, shown);
      return {
        summary: `receipt of ${transactionWords(shown, chain)}: ${outcomeWords(receipt)}, ${receipt.logs.length} logs`,
        facts: { ...transactionFacts(shown), ...receiptFacts(receipt) },
      };
    },
  ),
  payloadVerifier(ProofKind.ethereumLog, 'ethereum-log', LogPayloadType, (payload, leaf, chain) => {
    const shown = transactionAt(payload.index, payload.transactionNodes, leaf);
    const receipt = receiptAt(payload.receiptNodes, leaf, shown);
    const log = logAt(receipt, payload.logIndex);
    if (!bytesEqual(payload.logId, logId(shown.hash, payload.logIndex, log)))
      throw new ProofError('log-mismatch', `log ${payload.logIndex} is not the one that the proof is about`);
    return {
      summary: `log ${payload.logIndex} of ${transactionWords(shown, chain)}, by contract ${toHex(log.address)}`,
      facts: {
        ...transactionFacts(shown),
        ...receiptFacts(receipt),
        logIndex: payload.logIndex,
        ...logFacts(log),
      },
    };
  }),
  severalVerifier,
  countVerifier,
  blockLogVerifier,
  accountVerifier,
  storageVerifier,
  codeVerifier,
  withdrawalVerifier,
  logsVerifier,
];

function transactionAt(index: number, nodes: readonly Uint8Array[], leaf: Leaf): ShownTransaction {
  const [raw = new Uint8Array(0)] = valuesAt('transaction-mismatch', leaf.transactionsRoot, [index], nodes);
  return showTransaction(index, raw);
}

function receiptAt(nodes: readonly Uint8Array[], leaf: Leaf, shown: ShownTransaction): EthereumReceipt {
  const [raw = new Uint8Array(0)] = valuesAt('receipt-mismatch', leaf.receiptsRoot, [shown.index], nodes);
  return showReceipt(raw, shown);
}
