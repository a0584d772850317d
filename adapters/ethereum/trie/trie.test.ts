import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { decodeRlp, encodeRlp, type RlpItem } from '../rlp/rlp.js';
import { EMPTY_TRIE_ROOT, indexKey, indexTrie, Trie, type TrieEntry } from './build.js';
import { commonPrefix, decodePath, encodePath, nibblesOf } from './nibbles.js';
import { TrieProofError, verifyTrieProof } from './verify.js';

/** Few different short keys, so that one is often another's prefix; values short enough to be inside their parents, and longer. */
const entries: fc.Arbitrary<TrieEntry[]> = fc.uniqueArray(
  fc.record({
    key: fc
      .array(fc.constantFrom(0x00, 0x01, 0x10, 0x11, 0xff), { maxLength: 4 })
      .map((k) => Uint8Array.from(k)),
    value: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  }),
  { selector: ({ key }) => toHex(key), maxLength: 30 },
);
const anyKey = fc
  .array(fc.constantFrom(0x00, 0x01, 0x10, 0x11, 0xff), { maxLength: 5 })
  .map((k) => Uint8Array.from(k));

describe('trie', () => {
  it('proves every key it holds, and the absence of every other', () => {
    fc.assert(
      fc.property(entries, anyKey, (list, other) => {
        const trie = new Trie(list);
        for (const { key, value } of list)
          expect(verifyTrieProof(trie.root, key, trie.prove(key))).toEqual(value);
        const held = list.find(({ key }) => toHex(key) === toHex(other))?.value;
        expect(verifyTrieProof(trie.root, other, trie.prove(other))).toEqual(held);
      }),
      { numRuns: 300 },
    );
  });

  it('does not depend on the order of its entries', () => {
    fc.assert(
      fc.property(entries, fc.infiniteStream(fc.nat()), (list, random) => {
        const keyed = list.map((entry) => ({ entry, at: random.next().value as number }));
        const shuffled = keyed.sort((a, b) => a.at - b.at).map(({ entry }) => entry);
        expect(new Trie(shuffled).root).toEqual(new Trie(list).root);
      }),
    );
  });

  it('has a known root without entries', () => {
    expect(indexTrie([]).root).toEqual(EMPTY_TRIE_ROOT);
    expect(toHex(EMPTY_TRIE_ROOT)).toBe('0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421');
    expect(verifyTrieProof(EMPTY_TRIE_ROOT, indexKey(0), [])).toBeUndefined();
    expect(() => verifyTrieProof(EMPTY_TRIE_ROOT, indexKey(0), [Uint8Array.of(0x80)])).toThrow(/is empty/);
  });

  it('refuses an empty value and a key given twice', () => {
    const key = Uint8Array.of(1);
    expect(() => new Trie([{ key, value: new Uint8Array(0) }])).toThrow(MalformedInputError);
    const twice = { key, value: key };
    expect(() => new Trie([twice, twice])).toThrow(/a key twice/);
  });

  it('serves blocks of every size', () => {
    for (const count of [1, 2, 16, 17, 127, 128, 129, 256, 257, 300]) {
      const values = Array.from({ length: count }, (_, i) => keccak_256(indexKey(i)));
      const trie = indexTrie(values);
      for (let i = 0; i < count; i++)
        expect(verifyTrieProof(trie.root, indexKey(i), trie.prove(indexKey(i)))).toEqual(values[i]);
      const next = indexKey(count);
      expect(verifyTrieProof(trie.root, next, trie.prove(next))).toBeUndefined();
    }
  });
});

