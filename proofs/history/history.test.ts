import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../bytes.js';
import { useFastHasher } from '../hash/fast.js';
import { digest64, nobleHasher, setHasher, sha256 } from '../hash/hasher.js';
import { HistoryError } from './errors.js';
import {
  append,
  bagPeaks,
  emptyHistory,
  type History,
  historyRoot,
  leafAt,
  rootOfBag,
  truncate,
} from './history.js';
import { consistencyPath, multiPath, rootFromMultiPath, rootsFromConsistency } from './multi.js';
import { discardNodes, MemoryNodes } from './nodes.js';
import { leafPath, pathLength, rootFromPath } from './path.js';

const leaf = (i: number) => sha256(Uint8Array.of(i & 255, (i >> 8) & 255, 7));
const leaves = (n: number) => Array.from({ length: n }, (_, i) => leaf(i));

/** Root by definition: perfect trees for the binary digits of the size, bagged right to left. */
function naiveRoot(start: number, all: Uint8Array[]): Uint8Array {
  const tree = (xs: Uint8Array[]): Uint8Array =>
    xs.length === 1 ? xs[0]! : digest64(tree(xs.slice(0, xs.length / 2)), tree(xs.slice(xs.length / 2)));
  const peaks: Uint8Array[] = [];
  for (let at = 0; at < all.length; ) {
    let span = 1;
    while (span * 2 <= all.length - at) span *= 2;
    peaks.push(tree(all.slice(at, at + span)));
    at += span;
  }
  return rootOfBag(start, all.length, bagPeaks(peaks));
}

function build(n: number, chunk = n): { history: History; nodes: MemoryNodes } {
  const nodes = new MemoryNodes();
  let history = emptyHistory(5);
  for (let i = 0; i < n; i += chunk) history = append(history, leaves(n).slice(i, i + chunk), nodes);
  return { history, nodes };
}

describe('history', () => {
  beforeAll(() => useFastHasher());

  it('has the root of its definition, however it was appended', () => {
    for (const n of [0, 1, 2, 3, 4, 5, 7, 8, 11, 31, 32, 100]) {
      const expected = toHex(naiveRoot(5, leaves(n)));
      for (const chunk of [1, 2, 3, 7, Math.max(n, 1)])
        expect(toHex(historyRoot(build(n, chunk).history))).toBe(expected);
    }
  });

  it('gives the same root with every hasher', () => {
    const fast = toHex(historyRoot(build(77).history));
    setHasher(nobleHasher);
    expect(toHex(historyRoot(build(77).history))).toBe(fast);
    useFastHasher();
  });

  it('binds start and size', () => {
    const { history } = build(6);
    expect(historyRoot({ ...history, start: 4 })).not.toEqual(historyRoot(history));
    expect(historyRoot({ ...history, size: 7 })).not.toEqual(historyRoot(history));
  });

  it('truncates to what it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 90 }), (a, b) => {
        const [n, m] = [Math.max(a, b), Math.min(a, b)];
        const { history, nodes } = build(n);
        const short = truncate(history, m, nodes);
        expect(historyRoot(short)).toEqual(historyRoot(build(m).history));
        expect(historyRoot(append(short, leaves(n).slice(m), nodes))).toEqual(historyRoot(history));
      }),
    );
    const { history, nodes } = build(3);
    expect(() => truncate(history, 4, nodes)).toThrow(HistoryError);
  });

  it('proves every leaf by a path of forced length', () => {
    for (const n of [1, 2, 3, 5, 8, 13, 64, 77]) {
      const { history, nodes } = build(n);
      for (let i = 0; i < n; i++) {
        const path = leafPath(history, i, nodes);
        expect(path.length).toBe(pathLength(i, n));
        expect(leafAt(history, i, nodes)).toEqual(leaf(i));
        expect(rootFromPath(leaf(i), i, 5, n, path)).toEqual(historyRoot(history));
        expect(() => rootFromPath(leaf(i), i, 5, n, [...path, leaf(0)])).toThrow(HistoryError);
        if (path.length > 0)
          expect(() => rootFromPath(leaf(i), i, 5, n, path.slice(1))).toThrow(HistoryError);
      }
      expect(() => leafPath(history, n, nodes)).toThrow(HistoryError);
    }
  });

  it('refuses a path with any change of leaf, index, size, start or hash', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 70 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (n, pick, where, flip) => {
          const { history, nodes } = build(n);
          const i = pick % n;
          const path = leafPath(history, i, nodes);
          const root = toHex(historyRoot(history));
          const attempt = (make: () => Uint8Array): string => {
            try {
              return toHex(make());
            } catch (error) {
              expect(error).toBeInstanceOf(HistoryError);
              return 'refused';
            }
          };
          expect(attempt(() => rootFromPath(leaf(i + 1), i, 5, n, path))).not.toBe(root);
          expect(attempt(() => rootFromPath(leaf(i), (i + 1) % n, 5, n, path))).not.toBe(root);
          expect(attempt(() => rootFromPath(leaf(i), i, 6, n, path))).not.toBe(root);
          expect(attempt(() => rootFromPath(leaf(i), i, 5, n + 1, path))).not.toBe(root);
          const bent = path.map((h) => h.slice());
          bent[where % bent.length]![where % 32]! ^= flip;
          expect(attempt(() => rootFromPath(leaf(i), i, 5, n, bent))).not.toBe(root);
        },
      ),
    );
  });

  it('proves several leaves at once with no hash too many', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
        (n, picks) => {
          const { history, nodes } = build(n);
          const indices = [...new Set(picks.map((p) => p % n))].sort((a, b) => a - b);
          const path = multiPath(history, indices, nodes);
          const wanted = indices.map((index) => ({ index, hash: leaf(index) }));
          expect(rootFromMultiPath(wanted, 5, n, path)).toEqual(historyRoot(history));
          expect(() => rootFromMultiPath(wanted, 5, n, [...path, leaf(1)])).toThrow(HistoryError);
          if (path.length > 0)
            expect(() => rootFromMultiPath(wanted, 5, n, path.slice(1))).toThrow(HistoryError);
        },
      ),
    );
    const { history, nodes } = build(8);
    for (const bad of [[], [1, 1], [2, 1], [8]])
      expect(() => multiPath(history, bad, nodes)).toThrow(HistoryError);
  });

  it('proves that a history continues an older one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 }), (a, b) => {
        const [n, m] = [Math.max(a, b), Math.min(a, b)];
        const { history, nodes } = build(n);
        const proof = consistencyPath(history, m, nodes);
        const roots = rootsFromConsistency(5, m, n, proof);
        expect(roots.oldRoot).toEqual(historyRoot(build(m).history));
        expect(roots.newRoot).toEqual(historyRoot(history));
      }),
    );
  });

  it('does not prove consistency of a history with another past', () => {
    const { history, nodes } = build(20);
    const other = append(emptyHistory(5), [leaf(99), ...leaves(9)], discardNodes);
    const roots = rootsFromConsistency(5, 10, 20, {
      ...consistencyPath(history, 10, nodes),
      oldPeaks: other.peaks,
    });
    expect(roots.newRoot).not.toEqual(historyRoot(history));
  });
});
