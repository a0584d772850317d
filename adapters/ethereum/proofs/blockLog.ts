import { ContainerType } from '@chainsafe/ssz';
import { toHex } from '../../../proofs/bytes.js';
import { Bytes32, Uint32 } from '../../../proofs/containers/primitives.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { indexKey } from '../trie/build.js';
import type { EthereumBlockProver } from './build.js';
import { checkQuestion, payloadVerifier, questionId, reading, valuesAt } from './common.js';
import {
  logAt,
  logFacts,
  receiptFacts,
  showReceipt,
  showTransaction,
  transactionFacts,
  transactionWords,
} from './facts.js';
import { SharedNodesType } from './payload.js';
import { decodeKnownReceipt } from './receipt.js';
import { restoreReceiptNode, stripReceiptNode } from './receiptNodes.js';

/** Blocks have far fewer transactions. */
const MAX_INDEX = 2 ** 16 - 1;

export const BlockLogQuestionType = new ContainerType(
  {
    /** Place of the transaction in the block. */
    index: Uint32,
    /** Place of the log in its receipt. */
    log: Uint32,
    /** Place of the log among all logs of the block: what nodes call `logIndex`. */
    blockLog: Uint32,
  },
  { typeName: 'EthereumBlockLogQuestion', jsonCase: 'eth2' },
);
/** `ethereum-block-log`: a log, and all receipts before its own, whose logs are counted. */
export const BlockLogPayloadType = new ContainerType(
  {
    question: BlockLogQuestionType,
    id: Bytes32,
    transactionNodes: SharedNodesType,
    receiptNodes: SharedNodesType,
  },
  { typeName: 'EthereumBlockLogPayload', jsonCase: 'eth2' },
);

function upTo(index: number): number[] {
  return Array.from({ length: index + 1 }, (_, place) => place);
}

/**
 * SSZ payload of a log with both its places.
 * @param index of the transaction in the block
 * @param log place in its receipt
 * @throws MalformedInputError if there is no such log
 */
export function buildBlockLog(prover: EthereumBlockProver, index: number, log: number): Uint8Array {
  const counts = upTo(index).map((place) => {
    const receipt = prover.receipts[place];
    if (receipt === undefined) throw new MalformedInputError('transaction', `${index} is not in the block`);
    return decodeKnownReceipt(receipt).logs.length;
  });
  const own = counts.pop() ?? 0;
  if (!Number.isInteger(log) || log < 0 || log >= own)
    throw new MalformedInputError('log', `${log} is not in the transaction, which has ${own}`);
  const question = { index, log, blockLog: counts.reduce((sum, count) => sum + count, log) };
  return BlockLogPayloadType.serialize({
    question,
    id: questionId(ProofKind.ethereumBlockLog, BlockLogQuestionType, question),
    transactionNodes: prover.transactionTrie.prove(indexKey(index)),
    receiptNodes: prover.receiptTrie.proveAll(upTo(index).map(indexKey)).map(stripReceiptNode),
  });
}

export const blockLogVerifier = payloadVerifier(
  ProofKind.ethereumBlockLog,
  'ethereum-block-log',
  BlockLogPayloadType,
  (payload, leaf, chain) => {
    const { index, log, blockLog } = checkQuestion(
      'log-mismatch',
      ProofKind.ethereumBlockLog,
      BlockLogQuestionType,
      payload,
    );
    if (index > MAX_INDEX) throw new ProofError('malformed', `index ${index} is above ${MAX_INDEX}`);
    const [raw = NONE] = valuesAt(
      'transaction-mismatch',
      leaf.transactionsRoot,
      [index],
      payload.transactionNodes,
    );
    const shown = showTransaction(index, raw);
    const receipts = valuesAt('receipt-mismatch', leaf.receiptsRoot, upTo(index), payload.receiptNodes, {
      restore: restoreReceiptNode,
    });
    const receipt = showReceipt(receipts.at(-1) ?? NONE, shown, decodeKnownReceipt);
    const found = logAt(receipt, log);
    const before = receipts
      .slice(0, -1)
      .reduce((sum, one) => sum + reading('receipt-mismatch', () => decodeKnownReceipt(one)).logs.length, 0);
    if (before + log !== blockLog)
      throw new ProofError('log-mismatch', `the log is number ${before + log} in its block, not ${blockLog}`);
    return {
      summary: `log ${blockLog} of the block: log ${log} of ${transactionWords(shown, chain)}, by contract ${toHex(found.address)}`,
      facts: {
        ...transactionFacts(shown),
        ...receiptFacts(receipt),
        logIndex: log,
        blockLogIndex: blockLog,
        ...logFacts(found),
      },
    };
  },
);

const NONE = new Uint8Array(0);
