import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeCheckpoint, fakeGenesis, fakeHeader, fakeKind } from '../../test/support/indexers/fakeKind.js';
import { HeaderTooEarlyError } from '../errors.js';
import { HeaderTree } from '../tree.js';
import type { Ancestors, ForeignHeader } from '../types.js';
import { BranchCollector, type BranchRecord, verifyBranches } from './branches.js';
import { InvalidHeaders } from './invalid.js';
import { OrphanPool } from './orphans.js';
import { Presync, PresyncLimitError, PresyncMismatchError } from './presync.js';

const NOW = 1e9;
const validate = (header: ForeignHeader, ancestors: Ancestors) =>
  fakeKind.validate('fake-work', header, ancestors, NOW);
const tree = (options = {}) =>
  new HeaderTree(fakeKind, fakeCheckpoint, { header: fakeGenesis, work: 5n }, options);

function run(parent: ForeignHeader, count: number, salt: number, work = 1): ForeignHeader[] {
  const out: ForeignHeader[] = [];
  for (let last = parent; out.length < count; out.push(last)) last = fakeHeader(last, salt, { work });
  return out;
}

describe('invalid headers', () => {
  it('are remembered with the reason, and so is what builds on them', () => {
    const t = tree();
    const bad = fakeHeader(fakeGenesis, 1, { flaw: 1 });
    const [child, grandchild] = run(bad, 2, 2) as [ForeignHeader, ForeignHeader];
    let validated = 0;
    const count = (header: ForeignHeader, ancestors: Ancestors) => {
      validated++;
      validate(header, ancestors);
    };
    expect(() => t.add([bad, child], count)).toThrow(/^flawed/);
    expect(() => t.add([bad], count)).toThrow(/^duplicate-invalid: is known to break flawed/);
    const name = fakeKind.displayHash(bad.hash);
    expect(() => t.add([child], count)).toThrow(
      `bad-prevblk: builds on ${name} at height 101, which breaks flawed`,
    );
    expect(() => t.add([grandchild], count)).toThrow(`bad-prevblk: builds on ${name}`);
    expect(() => t.add([child], count)).toThrow(`duplicate-invalid: is known to build on ${name}`);
    expect(validated).toBe(1);
  });

  it('never count those that may become valid', () => {
    const t = tree();
    const early = fakeHeader(fakeGenesis, 1, { time: 3e9 });
    expect(() => t.add([early], validate)).toThrow(HeaderTooEarlyError);
    expect(t.invalid.size).toBe(0);
    t.add([early], (header, ancestors) => fakeKind.validate('fake-work', header, ancestors, 3e9));
    expect(t.tip).toBe(early);
  });

  it('are forgotten beyond the capacity, those not asked for first', () => {
    const invalid = new InvalidHeaders(fakeKind, 8);
    const t = tree();
    const bad = Array.from({ length: 20 }, (_, i) => fakeHeader(fakeGenesis, i, { flaw: 1 }));
    for (const header of bad) {
      try {
        t.add([header], validate);
      } catch (error) {
        invalid.remember(header, error);
      }
      invalid.reason(bad[0]!.hash);
    }
    expect(invalid.size).toBe(8);
    expect(invalid.reason(bad[0]!.hash)?.rule).toBe('flawed');
    expect(invalid.reason(bad[5]!.hash)).toBeUndefined();
  });
});

describe('forks too deep', () => {
  it('below the checkpoint or what is final are refused by name, and what hangs there is dropped', () => {
    const t = tree();
    const best = run(fakeGenesis, 10, 1);
    const side = run(best[2]!, 2, 2);
    t.add(best);
    t.add(side);
    const below = { ...fakeGenesis, hash: best[0]!.hash.map((b) => b ^ 1) };
    expect(() => t.add([below])).toThrow(/^bad-fork-prior-to-checkpoint/);
    t.finalize(best[4]!.height);
    t.finalize(best[1]!.height);
    expect(t.has(side[0]!.hash)).toBe(false);
    expect(() => t.add(run(best[3]!, 20, 3))).toThrow(
      /^bad-fork-prior-to-checkpoint: leaves at 104, below 105/,
    );
    expect(t.add(run(best[4]!, 20, 4)).disconnected).toHaveLength(5);
  });
});

