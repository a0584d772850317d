import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex, ZERO32 } from '../../../proofs/bytes.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { sampleHeader } from '../../../test/fixtures/ethereum/headers.js';
import { bloomOf } from '../rules/bloom.js';
import { addressOf, leafOfHeader, logOf, type SampleBlock, sampleBlockOn, wordOf } from '../testing/chain.js';
import { flawOf, verify } from '../testing/kinds.js';
import { questionId } from './common.js';
import { bloomExcludes, type LogFilter, logFilter, MAX_ALTERNATIVES, matches } from './filter.js';
import { buildLogs, headerDecides, LogsPayloadType, LogsQuestionType, MAX_BLOCKS } from './logs.js';
import { decodeReceipt, type EthereumLog, withBloom, withoutBloom } from './receipt.js';

const KIND = ProofKind.ethereumLogs;
const START = { height: 500, hash: wordOf('start'), time: 1_700_000_000 };

/** Blocks on one another, each with transactions that wrote these logs. */
function chainOf(logs: readonly (readonly (readonly EthereumLog[])[])[]): SampleBlock[] {
  const blocks: SampleBlock[] = [];
  for (const transactions of logs)
    blocks.push(
      sampleBlockOn(blocks.at(-1)?.header ?? START, { transactions: transactions.map((l) => ({ logs: l })) }),
    );
  return blocks;
}

const given = (blocks: readonly SampleBlock[]) =>
  blocks.map(({ header, receipts }) => ({ header: header.raw, receipts }));
const shownBy = (filter: LogFilter, blocks: readonly SampleBlock[]) =>
  verify(KIND, buildLogs(filter, given(blocks)), leafOfHeader(blocks.at(-1)!.header)).facts;

const contracts = ['a', 'b', 'c'];
const topics = ['x', 'y', 'z'];
const anyLog = fc
  .tuple(
    fc.constantFrom(...contracts),
    fc.array(fc.constantFrom(...topics), { maxLength: 4 }),
    fc.string({ maxLength: 5 }),
  )
  .map(([contract, list, data]) => logOf(contract, list, data));
const anyChain = fc
  .array(fc.array(fc.array(anyLog, { maxLength: 3 }), { maxLength: 3 }), { minLength: 1, maxLength: 4 })
  .map(chainOf);
const anyFilter = fc
  .tuple(
    fc.subarray([...contracts, 'silent'].map(addressOf)),
    fc.array(fc.subarray([...topics, 'unseen'].map(wordOf)), { maxLength: 4 }),
  )
  .map(([addresses, places]) => logFilter(addresses, places));

/** go-ethereum's rules, written another way. */
function bruteForce(filter: LogFilter, blocks: readonly SampleBlock[]) {
  const found: object[] = [];
  for (const { header, receipts } of blocks) {
    let blockLogIndex = -1;
    for (const [index, raw] of receipts.entries()) {
      for (const [logIndex, log] of decodeReceipt(raw).logs.entries()) {
        blockLogIndex++;
        const [address, tops] = [toHex(log.address), log.topics.map(toHex)];
        if (filter.addresses.length > 0 && !filter.addresses.map(toHex).includes(address)) continue;
        if (filter.topics.length > tops.length) continue;
        if (filter.topics.some((list, i) => list.length > 0 && !list.map(toHex).includes(tops[i]!))) continue;
        const place = { block: header.height, blockHash: toHex(header.hash), index, logIndex, blockLogIndex };
        found.push({ ...place, contract: address, topics: tops, data: toHex(log.data) });
      }
    }
  }
  return found;
}

