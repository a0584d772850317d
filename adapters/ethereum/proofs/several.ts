import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { toHex } from '../../../proofs/bytes.js';
import { ListCompositeType } from '../../../proofs/containers/lists.js';
import { Bytes32, Uint8, Uint32 } from '../../../proofs/containers/primitives.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import type { Json, PayloadClaim } from '../../../proofs/verify/payload.js';
import { indexKey } from '../trie/build.js';
import type { EthereumBlockProver } from './build.js';
import { checkQuestion, payloadVerifier, questionId, valuesAt } from './common.js';
import {
  counted,
  logAt,
  logFacts,
  receiptFacts,
  showReceipt,
  showTransaction,
  transactionFacts,
  transactionWords,
} from './facts.js';
import { SharedNodesType } from './payload.js';
import { decodeKnownReceipt, type EthereumReceipt } from './receipt.js';
import { restoreReceiptNode, stripReceiptNode } from './receiptNodes.js';

/** Most things of one proof. */
export const MAX_ITEMS = 4096;
/** What of a transaction an item is. */
export const ItemPart = { transaction: 0, receipt: 1, log: 2 } as const;

const ItemType = new ContainerType(
  /** Place of the transaction in the block; `ItemPart`; place of the log in its receipt, else zero. */
  { index: Uint32, part: Uint8, log: Uint32 },
  { typeName: 'EthereumItem', jsonCase: 'eth2' },
);
export type EthereumItem = ValueOf<typeof ItemType>;

export const SeveralQuestionType = new ContainerType(
  { items: new ListCompositeType(ItemType, MAX_ITEMS) },
  { typeName: 'EthereumSeveralQuestion', jsonCase: 'eth2' },
);
/** `ethereum-several`: the items ascend; every item's transaction is shown, and the receipts that receipts and logs need. */
export const SeveralPayloadType = new ContainerType(
  {
    question: SeveralQuestionType,
    id: Bytes32,
    transactionNodes: SharedNodesType,
    receiptNodes: SharedNodesType,
  },
  { typeName: 'EthereumSeveralPayload', jsonCase: 'eth2' },
);

function compare(a: EthereumItem, b: EthereumItem): number {
  return a.index - b.index || a.part - b.part || a.log - b.log;
}

/** Places in the block, ascending, each once. */
function placesOf(items: readonly EthereumItem[]): { transactions: number[]; receipts: number[] } {
  const places = (some: readonly EthereumItem[]) => [...new Set(some.map(({ index }) => index))];
  return {
    transactions: places(items),
    receipts: places(items.filter(({ part }) => part !== ItemPart.transaction)),
  };
}

/**
 * SSZ payload of several transactions, receipts and logs of one block.
 * @param items in any order
 * @throws MalformedInputError for no item, one given twice, and one that is not there; LimitExceededError
 */
export function buildSeveral(prover: EthereumBlockProver, items: readonly EthereumItem[]): Uint8Array {
  if (items.length === 0) throw new MalformedInputError('items', 'are none');
  if (items.length > MAX_ITEMS) throw new LimitExceededError('items in one proof', items.length, MAX_ITEMS);
  const sorted = [...items].sort(compare);
  for (const [i, item] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before !== undefined && compare(before, item) === 0)
      throw new MalformedInputError('items', 'have one of them twice');
    const receipt = prover.receipts[item.index];
    if (receipt === undefined)
      throw new MalformedInputError('transaction', `${item.index} is not in the block`);
    if (item.part !== ItemPart.log) continue;
    const { logs } = decodeKnownReceipt(receipt);
    if (logs[item.log] === undefined)
      throw new MalformedInputError('log', `${item.log} is not in the transaction, which has ${logs.length}`);
  }
  const question = { items: sorted };
  const { transactions, receipts } = placesOf(sorted);
  return SeveralPayloadType.serialize({
    question,
    id: questionId(ProofKind.ethereumSeveral, SeveralQuestionType, question),
    transactionNodes: prover.transactionTrie.proveAll(transactions.map(indexKey)),
    receiptNodes: prover.receiptTrie.proveAll(receipts.map(indexKey)).map(stripReceiptNode),
  });
}

export const severalVerifier = payloadVerifier(
  ProofKind.ethereumSeveral,
  'ethereum-several',
  SeveralPayloadType,
  (payload, leaf, chain) => {
    const { items } = checkQuestion(
      'transaction-mismatch',
      ProofKind.ethereumSeveral,
      SeveralQuestionType,
      payload,
    );
    assertItems(items);
    const places = placesOf(items);
    const rawTransactions = valuesAt(
      'transaction-mismatch',
      leaf.transactionsRoot,
      places.transactions,
      payload.transactionNodes,
    );
    const rawReceipts = valuesAt(
      'receipt-mismatch',
      leaf.receiptsRoot,
      places.receipts,
      payload.receiptNodes,
      { restore: restoreReceiptNode },
    );
    const shown = new Map(
      places.transactions.map(
        (index, i) => [index, showTransaction(index, rawTransactions[i] ?? NONE)] as const,
      ),
    );
    const receipts = new Map<number, EthereumReceipt>();
    for (const [i, index] of places.receipts.entries()) {
      const transaction = shown.get(index);
      if (transaction !== undefined)
        receipts.set(index, showReceipt(rawReceipts[i] ?? NONE, transaction, decodeKnownReceipt));
    }
    const claims = items.map((item): PayloadClaim => {
      const transaction = shown.get(item.index);
      if (transaction === undefined) throw new ProofError('malformed', 'an item has no transaction');
      const receipt = receipts.get(item.index);
      const words = transactionWords(transaction, chain);
      const facts: Record<string, Json> = {
        part: PART_NAMES[item.part] ?? '',
        ...transactionFacts(transaction),
      };
      if (item.part === ItemPart.transaction || receipt === undefined) return { summary: words, facts };
      const both = { ...facts, ...receiptFacts(receipt) };
      if (item.part === ItemPart.receipt) return { summary: `receipt of ${words}`, facts: both };
      const log = logAt(receipt, item.log);
      return {
        summary: `log ${item.log} of ${words}, by contract ${toHex(log.address)}`,
        facts: { ...both, logIndex: item.log, ...logFacts(log) },
      };
    });
    const [only] = claims;
    if (claims.length === 1 && only !== undefined) return only;
    return { summary: wordsOf(items), facts: { items: claims.map(({ facts }) => facts) } };
  },
);

const NONE = new Uint8Array(0);

function assertItems(items: readonly EthereumItem[]): void {
  if (items.length === 0) throw new ProofError('malformed', 'nothing to prove');
  for (const [i, item] of items.entries()) {
    const before = items[i - 1];
    if (before !== undefined && compare(before, item) >= 0)
      throw new ProofError('non-canonical', 'items do not ascend');
    if (item.part > ItemPart.log) throw new ProofError('malformed', `an item has part ${item.part}`);
    if (item.part !== ItemPart.log && item.log !== 0)
      throw new ProofError('non-canonical', 'an item that is no log has a number of a log');
  }
}

const PART_NAMES = ['transaction', 'receipt', 'log'];

function wordsOf(items: readonly EthereumItem[]): string {
  return PART_NAMES.map((name, part) => [name, items.filter((item) => item.part === part).length] as const)
    .flatMap(([name, count]) => (count === 0 ? [] : [counted(count, name)]))
    .join(', ');
}