describe('OrphanPool', () => {
  it('connects headers that came in any order, through validation', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), (order) => {
        const pool = new OrphanPool(fakeKind);
        const t = tree();
        const headers = run(fakeGenesis, 12, 1);
        const shuffled = headers.map((h, i) => ({ h, o: order[i]! })).sort((a, b) => a.o - b.o);
        for (const { h } of shuffled) {
          if (!t.has(h.parentHash)) pool.add([h], 'a', 0);
          else t.add([h, ...pool.take(h)], validate);
        }
        expect(t.tip).toBe(headers[11]);
        expect(pool.size + pool.bytes).toBe(0);
      }),
    );
  });

  it('is bounded by count, bytes and age; a flood displaces its own source only, weakest first', () => {
    const pool = new OrphanPool(fakeKind, { maxHeaders: 30, maxPerSource: 20, maxAge: 60 });
    const honest = run(fakeGenesis, 8, 7, 3).slice(1);
    pool.add(honest, 'honest', 0);
    for (let i = 0; i < 5000; i++) pool.add([fakeHeader(honest[0], i)], 'flood', 1);
    expect(pool.heldOf('flood')).toBe(20);
    expect(pool.heldOf('honest')).toBe(7);
    for (let i = 0; i < 100; i++) pool.add([fakeHeader(honest[0], i)], 'second', 2);
    expect(pool.size).toBe(30);
    expect(pool.heldOf('honest')).toBe(7);
    const strong = fakeHeader(honest[0], 1, { work: 9 });
    pool.add([strong], 'second', 3);
    for (let i = 200; i < 300; i++) pool.add([fakeHeader(honest[0], i)], 'second', 3);
    expect(pool.take(honest[0]!, 'second').map((h) => h.height)).toEqual([strong.height]);
    pool.expire(61);
    expect(pool.heldOf('honest')).toBe(0);
    pool.expire(100);
    expect(pool.size + pool.bytes).toBe(0);
    const small = new OrphanPool(fakeKind, { maxBytes: 500 });
    small.add(run(fakeGenesis, 100, 1), 'a', 0);
    expect(small.bytes).toBeLessThanOrEqual(500);
  });

  it('works out the work of each header once, and keeps what a search through all would keep', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 60 }), fc.nat(59), (works, taken) => {
        let asked = 0;
        let displaced = 0;
        const work = (header: ForeignHeader) => {
          asked++;
          return fakeKind.work(header);
        };
        const counting = { work };
        const pool = new OrphanPool(counting, { maxPerSource: 9 });
        const headers = works.map((work, i) => fakeHeader(fakeGenesis, i, { work }));
        let kept: ForeignHeader[] = [];
        headers.forEach((header, i) => {
          pool.add([header, header], 'a', 0);
          kept.push(header);
          if (kept.length > 9) {
            const weakest = kept.reduce((a, b) => (fakeKind.work(b) < fakeKind.work(a) ? b : a));
            kept = kept.filter((one) => one !== weakest);
            // It is not held, so that its second copy is a new one.
            if (weakest === header) displaced++;
          }
          if (i !== taken) return;
          expect(pool.take(fakeGenesis)).toEqual(kept.slice(0, 1));
          kept.shift();
        });
        expect(asked).toBe(headers.length + displaced);
        expect(pool.size).toBe(kept.length);
        for (const header of kept) expect(pool.take(fakeGenesis)).toEqual([header]);
        expect(pool.heldOf('a')).toBe(0);
      }),
    );
  });
});

