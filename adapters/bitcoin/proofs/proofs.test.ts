import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toBareHex, ZERO32 } from '../../../proofs/bytes.js';
import { LeafType } from '../../../proofs/containers/leaf.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import type { Json } from '../../../proofs/verify/payload.js';
import { foreignHeader } from '../rules/header.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { le32, payToWitness, rawBlock, sampleTransactions, transaction } from '../testing/samples.js';
import { BlockProver, buildBitcoinInclusion } from './build.js';
import { readUnanchoredHeader } from './inclusion.js';
import { inclusionFromJson, inclusionToJson } from './json.js';
import { merkleRows, multiproofNodes, multiproofRoot } from './merkle.js';
import { type BitcoinInclusion, BitcoinInclusionType } from './payload.js';
import { parseStripped } from './transaction.js';
import { bitcoinTransactionVerifier } from './verifier.js';
import { verifyBitcoinInclusion } from './verify.js';

const genesis = foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0);
const transactions = sampleTransactions(11);
const block = rawBlock(genesis, transactions);
const root = block.slice(36, 68);
const txids = transactions.map(sha256d);
const prove = (...places: number[]) =>
  buildBitcoinInclusion(
    block,
    places.map((place) => txids[place]!),
  );
const leaf = { ...LeafType.defaultValue(), transactionsRoot: root };

function flawOf(check: () => unknown): string {
  try {
    check();
    return 'accepted';
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return error.flaw;
  }
}
/** Verdict over a proof of `places` with some of its parts changed. */
function changed(
  change: (inclusion: BitcoinInclusion) => Partial<BitcoinInclusion>,
  places = [4],
  expected = root,
) {
  const inclusion = BitcoinInclusionType.deserialize(prove(...places));
  const payload = BitcoinInclusionType.serialize({ ...inclusion, ...change(inclusion) });
  return flawOf(() => verifyBitcoinInclusion(payload, expected));
}

