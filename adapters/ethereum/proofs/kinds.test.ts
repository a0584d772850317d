import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../proofs/bytes.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { kindNames } from '../../../proofs/format/proof.js';
import type { Json } from '../../../proofs/verify/payload.js';
import { sampleHeader } from '../../../test/fixtures/ethereum/headers.js';
import { encodeRlp, type RlpItem } from '../rlp/rlp.js';
import { addressOf, leafOfHeader, sampleBlockOn } from '../testing/chain.js';
import {
  block,
  flawOf,
  leaf,
  PAYEE,
  prover,
  samples,
  verifierOf,
  verify,
  withdrawals,
} from '../testing/kinds.js';
import { EMPTY_TRIE_ROOT, indexKey, indexTrie, Trie } from '../trie/build.js';
import { nibblesOf } from '../trie/nibbles.js';
import { BlockLogPayloadType, BlockLogQuestionType, buildBlockLog } from './blockLog.js';
import { questionId } from './common.js';
import { buildCount, CountedList, CountPayloadType, CountQuestionType } from './count.js';
import { decodeReceipt } from './receipt.js';
import { buildSeveral, ItemPart, SeveralPayloadType, SeveralQuestionType } from './several.js';
import { buildWithdrawal } from './withdrawal.js';

const none = new Uint8Array(0);
const facts = (kind: number, payload: Uint8Array, under = leaf) => verify(kind, payload, under).facts;

describe.each(Object.entries(samples))('a proof of: %s', (_, [kind, payload, header]) => {
  const own = leafOfHeader(header);

  it('holds, and has one JSON form', () => {
    expect(verify(kind, payload, own).summary).not.toBe('');
    const verifier = verifierOf(kind);
    expect(verifier.name).toBe(kindNames[verifier.kind]);
    const json = JSON.parse(JSON.stringify(verifier.toJson(payload))) as Record<string, Json>;
    expect(verifier.fromJson(json)).toEqual(payload);
    expect(flawOf(() => verifier.fromJson({ ...json, more: 1 }))).toBe('malformed');
  });

  it('is of this block alone', () => {
    const other = leafOfHeader(sampleBlockOn(block.header).header);
    expect(flawOf(() => verify(kind, payload, other))).not.toBe('accepted');
  });
});

describe('several', () => {
  const of = (items: [index: number, part: number, log?: number][]) =>
    buildSeveral(
      prover,
      items.map(([index, part, log = 0]) => ({ index, part, log })),
    );

  it('shows each item as a proof of its own would, ascending', () => {
    const { items } = facts(ProofKind.ethereumSeveral, samples.several![1]);
    expect(items).toMatchObject([
      { part: 'receipt', index: 2, status: 'succeeded', logs: 3 },
      { index: 7, inputBytes: 9 },
      { part: 'log', index: 7, logIndex: 1, contract: toHex(addressOf('other')) },
      { index: 13 },
    ]);
    const single = verify(ProofKind.ethereumSeveral, of([[3, ItemPart.log]]));
    expect(single.facts).toMatchObject({ index: 3, logIndex: 0 });
  });

  it('of all of a block shares nodes, and has receipts only where they are needed', () => {
    const all = of(Array.from({ length: 20 }, (_, i) => [i, ItemPart.transaction]));
    const { transactionNodes, receiptNodes } = SeveralPayloadType.deserialize(all);
    expect(receiptNodes).toEqual([]);
    const alone = Array.from({ length: 20 }, (_, i) => prover.transactionTrie.prove(indexKey(i)).length);
    expect(transactionNodes.length).toBeLessThan(alone.reduce((sum, n) => sum + n, 0) / 1.5);
    expect(verify(ProofKind.ethereumSeveral, all).summary).toBe('20 transactions');
  });

  it('is not made of nothing, of a thing twice or of what is not there', () => {
    expect(() => of([])).toThrow(MalformedInputError);
    expect(() =>
      of([
        [1, 0],
        [1, 0],
      ]),
    ).toThrow(/twice/);
    expect(() => of([[20, 0]])).toThrow(/not in the block/);
    expect(() => of([[3, ItemPart.log, 1]])).toThrow(/not in the transaction, which has 1/);
    expect(() => of(Array.from({ length: 4097 }, () => [1, 0]))).toThrow(LimitExceededError);
  });

  it('is refused in another order, with unknown parts, or with nodes that no item needs', () => {
    const good = SeveralPayloadType.deserialize(samples.several![1]);
    const asked = (items: typeof good.question.items, changes: Partial<typeof good> = {}) => {
      const question = { items };
      const id = questionId(ProofKind.ethereumSeveral, SeveralQuestionType, question);
      const payload = SeveralPayloadType.serialize({ ...good, ...changes, question, id });
      return flawOf(() => verify(ProofKind.ethereumSeveral, payload));
    };
    const { items } = good.question;
    expect(asked(items)).toBe('accepted');
    expect(asked(items.toReversed())).toBe('non-canonical');
    expect(asked([items[0]!, ...items])).toBe('non-canonical');
    expect(asked([])).toBe('malformed');
    expect(asked([{ ...items[0]!, part: 3 }, ...items.slice(1)])).toBe('malformed');
    expect(asked([{ ...items[0]!, log: 1 }, ...items.slice(1)])).toBe('non-canonical');
    expect(asked(items.slice(0, -1))).toBe('transaction-mismatch');
    expect(asked(items.filter(({ part }) => part === 0))).toBe('transaction-mismatch');
    const withLog = items.map((item) => (item.part === ItemPart.log ? { ...item, log: 2 } : item));
    expect(asked(withLog)).toBe('log-mismatch');
    expect(asked(items, { receiptNodes: good.receiptNodes.slice(1) })).toBe('receipt-mismatch');
  });
});

