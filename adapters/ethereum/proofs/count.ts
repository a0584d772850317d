import { ContainerType } from '@chainsafe/ssz';
import { bytesEqual } from '../../../proofs/bytes.js';
import type { Leaf } from '../../../proofs/containers/leaf.js';
import { Bytes32, Uint8, Uint32 } from '../../../proofs/containers/primitives.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { EMPTY_TRIE_ROOT, indexKey, type Trie } from '../trie/build.js';
import { nibblesOf } from '../trie/nibbles.js';
import type { VisitedNode } from '../trie/walk.js';
import { headerOfLeaf, RawHeaderType } from './blockHeader.js';
import { checkQuestion, payloadVerifier, questionId, trieValues } from './common.js';
import { counted } from './facts.js';
import { SharedNodesType } from './payload.js';
import { withdrawalsRootOf } from './withdrawal.js';

/** Lists of a block that can be counted. */
export const CountedList = { transactions: 1, withdrawals: 2 } as const;
export type CountedListCode = (typeof CountedList)[keyof typeof CountedList];

export const CountQuestionType = new ContainerType(
  { list: Uint8, count: Uint32 },
  { typeName: 'EthereumCountQuestion', jsonCase: 'eth2' },
);
/** `ethereum-count`: the raw header for withdrawals, else nothing; and the nodes that show where the list ends. */
export const CountPayloadType = new ContainerType(
  { question: CountQuestionType, id: Bytes32, header: RawHeaderType, nodes: SharedNodesType },
  { typeName: 'EthereumCountPayload', jsonCase: 'eth2' },
);

/** Places up to this one have keys of one byte; that of place 0, 0x80, comes after all of them. */
const ONE_BYTE_KEYS = 128;

/** The keys whose ways show the end of a list: its last place, and where it comes after that, place 0. */
function endKeys(count: number): Uint8Array[] {
  if (count === 0) return [];
  if (count === 1 || count > ONE_BYTE_KEYS) return [indexKey(count - 1)];
  return [indexKey(0), indexKey(count - 1)];
}

/** SSZ payload of a list's length. @param header raw, for withdrawals */
export function buildCount(
  list: CountedListCode,
  trie: Trie,
  count: number,
  header: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const question = { list, count };
  const id = questionId(ProofKind.ethereumCount, CountQuestionType, question);
  return CountPayloadType.serialize({ question, id, header, nodes: trie.proveAll(endKeys(count)) });
}

export const countVerifier = payloadVerifier(
  ProofKind.ethereumCount,
  'ethereum-count',
  CountPayloadType,
  (payload, leaf) => {
    const { list, count } = checkQuestion(
      'transaction-mismatch',
      ProofKind.ethereumCount,
      CountQuestionType,
      payload,
    );
    const { noun, root, flaw } = listOf(list, payload.header, leaf);
    const beyond = new EndWatch(count);
    const keys = endKeys(count);
    const values = trieValues(flaw, root, keys, payload.nodes, { visit: (node) => beyond.visit(node) });
    const ended = count === 0 ? bytesEqual(root, EMPTY_TRIE_ROOT) : !beyond.found;
    if (!ended) throw new ProofError(flaw, `the block has more than ${counted(count, noun)}`);
    if (values.includes(undefined))
      throw new ProofError(flaw, `the block has fewer than ${counted(count, noun)}`);
    return {
      summary: `the block has exactly ${counted(count, noun)}`,
      facts: { list: `${noun}s`, count },
    };
  },
);

function listOf(list: number, header: Uint8Array, leaf: Leaf) {
  if (list === CountedList.withdrawals) {
    const root = withdrawalsRootOf(headerOfLeaf(header, leaf));
    return { noun: 'withdrawal', root, flaw: 'withdrawal-mismatch' } as const;
  }
  if (list !== CountedList.transactions)
    throw new ProofError('malformed', `list ${list} of a block is not known`);
  if (header.length > 0) throw new ProofError('non-canonical', 'transactions are counted without the header');
  return { noun: 'transaction', root: leaf.transactionsRoot, flaw: 'transaction-mismatch' } as const;
}

/** Looks for any key of a place at or beyond `count` beside the ways of `endKeys`. */
class EndWatch {
  found = false;
  readonly #last: readonly number[];
  readonly #way: number;

  constructor(private readonly count: number) {
    this.#last = count === 0 ? [] : nibblesOf(indexKey(count - 1));
    this.#way = endKeys(count).length - 1;
  }

  visit({ items, depth, ways }: VisitedNode): void {
    const { count } = this;
    // One transaction: a leaf is the whole trie.
    if (count === 1) this.found ||= items.length === 17 || depth > 0;
    const zeroIsLast = count > 1 && count <= ONE_BYTE_KEYS;
    // Place 0 is alone under its half-byte 8: all longer keys begin with it too.
    if (zeroIsLast && this.#way === 1 && ways.includes(0) && depth > 1) this.found = true;
    if (items.length !== 17 || !ways.includes(this.#way)) return;
    const own = this.#last[depth] ?? 16;
    for (let nibble = own + 1; nibble < 16; nibble++) {
      const item = items[nibble];
      const isEmpty = item instanceof Uint8Array && item.length === 0;
      if (!isEmpty && !(zeroIsLast && depth === 0 && nibble === 8)) this.found = true;
    }
  }
}