describe('strict verifier', () => {
  const values = Array.from({ length: 40 }, (_, i) => new Uint8Array(40).fill(i + 1));
  const trie = indexTrie(values);
  const key = indexKey(20);
  const nodes = trie.prove(key);
  const refused = (proof: readonly Uint8Array[], at = key, root = trie.root) =>
    expect(() => verifyTrieProof(root, at, proof)).toThrow(TrieProofError);

  it('takes exactly the nodes needed, in their order', () => {
    expect(nodes.length).toBeGreaterThan(2);
    expect(verifyTrieProof(trie.root, key, nodes)).toEqual(values[20]);
    refused([]);
    refused(nodes.slice(0, -1));
    refused(nodes.slice(1));
    refused([...nodes, nodes[0]!]);
    refused([...nodes, new Uint8Array(0)]);
    refused([nodes[0]!, ...nodes]);
    refused([...nodes].reverse());
    refused([...nodes, ...Array<Uint8Array>(70).fill(new Uint8Array(1))]);
  });

  it('refuses another root or key', () => {
    refused(nodes, key, new Uint8Array(32));
    refused(nodes, key, EMPTY_TRIE_ROOT);
    refused(nodes, indexKey(19));
    refused(nodes, indexKey(0));
  });

  it('refuses every changed byte', () => {
    for (const [n, node] of nodes.entries()) {
      for (let i = 0; i < node.length; i++) {
        const changed = node.slice();
        changed[i]! ^= 1 << (i % 8);
        refused(nodes.with(n, changed));
      }
    }
  });

  /** A root over one made-up node: what a lying root could commit to. */
  const rootOf = (item: RlpItem) => {
    const raw = encodeRlp(item);
    return { root: keccak_256(raw), nodes: [raw] };
  };
  const none = new Uint8Array(0);
  const long = new Uint8Array(40).fill(1);
  const leaf = (path: number[], value: RlpItem): RlpItem => [encodePath(path, true), value];
  const branch = (child: RlpItem, value: RlpItem = none): RlpItem => [
    child,
    ...Array<RlpItem>(15).fill(none),
    value,
  ];

  it.each<[what: string, node: RlpItem]>([
    ['a node that is no list', long],
    ['a node of three items', [none, none, none]],
    ['a branch of 18 items', [...(branch(none) as RlpItem[]), none]],
    ['a path that is a list', [[], long]],
    ['an unknown path flag', [Uint8Array.of(0x40), long]],
    ['an even path with a filled nibble', [Uint8Array.of(0x21, 0x00), long]],
    ['an extension without a path', [Uint8Array.of(0x00), new Uint8Array(32)]],
    ['an empty leaf', leaf([0, 0], none)],
    ['a leaf whose value is a list', leaf([0, 0], [])],
    ['a reference of 31 bytes', branch(new Uint8Array(31).fill(1))],
    ['a long node inside another', branch(leaf([0], long))],
    ['an extension that leads to a leaf', [encodePath([0], false), leaf([0], Uint8Array.of(1))]],
    ['a branch with one child and no value', branch(leaf([0], Uint8Array.of(1)))],
  ])('refuses %s', (_, item) => {
    const { root, nodes: made } = rootOf(item);
    refused(made, Uint8Array.of(0x00), root);
  });

  it('refuses RLP that is not canonical, even under its own hash', () => {
    const raw = Uint8Array.of(0xf8, 0x03, 0x82, 0x20, 0x00);
    refused([raw], Uint8Array.of(0x00), keccak_256(raw));
  });

  it('refuses a short node that stands alone', () => {
    const child = encodeRlp(leaf([0], Uint8Array.of(1)));
    const parent = encodeRlp([keccak_256(child), keccak_256(child), ...Array<RlpItem>(15).fill(none)]);
    refused([parent, child], Uint8Array.of(0x00), keccak_256(parent));
  });

  it('follows nodes inside their parents', () => {
    const small = new Trie([
      { key: Uint8Array.of(0x10), value: Uint8Array.of(1) },
      { key: Uint8Array.of(0x11), value: Uint8Array.of(2) },
    ]);
    const proof = small.prove(Uint8Array.of(0x11));
    expect(proof.length).toBe(1);
    expect(verifyTrieProof(small.root, Uint8Array.of(0x11), proof)).toEqual(Uint8Array.of(2));
    expect(decodeRlp(proof[0]!)).toHaveLength(2);
  });
});

describe('paths', () => {
  const nibbles = fc.array(fc.nat(15), { maxLength: 10 });

  it('have one encoding', () => {
    fc.assert(
      fc.property(nibbles, fc.boolean(), (path, isLeaf) => {
        fc.pre(isLeaf || path.length > 0);
        expect(decodePath(encodePath(path, isLeaf))).toEqual({ nibbles: path, isLeaf });
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4 }), (bytes) => {
        try {
          const { nibbles: path, isLeaf } = decodePath(bytes);
          expect(encodePath(path, isLeaf)).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedInputError);
        }
      }),
    );
  });

  it('share prefixes', () => {
    expect(nibblesOf(Uint8Array.of(0x1f, 0x02))).toEqual([1, 15, 0, 2]);
    expect(commonPrefix([1, 2, 3], [1, 2, 4, 5])).toBe(2);
  });
});