describe('a list that ends', () => {
  const build = (trie: Trie, count: number) => buildCount(CountedList.transactions, trie, count);
  const verdict = (trie: Trie, payload: Uint8Array) =>
    flawOf(() => verify(ProofKind.ethereumCount, payload, { ...leaf, transactionsRoot: trie.root }));

  it('is counted exactly, at every length', () => {
    for (const count of [0, 1, 2, 15, 16, 17, 18, 126, 127, 128, 129, 130, 255, 256, 257, 258, 300, 700]) {
      const trie = indexTrie(Array.from({ length: count }, (_, i) => indexKey(i * 7 + 1)));
      expect(verdict(trie, build(trie, count)), `${count}`).toBe('accepted');
      for (const other of [0, 1, count - 1, count - 2, count + 1, count + 5, 128, 129, 256, 257]) {
        if (other === count || other < 0) continue;
        expect(verdict(trie, build(trie, other)), `${count} as ${other}`).toBe('transaction-mismatch');
      }
    }
  });

  it('cannot hide anything behind a gap, whatever the trie', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(400), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 0, max: 402 }),
        (places, count) => {
          const value = new Uint8Array(40).fill(1);
          const trie = new Trie(places.map((place) => ({ key: indexKey(place), value })));
          const ends = Math.max(...places) === count - 1;
          // From 2 to 128 the proof shows place 0 too.
          const shown = ends && (count < 2 || count > 128 || places.includes(0));
          expect(verdict(trie, build(trie, count))).toBe(shown ? 'accepted' : 'transaction-mismatch');
        },
      ),
      { numRuns: 500 },
    );
  });

  it('has keys as this proof relies on: those of one byte, then place 0, then the longer ones', () => {
    expect(nibblesOf(indexKey(0))).toEqual([8, 0]);
    expect(nibblesOf(indexKey(127))).toEqual([7, 15]);
    expect(nibblesOf(indexKey(128))).toEqual([8, 1, 8, 0]);
    expect(nibblesOf(indexKey(256))).toEqual([8, 2, 0, 1, 0, 0]);
  });

  it('is of transactions without the header, of withdrawals with it', () => {
    const good = CountPayloadType.deserialize(samples['number of withdrawals']![1]);
    const asked = (list: number, header: Uint8Array) => {
      const question = { list, count: 16 };
      const id = questionId(ProofKind.ethereumCount, CountQuestionType, question);
      const payload = CountPayloadType.serialize({ ...good, question, id, header });
      return flawOf(() => verify(ProofKind.ethereumCount, payload));
    };
    expect(asked(2, block.header.raw)).toBe('accepted');
    expect(asked(2, new Uint8Array(0))).toBe('block-mismatch');
    expect(asked(1, block.header.raw)).toBe('non-canonical');
    expect(asked(1, new Uint8Array(0))).toBe('transaction-mismatch');
    expect(asked(3, block.header.raw)).toBe('malformed');
    const empty = CountPayloadType.serialize({
      ...CountPayloadType.deserialize(build(indexTrie([]), 0)),
    });
    expect(facts(ProofKind.ethereumCount, empty, { ...leaf, transactionsRoot: EMPTY_TRIE_ROOT })).toEqual({
      list: 'transactions',
      count: 0,
    });
  });
});

