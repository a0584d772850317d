import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../proofs/bytes.js';
import { indexKey, indexTrie, Trie, type TrieEntry } from './build.js';
import { joinTrieProofs } from './join.js';
import { splitTrieProof, TrieProofError, verifyTrieProof, verifyTrieProofs } from './verify.js';

/** Few different short keys, so that one is often another's prefix; few values, so that nodes are often alike. */
const keyOf = (maxLength: number) =>
  fc
    .array(fc.constantFrom(0x00, 0x01, 0x10, 0x11, 0xff), { maxLength })
    .map((bytes) => Uint8Array.from(bytes));
const entries: fc.Arbitrary<TrieEntry[]> = fc.uniqueArray(
  fc.record({
    key: keyOf(4),
    value: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.constantFrom(new Uint8Array(40).fill(7), Uint8Array.of(7)),
    ),
  }),
  { selector: ({ key }) => toHex(key), maxLength: 30 },
);
const someKeys = fc.uniqueArray(keyOf(5), { selector: toHex, minLength: 1, maxLength: 12 });

describe('proofs of several keys', () => {
  it('show of each what its own proof shows, present or absent', () => {
    fc.assert(
      fc.property(entries, someKeys, (list, keys) => {
        const trie = new Trie(list);
        const nodes = trie.proveAll(keys);
        const values = keys.map((key) => verifyTrieProof(trie.root, key, trie.prove(key)));
        expect(verifyTrieProofs(trie.root, keys, nodes)).toEqual(values);
        // The order of the keys is the caller's; the nodes are the same.
        expect(trie.proveAll(keys.toReversed())).toEqual(nodes);
        expect(verifyTrieProofs(trie.root, keys.toReversed(), nodes)).toEqual(values.toReversed());
      }),
      { numRuns: 500 },
    );
  });

  it('hold each node once, and come apart into the single proofs and together again', () => {
    fc.assert(
      fc.property(entries, someKeys, (list, keys) => {
        const trie = new Trie(list);
        const nodes = trie.proveAll(keys);
        expect(new Set(nodes.map(toHex)).size).toBe(nodes.length);
        const single = keys.map((key) => trie.prove(key));
        expect(splitTrieProof(trie.root, keys, nodes)).toEqual(single);
        const proofs = keys.map((key, i) => ({ key, nodes: single[i]! }));
        expect(joinTrieProofs(trie.root, proofs)).toEqual(nodes);
      }),
      { numRuns: 300 },
    );
  });

  it('have one form: nodes that are left out, added, repeated or swapped are refused', () => {
    fc.assert(
      fc.property(entries, someKeys, fc.nat(), fc.nat(), (list, keys, a, b) => {
        const trie = new Trie(list);
        const nodes = trie.proveAll(keys);
        fc.pre(nodes.length > 1);
        const [i, j] = [a % nodes.length, b % nodes.length];
        const refused = (changed: readonly Uint8Array[]) =>
          expect(() => verifyTrieProofs(trie.root, keys, changed)).toThrow(TrieProofError);
        refused(nodes.toSpliced(i, 1));
        refused(nodes.toSpliced(j, 0, nodes[i]!));
        refused([...nodes, new Uint8Array(0)]);
        if (i !== j) refused(nodes.with(i, nodes[j]!).with(j, nodes[i]!));
      }),
      { numRuns: 300 },
    );
  });

  it('of a whole block are the whole trie', () => {
    for (const count of [1, 2, 17, 128, 129, 300]) {
      const values = Array.from({ length: count }, (_, i) => new Uint8Array(40).fill(i));
      const trie = indexTrie(values);
      const keys = values.map((_, i) => indexKey(i));
      const nodes = trie.proveAll(keys);
      expect(verifyTrieProofs(trie.root, keys, nodes)).toEqual(values);
      const alone = keys.reduce((sum, key) => sum + trie.prove(key).length, 0);
      expect(nodes.length).toBeLessThanOrEqual(alone);
    }
  });

  it('have no nodes where the trie is empty or no key is asked for', () => {
    const empty = indexTrie([]);
    expect(empty.proveAll([indexKey(0), indexKey(1)])).toEqual([]);
    expect(verifyTrieProofs(empty.root, [indexKey(0), indexKey(1)], [])).toEqual([undefined, undefined]);
    const { root } = indexTrie([new Uint8Array(40)]);
    expect(verifyTrieProofs(root, [], [])).toEqual([]);
    expect(() => verifyTrieProofs(root, [], [new Uint8Array(40)])).toThrow(TrieProofError);
    expect(() => joinTrieProofs(root, [{ key: indexKey(0), nodes: [] }])).toThrow(TrieProofError);
  });
});