describe('inclusion proofs', () => {
  it('prove any set of transactions of a block of any size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.nat(39), { minLength: 1, maxLength: 6 }),
        (size, picks) => {
          const leaves = sampleTransactions(size);
          const raw = rawBlock(genesis, leaves);
          const places = [...new Set(picks.map((pick) => pick % size))].sort((a, b) => a - b);
          const payload = buildBitcoinInclusion(
            raw,
            places.toReversed().map((place) => sha256d(leaves[place]!)),
          );
          const proven = verifyBitcoinInclusion(payload, raw.slice(36, 68));
          expect(proven.map((one) => one.index)).toEqual(places);
          expect(proven.map((one) => toBareHex(one.raw))).toEqual(
            places.map((place) => toBareHex(leaves[place]!)),
          );
          expect(inclusionFromJson(inclusionToJson(payload))).toEqual(payload);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('say what was paid to whom', () => {
    const claim = bitcoinTransactionVerifier.verify(prove(4), leaf, 'bitcoin-regtest');
    expect(claim.facts).toMatchObject({ index: 4, size: transactions[4]!.length });
    expect(claim.facts.outputs).toEqual([
      { index: 0, amount: '1003', type: 'witness_v0_keyhash', address: expect.stringMatching(/^bcrt1q/) },
    ]);
    expect(claim.summary).toMatch(/payment of 0\.00001003 BTC to bcrt1q/);
    expect(flawOf(() => bitcoinTransactionVerifier.verify(prove(4, 5), leaf, 'bitcoin-regtest'))).toBe(
      'malformed',
    );
    expect(flawOf(() => bitcoinTransactionVerifier.verify(prove(4), leaf, 'bitcoin-x'))).toBe(
      'unknown-chain',
    );
  });

  it.each([[[0]], [[4]], [[10]], [[0, 4, 10]]])('are refused after any change of a byte: %j', (places) => {
    const payload = prove(...places);
    for (let at = 0; at < payload.length; at++) {
      for (const bits of [1, 0x80, 0xff]) {
        const bad = payload.slice();
        bad[at]! ^= bits;
        expect(flawOf(() => verifyBitcoinInclusion(bad, root))).not.toBe('accepted');
      }
    }
    for (let length = 0; length < payload.length; length++) {
      expect(flawOf(() => verifyBitcoinInclusion(payload.subarray(0, length), root))).not.toBe('accepted');
    }
    expect(flawOf(() => verifyBitcoinInclusion(concatBytes(payload, ZERO32), root))).not.toBe('accepted');
  });

  it('are refused as JSON after any change of a character', () => {
    const text = JSON.stringify(inclusionToJson(prove(4)));
    for (let at = 0; at < text.length; at++) {
      for (const other of ['0', 'f', 'A', ' ', '"', '-']) {
        if (other === text[at]) continue;
        const bad = text.slice(0, at) + other + text.slice(at + 1);
        let json: Json;
        try {
          json = JSON.parse(bad);
        } catch {
          continue;
        }
        if (JSON.stringify(json) === text) continue;
        expect(flawOf(() => verifyBitcoinInclusion(inclusionFromJson(json), root))).not.toBe('accepted');
      }
    }
  });

  it('pin the shape', () => {
    expect(changed(() => ({}))).toBe('accepted');
    expect(changed(({ depth }) => ({ depth: depth + 1 }))).toBe('non-canonical');
    expect(changed(({ depth }) => ({ depth: depth - 1 }))).toBe('non-canonical');
    expect(changed(() => ({ depth: 25 }))).toBe('malformed');
    expect(changed(({ nodes }) => ({ nodes: [...nodes, ZERO32] }))).toBe('non-canonical');
    expect(changed(({ nodes }) => ({ nodes: nodes.slice(1) }))).toBe('non-canonical');
    expect(changed(({ nodes }) => ({ nodes: nodes.toReversed() }))).toBe('transaction-mismatch');
    expect(changed(() => ({ transactions: [] }))).toBe('malformed');
    const swap = (t: BitcoinInclusion) => ({ transactions: t.transactions.toReversed() });
    expect(changed(swap, [4, 5])).toBe('non-canonical');
    const twice = (t: BitcoinInclusion) => ({ transactions: [...t.transactions, ...t.transactions] });
    expect(changed(twice)).toBe('non-canonical');
    const beyond = (t: BitcoinInclusion) => ({
      transactions: t.transactions.map((one) => ({ ...one, index: 4 + 16 })),
    });
    expect(changed(beyond)).toBe('non-canonical');
  });

  it('need a real coinbase, once', () => {
    expect(changed(() => ({ coinbase: new Uint8Array(0) }))).toBe('non-canonical');
    expect(changed(() => ({ coinbase: transactions[0]! }), [0])).toBe('non-canonical');
    expect(changed(() => ({ coinbase: transactions[1]! }))).toBe('transaction-mismatch');
    const bare = sampleTransactions(4).slice(1);
    const noCoinbase = rawBlock(genesis, bare);
    const payload = buildBitcoinInclusion(noCoinbase, [sha256d(bare[1]!)]);
    expect(flawOf(() => verifyBitcoinInclusion(payload, noCoinbase.slice(36, 68)))).toBe(
      'transaction-mismatch',
    );
    const coinbases = [
      transactions[0]!,
      transaction(ZERO32, 0xffffffff, Uint8Array.of(1, 9), payToWitness(3)),
    ];
    const two = rawBlock(genesis, coinbases);
    const second = buildBitcoinInclusion(two, [sha256d(coinbases[1]!)]);
    expect(flawOf(() => verifyBitcoinInclusion(second, two.slice(36, 68)))).toBe('transaction-mismatch');
  });

  it('refuse a transaction of 64 bytes (CVE-2017-12842)', () => {
    const sixtyFour = transaction(txids[1]!, 0, new Uint8Array(0), Uint8Array.of(1, 2, 3, 4));
    expect(sixtyFour.length).toBe(64);
    const raw = rawBlock(genesis, [transactions[0]!, sixtyFour, transactions[1]!]);
    const payload = buildBitcoinInclusion(raw, [sha256d(sixtyFour)]);
    expect(flawOf(() => verifyBitcoinInclusion(payload, raw.slice(36, 68)))).toBe('transaction-mismatch');
    // An inner node passed off as a transaction, one level up.
    const inner = concatBytes(txids[2]!, txids[3]!);
    const rows = merkleRows(txids);
    const forged = BitcoinInclusionType.serialize({
      depth: 3,
      coinbase: concatBytes(txids[0]!, txids[1]!),
      transactions: [{ index: 1, raw: inner }],
      nodes: multiproofNodes(rows.slice(1), [0, 1]),
    });
    expect(flawOf(() => verifyBitcoinInclusion(forged, root))).toBe('transaction-mismatch');
  });

  it('refuse the padding of an odd row as a place (CVE-2012-2459)', () => {
    const last = txids.length - 1;
    const rows = merkleRows(txids);
    const pairs = [0, last + 1].map((index) => ({ index, hash: txids[Math.min(index, last)]! }));
    const nodes = multiproofNodes([[...txids, txids[last]!], ...rows.slice(1)], [0, last + 1]);
    expect(flawOf(() => multiproofRoot(4, pairs, nodes))).toBe('transaction-mismatch');
    // Row of eleven: places 12 to 15 exist only as the padding of the row above.
    const wide = [...txids, txids[10]!, ...txids.slice(8), txids[10]!].slice(0, 16);
    const padded = merkleRows(wide);
    for (let index = 11; index < 16; index++) {
      const leaves = [0, index].map((place) => ({ index: place, hash: wide[place]! }));
      const forged = multiproofNodes(padded, [0, index]);
      const verdict = flawOf(() => {
        if (toBareHex(multiproofRoot(4, leaves, forged)) !== toBareHex(root))
          throw new ProofError('malformed', 'root');
      });
      expect(verdict).not.toBe('accepted');
    }
    const doubled = [...transactions, transactions[10]!];
    expect(() => new BlockProver(concatBytes(block.slice(0, 80), Uint8Array.of(12), ...doubled))).toThrow(
      /CVE-2012-2459/,
    );
  });

  it('refuse transactions that are not in their one stripped form', () => {
    const raw = transactions[4]!;
    const flaw = (bytes: Uint8Array) => flawOf(() => parseStripped(bytes));
    expect(flaw(raw)).toBe('accepted');
    expect(flaw(concatBytes(raw, Uint8Array.of(0)))).toBe('non-canonical');
    expect(flaw(concatBytes(raw.slice(0, 4), Uint8Array.of(0, 1), raw.slice(4)))).toBe('non-canonical');
    expect(flaw(concatBytes(raw.slice(0, 4), Uint8Array.of(0xfd, 1, 0), raw.slice(5)))).toBe('non-canonical');
    expect(flaw(concatBytes(raw.slice(0, 4), Uint8Array.of(0), raw.slice(5)))).toBe('malformed');
    expect(flaw(raw.slice(0, -1))).toBe('malformed');
    const rich = transaction(txids[1]!, 0, new Uint8Array(0), payToWitness(1), 2_100_000_000_000_001n);
    expect(flaw(rich)).toBe('malformed');
  });
});

describe('parsers under random input', () => {
  it('throw named errors only', () => {
    const tolerant = (check: () => unknown) => {
      try {
        check();
      } catch (error) {
        if (!(error instanceof CrossrootError)) throw error;
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.jsonValue(), (bytes, json) => {
        tolerant(() => parseStripped(bytes));
        tolerant(() => verifyBitcoinInclusion(bytes, root));
        tolerant(() => new BlockProver(bytes));
        tolerant(() => new BlockProver(concatBytes(block.slice(0, 80), bytes)));
        tolerant(() => inclusionFromJson(json as Json));
        tolerant(() => readUnanchoredHeader('bitcoin-regtest', bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('blocks with one byte changed are refused', () => {
    for (let at = 36; at < block.length; at++) {
      if (at >= 68 && at < 80) continue;
      const bad = block.slice();
      bad[at]! ^= 1;
      expect(() => new BlockProver(bad)).toThrow(CrossrootError);
    }
    expect(() => new BlockProver(new Uint8Array(4_000_001))).toThrow(/limit/);
    expect(() => buildBitcoinInclusion(block, [ZERO32])).toThrow(/not in the block/);
    expect(() => buildBitcoinInclusion(block, [])).toThrow(/is empty/);
    expect(le32(1)).toHaveLength(4);
  });
});