describe('a complete list of logs', () => {
  it('is what a search through every receipt finds, in any blocks by any filter', () => {
    fc.assert(
      fc.property(anyChain, anyFilter, (blocks, filter) => {
        const facts = shownBy(filter, blocks);
        const expected = bruteForce(filter, blocks);
        expect(facts).toMatchObject({ from: 501, to: 500 + blocks.length, count: expected.length });
        expect(facts.logs).toEqual(expected);
        // Receipts are there only where a header does not decide.
        const read = LogsPayloadType.deserialize(buildLogs(filter, given(blocks)));
        for (const [i, { header, receipts }] of read.blocks.entries())
          expect(receipts.length).toBe(headerDecides(filter, header) ? 0 : blocks[i]!.receipts.length);
      }),
      { numRuns: 200 },
    );
  });

  it('cannot leave out or change a receipt, a block or a header, nor add one', () => {
    const blocks = chainOf([
      [[logOf('a', ['x'])]],
      [[], [logOf('b', ['x'])]],
      [[logOf('a', ['y']), logOf('a', ['x'])], []],
    ]);
    const filter = logFilter([addressOf('a')], [[wordOf('x')]]);
    const payload = LogsPayloadType.deserialize(buildLogs(filter, given(blocks)));
    const leaf = leafOfHeader(blocks[2]!.header);
    const asked = (changes: Partial<typeof payload>, under = leaf, question = payload.question) => {
      const id = questionId(KIND, LogsQuestionType, question);
      const changed = LogsPayloadType.serialize({ ...payload, ...changes, question, id });
      return flawOf(() => verify(KIND, changed, under));
    };
    const [first, second, third] = payload.blocks;
    expect([first!.receipts.length, second!.receipts.length, third!.receipts.length]).toEqual([1, 0, 2]);
    const withBlock = (at: number, block: NonNullable<typeof first>) =>
      asked({ blocks: payload.blocks.with(at, block) });
    const withReceipts = (at: number, receipts: Uint8Array[]) =>
      withBlock(at, { ...payload.blocks[at]!, receipts });
    expect(asked({})).toBe('accepted');
    expect(withReceipts(0, [])).toBe('receipt-mismatch');
    expect(withReceipts(2, third!.receipts.slice(0, 1))).toBe('receipt-mismatch');
    expect(withReceipts(2, third!.receipts.toReversed())).toBe('receipt-mismatch');
    expect(withReceipts(2, [...third!.receipts, third!.receipts[1]!])).toBe('receipt-mismatch');
    expect(withReceipts(2, [third!.receipts[1]!, third!.receipts[1]!])).toBe('receipt-mismatch');
    expect(withReceipts(2, [Uint8Array.of(1, 2), third!.receipts[1]!])).toBe('receipt-mismatch');
    expect(withReceipts(1, blocks[1]!.receipts.map(withoutBloom))).toBe('non-canonical');
    expect(withBlock(1, first!)).toBe('block-mismatch');
    expect(asked({ blocks: payload.blocks.slice(1) })).toBe('block-mismatch');
    expect(asked({ blocks: payload.blocks.slice(0, -1) })).toBe('block-mismatch');
    expect(asked({ blocks: [] })).toBe('malformed');
    expect(asked({}, leaf, { ...payload.question, from: 500 })).toBe('block-mismatch');
    expect(asked({}, leafOfHeader(blocks[1]!.header))).toBe('block-mismatch');
    expect(asked({}, { ...leaf, height: 504 })).toBe('block-mismatch');
    // A range that begins later is another question, and has another answer.
    const later = { ...payload.question, from: 502 };
    expect(asked({ blocks: payload.blocks.slice(1) }, leaf, later)).toBe('accepted');
    const wide = { filter: logFilter([], []), from: 501 };
    expect(asked({}, leaf, wide)).toBe('receipt-mismatch');
    const unsorted = { ...payload.question.filter, addresses: [addressOf('b'), addressOf('b')] };
    expect(asked({}, leaf, { filter: unsorted, from: 501 })).toBe('non-canonical');
  });

  it('follows the parents’ hashes: a block of another branch does not fit in', () => {
    const blocks = chainOf([[[logOf('a', ['x'])]], [], []]);
    const other = chainOf([[[]], [], []]);
    const filter = logFilter([addressOf('a')], []);
    const mixed = buildLogs(filter, given([other[0]!, ...blocks.slice(1)]));
    expect(flawOf(() => verify(KIND, mixed, leafOfHeader(blocks[2]!.header)))).toBe('block-mismatch');
  });

  it('is not made of nothing, without receipts that it needs, or of more than fits', () => {
    const [block] = chainOf([[[logOf('a', [])]]]);
    const filter = logFilter([addressOf('a')], []);
    expect(() => buildLogs(filter, [])).toThrow(MalformedInputError);
    expect(() => buildLogs(filter, [{ header: block!.header.raw, receipts: undefined }])).toThrow(
      /are needed/,
    );
    const many = Array.from({ length: MAX_BLOCKS + 1 }, () => ({ header: block!.header.raw, receipts: [] }));
    expect(() => buildLogs(filter, many)).toThrow(LimitExceededError);
    const big = sampleBlockOn(START, { transactions: [{ logs: [logOf('a', [], 'x'.repeat(2 ** 23))] }] });
    expect(() => buildLogs(filter, given([big]))).toThrow(/ask for fewer blocks/);
    const lying = sampleHeader(501, 5, { logsBloom: new Uint8Array(256).fill(255) });
    const empty = buildLogs(filter, [{ header: lying.raw, receipts: [] }]);
    expect(flawOf(() => verify(KIND, empty, leafOfHeader(lying)))).toBe('receipt-mismatch');
  });
});