describe('a log in its block', () => {
  it('has the place that all logs before it leave to it', () => {
    let before = 0;
    for (const [index, receipt] of block.receipts.entries()) {
      for (const [log] of decodeReceipt(receipt).logs.entries()) {
        expect(facts(ProofKind.ethereumBlockLog, buildBlockLog(prover, index, log))).toMatchObject({
          index,
          logIndex: log,
          blockLogIndex: before++,
        });
      }
    }
    expect(before).toBeGreaterThan(30);
  });

  it('cannot have another place, or leave out a receipt before it', () => {
    const good = BlockLogPayloadType.deserialize(buildBlockLog(prover, 5, 1));
    const asked = (changes: object, more: object = {}) => {
      const question = { ...good.question, ...changes };
      const id = questionId(ProofKind.ethereumBlockLog, BlockLogQuestionType, question);
      const payload = BlockLogPayloadType.serialize({ ...good, ...more, question, id });
      return flawOf(() => verify(ProofKind.ethereumBlockLog, payload));
    };
    expect(asked({})).toBe('accepted');
    expect(asked({ blockLog: good.question.blockLog + 1 })).toBe('log-mismatch');
    expect(asked({ log: 0 })).toBe('log-mismatch');
    expect(asked({ log: 9 })).toBe('log-mismatch');
    expect(asked({ index: 4 })).toBe('transaction-mismatch');
    expect(asked({ index: 2 ** 16 })).toBe('malformed');
    expect(asked({}, { receiptNodes: good.receiptNodes.slice(0, -1) })).toBe('receipt-mismatch');
    expect(() => buildBlockLog(prover, 20, 0)).toThrow(MalformedInputError);
    expect(() => buildBlockLog(prover, 0, 0)).toThrow(/which has 0/);
  });
});

describe('withdrawals', () => {
  it('are shown with amount and validator, or shown to be absent', () => {
    expect(facts(ProofKind.ethereumWithdrawal, samples.withdrawal![1])).toEqual({
      position: 9,
      exists: true,
      index: String(1000 * block.header.height + 9),
      validatorIndex: '16',
      address: toHex(addressOf('validator 9')),
      amountGwei: '1500000009',
    });
    expect(facts(ProofKind.ethereumWithdrawal, samples['no withdrawal']![1])).toEqual({
      position: 16,
      exists: false,
    });
  });

  it('of another block, or of one before Shanghai, are refused', () => {
    const other = sampleBlockOn(block.header, { withdrawals: 16 });
    const payload = buildWithdrawal(other.header.raw, indexTrie(other.withdrawals), 9);
    expect(flawOf(() => verify(ProofKind.ethereumWithdrawal, payload))).toBe('block-mismatch');
    expect(
      flawOf(() => verify(ProofKind.ethereumWithdrawal, buildWithdrawal(block.header.raw, indexTrie([]), 9))),
    ).toBe('withdrawal-mismatch');
    const paris = sampleHeader(99, 1_700_000_000, {}, 16);
    const before = buildWithdrawal(paris.raw, withdrawals, 9);
    expect(() => verify(ProofKind.ethereumWithdrawal, before, leafOfHeader(paris))).toThrow(
      /knows no withdrawals/,
    );
  });

  it.each<[string, RlpItem]>([
    ['three fields', [none, none, PAYEE]],
    ['a short address', [none, none, none, none]],
    ['an amount with a zero', [none, none, PAYEE, Uint8Array.of(0)]],
  ])('with %s are refused, even under their own root', (_, value) => {
    const trie = indexTrie([encodeRlp(value)]);
    const header = sampleHeader(99, 1_700_000_000, { withdrawalsRoot: trie.root });
    const payload = buildWithdrawal(header.raw, trie, 0);
    expect(flawOf(() => verify(ProofKind.ethereumWithdrawal, payload, leafOfHeader(header)))).toBe(
      'withdrawal-mismatch',
    );
  });
});