describe('Presync', () => {
  const presync = (maxHeaders = 1e7) =>
    new Presync({
      kind: fakeKind,
      chain: 'fake-work',
      checkpoint: fakeCheckpoint,
      fork: { header: fakeGenesis, work: 5n },
      ancestor: () => undefined,
      maxHeaders,
      salt: Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 3),
      invalid: new InvalidHeaders(fakeKind),
    });

  it('counts work, and hands out exactly the branch that it read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 700 }), (length, batch) => {
        const p = presync();
        const branch = run(fakeGenesis, length, 5, 2);
        for (let at = 0; at < length; at += batch) p.push(branch.slice(at, at + batch), NOW);
        expect(p.work).toBe(5n + 2n * BigInt(length));
        const replay = p.replay();
        const out: ForeignHeader[] = [];
        for (let at = 0; at < length; at += batch) out.push(...replay.push(branch.slice(at, at + batch)));
        expect(out).toEqual(branch);
      }),
      { numRuns: 20 },
    );
  });

  it('catches another branch the second time before anything of it is handed out', () => {
    const p = presync();
    p.push(run(fakeGenesis, 3000, 5, 2), NOW);
    const replay = p.replay();
    expect(() => replay.push(run(fakeGenesis, 3000, 6))).toThrow(PresyncMismatchError);
    const late = presync();
    const branch = run(fakeGenesis, 3000, 5, 2);
    late.push(branch, NOW);
    const again = late.replay();
    const switched = [...branch.slice(0, 2990), ...run(branch[2989]!, 10, 8, 2)];
    expect(() => again.push(switched)).toThrow(PresyncMismatchError);
  });

  it('refuses by rule, and ends at the limit', () => {
    const p = presync(50);
    expect(() => p.push([fakeHeader(fakeGenesis, 1, { flaw: 1 })], NOW)).toThrow(/^flawed/);
    expect(() => p.push([fakeHeader(fakeGenesis, 1, { flaw: 1 })], NOW)).toThrow(/^duplicate-invalid/);
    expect(() => p.push(run(fakeGenesis, 51, 3), NOW)).toThrow(PresyncLimitError);
    expect(p.count).toBe(50);
  });

  it('takes a quarter of a million headers of too little work in flat memory', () => {
    const p = presync();
    const used: number[] = [];
    let last = fakeGenesis;
    for (let i = 0; i < 25; i++) {
      const part = run(last, 10_000, 1);
      last = part.at(-1)!;
      p.push(part, NOW);
      if (i === 4 || i === 24) {
        globalThis.gc?.();
        used.push(process.memoryUsage().heapUsed);
      }
    }
    expect(p.count).toBe(250_000);
    // Eighty bytes of each would be as much.
    expect(used[1]! - used[0]!).toBeLessThan(16 * 2 ** 20);
  });
});

describe('two branches as evidence', () => {
  const ours = run(fakeGenesis, 20, 1);
  const part = (headers: readonly ForeignHeader[]) => {
    const collector = new BranchCollector();
    for (const header of headers) collector.push(header);
    return collector.part;
  };
  const record = (theirs: readonly ForeignHeader[]): BranchRecord => ({
    format: 'crossroot-branches',
    version: 1,
    chain: 'fake-work',
    checkpoint: {
      height: 100,
      hash: fakeKind.displayHash(fakeGenesis.hash),
      work: '5',
      periodStartTime: 0,
      periodStartBits: 0,
    },
    forkHeight: 100,
    trunk: [Buffer.from(fakeGenesis.raw).toString('hex')],
    ours: part(ours),
    theirs: part(theirs),
  });

  it('can be checked from the headers alone', () => {
    const { ours: a, theirs: b } = verifyBranches(fakeKind, record(run(fakeGenesis, 30, 2, 3)), NOW);
    expect(a).toMatchObject({ work: 20n, tipHeight: 120, complete: true });
    expect(b).toMatchObject({ work: 90n, tipHeight: 130, complete: true });
    const long = verifyBranches(fakeKind, record(run(fakeGenesis, 5000, 2)), NOW).theirs;
    expect(long).toMatchObject({ work: 2016n, headers: 5000, tipHeight: 5100, complete: false });
  });

  it('are refused where a header breaks a rule, a link or the shape', () => {
    const flawed = [...run(fakeGenesis, 3, 2)];
    flawed.push(fakeHeader(flawed[2], 1, { flaw: 1 }));
    expect(() => verifyBranches(fakeKind, record(flawed), NOW)).toThrow(/^flawed/);
    expect(() => verifyBranches(fakeKind, record(run(ours[3]!, 3, 2)), NOW)).toThrow(/bad-prevblk/);
    expect(() => verifyBranches(fakeKind, record(ours), NOW)).toThrow(/one first header/);
    expect(() => verifyBranches(fakeKind, record([]), NOW)).toThrow(/no headers/);
    expect(() => verifyBranches(fakeKind, { ...record(run(fakeGenesis, 2, 2)), chain: 'x' }, NOW)).toThrow(
      /unknown chain/,
    );
  });
});
