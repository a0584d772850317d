import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesEqual, toBareHex, ZERO32 } from '../../proofs/bytes.js';
import { digest64, sha256 } from '../../proofs/hash/hasher.js';
import { MemoryNodes } from '../../proofs/history/nodes.js';
import {
  StateProofError,
  StateProofType,
  verifyStateEntry,
  verifyStateProof,
} from '../../proofs/state/proof.js';
import { keyBit, leafHash, stateKey } from '../../proofs/state/tree.js';
import { StateCorruptError } from './errors.js';
import { StateDraft, StateOverlay } from './overlay.js';
import { treeGet, treeProof, treeUpdate } from './tree.js';
import { StateView } from './view.js';

interface Entry {
  readonly key: Uint8Array;
  readonly valueHash: Uint8Array;
}

/** The definition, word for word. */
function naiveRoot(entries: readonly Entry[], depth = 0): Uint8Array {
  const [first] = entries;
  if (first === undefined) return ZERO32;
  if (entries.length === 1) return leafHash(first.key, first.valueHash);
  const left = naiveRoot(
    entries.filter((e) => keyBit(e.key, depth) === 0),
    depth + 1,
  );
  const right = naiveRoot(
    entries.filter((e) => keyBit(e.key, depth) === 1),
    depth + 1,
  );
  return digest64(left, right);
}

/** Keys that share long prefixes, so that collapsing and splitting happen deep down. */
const keys = fc.tuple(fc.constantFrom(0, 8, 248, 254), fc.integer({ min: 0, max: 15 })).map(([bits, n]) => {
  const key = new Uint8Array(32);
  if (bits === 254) key[31] = n & 3;
  else if (bits === 248) key[31] = n;
  else key[bits / 8] = n * 17;
  return key;
});
const changes = fc.array(
  fc.uniqueArray(fc.record({ key: keys, value: fc.option(fc.uint8Array({ minLength: 1, maxLength: 3 })) }), {
    selector: (c) => toBareHex(c.key),
    maxLength: 12,
  }),
  { maxLength: 6 },
);

function play(batches: readonly (readonly { key: Uint8Array; value: Uint8Array | null }[])[]) {
  const nodes = new MemoryNodes();
  const model = new Map<string, Entry>();
  let root = ZERO32;
  for (const batch of batches) {
    root = treeUpdate(
      root,
      batch.map(({ key, value }) => ({ key, valueHash: value === null ? undefined : sha256(value) })),
      nodes,
    );
    for (const { key, value } of batch) {
      if (value === null) model.delete(toBareHex(key));
      else model.set(toBareHex(key), { key, valueHash: sha256(value) });
    }
    expect(toBareHex(root)).toBe(toBareHex(naiveRoot([...model.values()])));
  }
  return { nodes, model, root };
}

describe('state tree', () => {
  test('agrees with its definition, whatever the order of changes, and proves presence and absence', () => {
    fc.assert(
      fc.property(changes, keys, (batches, probe) => {
        const { nodes, model, root } = play(batches);
        for (const key of [...[...model.values()].map((e) => e.key), probe]) {
          const expected = model.get(toBareHex(key))?.valueHash;
          expect(treeGet(root, key, nodes)).toEqual(expected);
          const proof = treeProof(root, key, nodes);
          expect(verifyStateProof(root, key, proof)).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('any changed byte, missing or extra sibling is refused', () => {
    fc.assert(
      fc.property(changes, keys, fc.nat(), fc.integer({ min: 1, max: 255 }), (batches, key, at, flip) => {
        const { nodes, root } = play(batches);
        const proof = treeProof(root, key, nodes);
        const bytes = StateProofType.serialize(proof);
        const changed = bytes.slice();
        changed[at % bytes.length]! ^= flip;
        let other: typeof proof;
        try {
          other = StateProofType.deserialize(changed);
        } catch {
          return;
        }
        expect(() => verifyStateProof(root, key, other)).toThrow(StateProofError);
        expect(() =>
          verifyStateProof(root, key, { ...proof, siblings: [...proof.siblings, ZERO32] }),
        ).toThrow(StateProofError);
        if (proof.siblings.length > 0) {
          expect(() => verifyStateProof(root, key, { ...proof, siblings: proof.siblings.slice(1) })).toThrow(
            StateProofError,
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  test("another key's leaf shows absence only on that key's path", () => {
    const nodes = new MemoryNodes();
    const a = new Uint8Array(32);
    const b = new Uint8Array(32).fill(0xff);
    const root = treeUpdate(
      ZERO32,
      [a, b].map((key) => ({ key, valueHash: sha256(key) })),
      nodes,
    );
    const proof = treeProof(root, a, nodes);
    const near = new Uint8Array(32);
    near[31] = 1;
    expect(verifyStateProof(root, near, proof)).toBeUndefined();
    const far = new Uint8Array(32).fill(0x80);
    expect(() => verifyStateProof(root, far, proof)).toThrow(/not on the path/);
  });

  test('a missing node is corruption, not absence', () => {
    const empty = new MemoryNodes();
    expect(() => treeGet(sha256(ZERO32), ZERO32, empty)).toThrow(StateCorruptError);
  });
});

describe('state overlay', () => {
  test('reads through, drafts apply or vanish, and values are proven', () => {
    const nodes = new MemoryNodes();
    const overlay = new StateOverlay(new StateView(ZERO32, nodes));
    const key = Uint8Array.of(1);
    overlay.set('m', key, Uint8Array.of(5));
    const draft = new StateDraft(overlay);
    draft.set('m', Uint8Array.of(2), Uint8Array.of(6));
    draft.delete('m', key);
    expect(draft.get('m', key)).toBeUndefined();
    expect(overlay.get('m', key)).toEqual(Uint8Array.of(5));
    const { root, nodes: written } = overlay.commit();
    written.flush(nodes);
    const view = new StateView(root, nodes);
    expect(view.get('m', key)).toEqual(Uint8Array.of(5));
    const entry = view.prove('m', key);
    expect(verifyStateEntry(root, stateKey('m', key), entry)).toEqual(Uint8Array.of(5));
    expect(() => verifyStateEntry(root, stateKey('m', key), { ...entry, value: [Uint8Array.of(6)] })).toThrow(
      StateProofError,
    );
    expect(() => verifyStateEntry(root, stateKey('m', key), { ...entry, value: [] })).toThrow(
      StateProofError,
    );
    const absent = view.prove('m', Uint8Array.of(9));
    expect(verifyStateEntry(root, stateKey('m', Uint8Array.of(9)), absent)).toBeUndefined();
    expect(() =>
      verifyStateEntry(root, stateKey('m', Uint8Array.of(9)), { ...absent, value: [key] }),
    ).toThrow(StateProofError);
    draft.apply();
    expect(overlay.get('m', key)).toBeUndefined();
    expect(overlay.get('m', Uint8Array.of(2))).toEqual(Uint8Array.of(6));
  });

  test('modules do not share keys', () => {
    expect(bytesEqual(stateKey('ab', Uint8Array.of(1)), stateKey('a', Uint8Array.of(98, 1)))).toBe(false);
  });
});