describe('filters', () => {
  it('ask for a topic at each place that they name, whatever it is', () => {
    const one = logOf('a', ['x']);
    const all = logFilter([], []);
    const any = logFilter([], [[]]);
    expect([matches(all, one), matches(any, one)]).toEqual([true, true]);
    expect([matches(all, logOf('a', [])), matches(any, logOf('a', []))]).toEqual([true, false]);
    expect(matches(logFilter([], [[], []]), one)).toBe(false);
  });

  it('have one form and limits', () => {
    const [a, b] = [addressOf('a'), addressOf('b')];
    expect(logFilter([a, b, a], [])).toEqual(logFilter([b, a], []));
    expect(() => logFilter([], [[], [], [], [], []])).toThrow(LimitExceededError);
    const many = Array.from({ length: MAX_ALTERNATIVES + 1 }, (_, i) => addressOf(`${i}`));
    expect(() => logFilter(many, [])).toThrow(LimitExceededError);
  });

  it('are excluded by a bloom only where no log of it can fit', () => {
    fc.assert(
      fc.property(fc.array(anyLog, { maxLength: 4 }), anyFilter, (logs, filter) => {
        if (bloomExcludes(filter, bloomOf(logs)))
          expect(logs.some((log) => matches(filter, log))).toBe(false);
      }),
      { numRuns: 1000 },
    );
    expect(bloomExcludes(logFilter([], []), new Uint8Array(256))).toBe(true);
    expect(bloomExcludes(logFilter([], [[]]), bloomOf([logOf('a', [])]))).toBe(false);
    expect(bloomExcludes(logFilter([], [[wordOf('x')]]), bloomOf([logOf('a', ['y'])]))).toBe(true);
  });
});

describe('receipts without blooms', () => {
  it('are what receipts are, shorter by their blooms', () => {
    fc.assert(
      fc.property(fc.array(anyLog, { maxLength: 5 }), fc.constantFrom(0, 2), (logs, type) => {
        const [raw] = sampleBlockOn(START, { transactions: [{ type, logs }] }).receipts;
        const bare = withoutBloom(raw!);
        expect(bare.length).toBeLessThanOrEqual(raw!.length - 256);
        expect(withBloom(bare)).toEqual({ raw, receipt: decodeReceipt(raw!) });
      }),
    );
    expect(() => withBloom(new Uint8Array(0))).toThrow(MalformedInputError);
    expect(() => withBloom(ZERO32)).toThrow(MalformedInputError);
  });
});
