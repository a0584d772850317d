import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256d } from '../proofs/hash/hasher.js';
import { bitcoinKind } from './bitcoin/kind.js';
import { HeaderRuleError } from './errors.js';
import { HeaderTree } from './tree.js';
import type { ChainKind, ForeignHeader } from './types.js';

const ZERO = new Uint8Array(32);
const checkpoint = { height: 0, hash: ZERO, work: 0n, periodStartTime: 0, periodStartBits: 0 };
/** A kind whose headers say their own work in byte 0. */
const kind: ChainKind = { ...bitcoinKind, work: (header) => BigInt(header.raw[0] ?? 0) };

let salt = 0;
function child(parent: ForeignHeader, work = 1): ForeignHeader {
  const raw = new Uint8Array(8);
  raw[0] = work;
  new DataView(raw.buffer).setUint32(4, ++salt);
  const hash = sha256d(raw);
  return { ...parent, raw, hash, parentHash: parent.hash, height: parent.height + 1 };
}
const root: ForeignHeader = {
  height: 0,
  hash: sha256d(Uint8Array.of(1)),
  parentHash: ZERO,
  transactionsRoot: ZERO,
  receiptsRoot: ZERO,
  stateRoot: ZERO,
  time: 0,
  raw: new Uint8Array(8),
};
function run(parent: ForeignHeader, works: readonly number[]): ForeignHeader[] {
  const out: ForeignHeader[] = [];
  for (const work of works) out.push(child(out.at(-1) ?? parent, work));
  return out;
}
const tree = (options = {}) => new HeaderTree(kind, checkpoint, { header: root, work: 10n }, options);

describe('HeaderTree', () => {
  it('connects a run and reports a heavier branch tip down, then up', () => {
    const t = tree();
    const a = run(root, [1, 1, 1]);
    expect(t.add(a)).toEqual({ disconnected: [], connected: a });
    const b = run(a[0]!, [1, 1]);
    expect(t.add(b)).toEqual({ disconnected: [], connected: [] });
    const b2 = run(b[1]!, [1]);
    expect(t.add(b2)).toEqual({ disconnected: [a[2], a[1]], connected: [...b, ...b2] });
    expect(t.work).toBe(14n);
    expect(t.at(1)).toBe(a[0]);
    expect(t.at(2)).toBe(b[0]);
    expect(t.at(9)).toBeUndefined();
  });

  it('keeps the first seen on equal work and skips known headers', () => {
    const t = tree();
    const a = run(root, [2]);
    const b = run(root, [1, 1]);
    t.add(a);
    expect(t.add(b).connected).toEqual([]);
    expect(t.tip).toBe(a[0]);
    const more = run(b[1]!, [1]);
    expect(t.add([...b, ...more])).toEqual({ disconnected: [a[0]], connected: [...b, ...more] });
    expect(t.add([root, ...b])).toEqual({ disconnected: [], connected: [] });
  });

  it('prefers fewer headers with more work', () => {
    const t = tree();
    const a = run(root, [1, 1, 1]);
    const b = run(root, [4]);
    t.add(a);
    expect(t.add(b)).toEqual({ disconnected: [a[2], a[1], a[0]], connected: b });
  });

  it('refuses runs that hang in the air or are not linked, and changes nothing', () => {
    const t = tree();
    const a = run(root, [1, 1]);
    expect(() => t.add([a[1]!])).toThrow(/prev-blk-not-found/);
    expect(() => t.add([a[0]!, a[0]!])).toThrow(/bad-prevblk/);
    expect(() => t.add([{ ...a[0]!, height: 7 }])).toThrow(/bad-prevblk/);
    const refuse = (header: ForeignHeader): void => {
      if (header === a[1]) throw new HeaderRuleError('high-hash', header.height, '', 'no');
    };
    expect(() => t.add(a, refuse)).toThrow(/high-hash/);
    expect(t.size).toBe(1);
    expect(t.tip).toBe(root);
  });

  it('gives the rules the ancestors of the branch under validation', () => {
    const t = tree();
    const a = run(root, [1, 1, 1]);
    t.add(a);
    const b = run(a[0]!, [1]);
    t.add(b);
    const more = run(b[0]!, [1, 1]);
    const seen: (ForeignHeader | undefined)[][] = [];
    t.add(more, (header, ancestors) => {
      seen.push(Array.from({ length: header.height + 1 }, (_, height) => ancestors.header(height)));
    });
    expect(seen).toEqual([
      [root, a[0], b[0], undefined],
      [root, a[0], b[0], more[0], undefined],
    ]);
  });

  it('follows the last branch where the source decides, even to fewer headers', () => {
    const t = tree({ forkChoice: 'last' });
    const a = run(root, [0, 0, 0]);
    t.add(a);
    const b = run(a[0]!, [0]);
    expect(t.add(b)).toEqual({ disconnected: [a[2], a[1]], connected: b });
    expect(t.add([a[0]!])).toEqual({ disconnected: [b[0]], connected: [] });
  });

  it('forgets what is too deep and the weakest side branches', () => {
    const t = tree({ keep: 16, maxNodes: 40 });
    const a = run(root, Array(100).fill(1));
    const side = run(a[60]!, [1, 1]);
    t.add(a.slice(0, 62));
    t.add(side);
    t.add(a.slice(62));
    expect(t.rootHeight).toBe(100 - 16);
    expect(t.has(side[0]!.hash)).toBe(false);
    expect(t.size).toBe(17);
    for (let i = 0; i < 50; i++) t.add(run(a[98]!, [1]));
    expect(t.size).toBeLessThanOrEqual(40);
    expect(t.tip).toBe(a[99]);
    for (const one of a) t.add([one].filter((h) => h.height > t.tip.height));
    expect(() => t.add(run(a[10]!, [1]))).toThrow(/prev-blk-not-found/);
  });

  it('behaves as a naive model', () => {
    const step = fc.record({
      parent: fc.nat(),
      works: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const t = tree();
        const all = [{ header: root, work: 10n, parent: -1 }];
        let best = 0;
        const followed: ForeignHeader[] = [root];
        for (const { parent, works } of steps) {
          let at = parent % all.length;
          const headers = run(all[at]!.header, works);
          for (const header of headers) {
            all.push({ header, work: all[at]!.work + kind.work(header), parent: at });
            at = all.length - 1;
          }
          if (all[at]!.work > all[best]!.work) best = at;
          const change = t.add(headers);
          for (const header of change.disconnected) expect(followed.pop()).toBe(header);
          for (const header of change.connected) {
            expect(header.parentHash).toEqual(followed.at(-1)!.hash);
            followed.push(header);
          }
          const path: ForeignHeader[] = [];
          for (let i = best; i >= 0; i = all[i]!.parent) path.unshift(all[i]!.header);
          expect(followed).toEqual(path);
          expect(t.work).toBe(all[best]!.work);
          expect(t.tip).toBe(all[best]!.header);
        }
      }),
      { numRuns: 200 },
    );
  });
});
