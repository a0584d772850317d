import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bitcoinKind } from './bitcoin/kind.js';
import { ForkTooDeepError, HeaderRuleError } from './errors.js';
import { type AddOptions, HeaderTree, type TreeChange, type TreeOptions } from './tree.js';
import type { ChainKind, ForeignHeader } from './types.js';

const ZERO = new Uint8Array(32);
const checkpoint = { height: 0, hash: ZERO, work: 0n, periodStartTime: 0, periodStartBits: 0 };
/** A kind whose headers say their own work in byte 0. */
const kind: ChainKind = { ...bitcoinKind, work: (header) => BigInt(header.raw[0] ?? 0) };

interface Known {
  readonly header: ForeignHeader;
  readonly work: bigint;
  readonly parent: Known | undefined;
}

/** Everything that was ever added, and what has to be the best branch: never forgets. */
class Model {
  readonly all: Known[] = [];
  best: Known;
  /** The best branch as the tree's changes make it. */
  readonly followed: ForeignHeader[];
  floor = 0;
  held: Known | undefined;
  mostHeld = 0;
  highest = 0;

  constructor(readonly limits: { readonly keep: number; readonly maxNodes: number }) {
    this.best = this.make(undefined, 1);
    this.followed = [this.best.header];
    this.all.push(this.best);
  }

  make(parent: Known | undefined, work: number): Known {
    const hash = new Uint8Array(32);
    new DataView(hash.buffer).setUint32(0, ++this.#salt);
    const header: ForeignHeader = {
      height: parent === undefined ? 0 : parent.header.height + 1,
      hash,
      parentHash: parent?.header.hash ?? ZERO,
      transactionsRoot: ZERO,
      receiptsRoot: ZERO,
      stateRoot: ZERO,
      time: 0,
      raw: Uint8Array.of(work),
    };
    return { header, work: (parent?.work ?? 0n) + BigInt(work), parent };
  }
  #salt = 0;

  onBest({ header }: Known): boolean {
    return this.followed[header.height] === header;
  }
  /** Lowest header of the side branch that one is on: what hangs on the best branch itself. */
  rootOf(one: Known): Known {
    let root = one;
    while (root.parent !== undefined && !this.onBest(root.parent)) root = root.parent;
    return root;
  }
  /** Side branches by what they begin with, of these headers. */
  sides(among: readonly Known[]): Map<Known, Known[]> {
    const sides = new Map<Known, Known[]>();
    for (const one of among) {
      if (this.onBest(one)) continue;
      const root = this.rootOf(one);
      sides.set(root, [...(sides.get(root) ?? []), one]);
    }
    return sides;
  }
}

type Step =
  | {
      readonly from: number;
      readonly any: boolean;
      readonly again: number;
      readonly works: number[];
      hold: boolean;
    }
  | { readonly finalize: number };

const steps = (keep: number) =>
  fc.array(
    fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({
          from: fc.nat({ max: keep + 3 }),
          any: fc.boolean(),
          again: fc.nat({ max: 3 }),
          works: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: keep }),
          hold: fc.boolean(),
        }),
      },
      { weight: 1, arbitrary: fc.record({ finalize: fc.nat({ max: keep + 3 }) }) },
    ),
    { maxLength: 40 },
  );

/** The height where what is new in a run leaves the best branch, if anything is new. */
function forkOf(model: Model, tree: HeaderTree, run: readonly Known[]): number | undefined {
  const fresh = run.find(({ header }) => !tree.has(header.hash));
  return fresh === undefined ? undefined : model.rootOf(fresh).header.height - 1;
}

function add(
  model: Model,
  tree: HeaderTree,
  step: Exclude<Step, { finalize: number }>,
  byWork: boolean,
  hold: boolean,
) {
  const back = model.followed.length - 1 - step.from;
  const near = model.all.find(({ header }) => header === model.followed[Math.max(0, back)]);
  const start = (step.any ? model.all.at(-1 - (step.from % model.all.length)) : near) ?? model.best;
  const run: Known[] = [];
  for (const work of step.works) run.push(model.make(run.at(-1) ?? start, work));
  // Some that may be known are given again, in front.
  for (let one: Known | undefined = start, i = 0; one !== undefined && i < step.again; one = one.parent, i++)
    run.unshift(one);
  const [first] = run;
  if (first === undefined || (!byWork && step.works.length === 0)) return;

  const before = model.all.filter(({ header }) => tree.has(header.hash));
  const { tip, size } = tree;
  const options: AddOptions = { hold: hold && step.hold };
  const expectRefused = (type: typeof HeaderRuleError | typeof ForkTooDeepError) => {
    expect(() =>
      tree.add(
        run.map(({ header }) => header),
        undefined,
        options,
      ),
    ).toThrow(type);
    expect([tree.tip, tree.size]).toEqual([tip, size]);
  };
  const reachable = tree.has(first.header.hash) || tree.has(first.header.parentHash);
  if (!reachable) return expectRefused(HeaderRuleError);
  const fork = forkOf(model, tree, run);
  if (fork !== undefined && fork < model.floor) return expectRefused(ForkTooDeepError);

  const parents = new Map(run.map((one) => [one.header, one]));
  const change = tree.add(
    run.map(({ header }) => header),
    (header, ancestors) => {
      // The rules see the header's own branch, down to the lowest that is kept.
      let one = parents.get(header)?.parent;
      for (; one !== undefined && one.header.height >= tree.rootHeight; one = one.parent)
        expect(ancestors.header(one.header.height)).toBe(one.header);
      expect(ancestors.header(header.height)).toBeUndefined();
    },
    options,
  );
  for (const one of run) if (!model.all.includes(one)) model.all.push(one);
  const last = run.at(-1) ?? first;
  if (options.hold === true) model.held = last;
  if (byWork ? last.work > model.best.work : true) model.best = last;
  follow(model, change);
  checkSides(model, tree, [...new Set([...before, ...run])], byWork);
}

/** Undoes and applies a change one by one: tip downwards, then upwards, nothing that is final. */
function follow(model: Model, change: TreeChange): void {
  for (const header of change.disconnected) {
    expect(header.height).toBeGreaterThan(model.floor);
    expect(model.followed.pop()).toBe(header);
  }
  for (const header of change.connected) {
    expect(header.parentHash).toEqual(model.followed.at(-1)?.hash);
    model.followed.push(header);
  }
}

function mostWork(side: readonly Known[]): bigint {
  let most = 0n;
  for (const { work } of side) if (work > most) most = work;
  return most;
}

/** Side branches are dropped whole, weakest first, no more than needed, and the held one not at all. */
function checkSides(model: Model, tree: HeaderTree, candidates: readonly Known[], byWork: boolean): void {
  const { maxNodes } = model.limits;
  const dropped: Known[][] = [];
  const left: Known[][] = [];
  let whole = model.followed.length - tree.rootHeight;
  for (const [root, side] of model.sides(candidates)) {
    const there = side.filter(({ header }) => tree.has(header.hash));
    const fork = root.header.height - 1;
    const gone = fork < tree.rootHeight || fork < model.floor;
    expect(there.length).toBeOneOf(gone ? [0] : [0, side.length]);
    const held = model.held !== undefined && side.includes(model.held);
    if (held) model.mostHeld = Math.max(model.mostHeld, side.length);
    if (gone) continue;
    whole += side.length;
    if (held) expect(there.length).toBe(side.length);
    else (there.length === 0 ? dropped : left).push(side);
  }
  if (dropped.length === 0) return;
  expect(whole).toBeGreaterThan(maxNodes);
  expect(tree.size + Math.max(...dropped.map((side) => side.length))).toBeGreaterThan(
    maxNodes - (maxNodes >> 4),
  );
  if (!byWork) return;
  const strongest = mostWork(dropped.flat());
  for (const side of left) expect(mostWork(side)).toBeGreaterThanOrEqual(strongest);
}

function checkState(model: Model, tree: HeaderTree, byWork: boolean, hold: boolean): void {
  const { keep, maxNodes } = model.limits;
  model.highest = Math.max(model.highest, model.best.header.height);
  expect(tree.tip).toBe(model.best.header);
  expect(tree.work).toBe(model.best.work);
  // The best branch: all that is kept of it, as deep as promised, no deeper.
  expect(model.followed.at(-1)).toBe(model.best.header);
  expect(tree.rootHeight).toBeLessThanOrEqual(Math.max(0, model.highest - keep));
  expect(tree.tip.height - tree.rootHeight).toBeLessThanOrEqual(keep + (keep >> 4));
  for (const header of model.followed) {
    const kept = header.height >= tree.rootHeight;
    expect(tree.at(header.height)).toBe(kept ? header : undefined);
    expect(tree.has(header.hash)).toBe(kept);
  }
  // Memory.
  const best = keep + (keep >> 4) + 1;
  expect(tree.size).toBeLessThanOrEqual(Math.max(maxNodes, best + model.mostHeld) + (keep >> 4));
  if (!hold && best <= maxNodes - (maxNodes >> 4)) expect(tree.size).toBeLessThanOrEqual(maxNodes);
  // What is there is what was added, hangs on what is there, and leaves above what is final.
  const there = model.all.filter(({ header }) => tree.has(header.hash));
  expect(there.length).toBe(tree.size);
  for (const one of there) {
    expect(tree.workOf(one.header.hash)).toBe(one.work);
    if (byWork) expect(one.work <= tree.work).toBe(true);
    if (one.header.height > tree.rootHeight) expect(tree.has(one.header.parentHash)).toBe(true);
    if (!model.onBest(one)) expect(model.rootOf(one).header.height - 1).toBeGreaterThanOrEqual(model.floor);
  }
}

describe('HeaderTree near its limits', () => {
  const shape = fc.integer({ min: 1, max: 36 }).chain((keep) =>
    fc.record({
      keep: fc.constant(keep),
      maxNodes: fc.integer({ min: keep + (keep >> 4) + 1, max: 3 * keep + 3 }),
      steps: steps(Math.min(keep, 12)),
    }),
  );

  it.each([
    ['work', false],
    ['work', true],
    ['last', false],
  ] as const)(
    'behaves as a model that forgets nothing (fork choice %s, held branches %s)',
    (forkChoice, hold) => {
      const byWork = forkChoice === 'work';
      let pruned = 0;
      fc.assert(
        fc.property(shape, ({ keep, maxNodes, steps }) => {
          const options: TreeOptions = { keep, maxNodes, forkChoice };
          const model = new Model({ keep, maxNodes });
          const tree = new HeaderTree(kind, checkpoint, { header: model.best.header, work: 1n }, options);
          for (const step of steps) {
            if ('finalize' in step) {
              const height = Math.max(0, tree.tip.height - step.finalize);
              model.floor = Math.max(model.floor, height);
              tree.finalize(height);
            } else add(model, tree, step, byWork, hold);
            checkState(model, tree, byWork, hold);
          }
          if (tree.size < model.all.length) pruned++;
        }),
        { numRuns: 400 },
      );
      // That the limits were reached.
      expect(pruned).toBeGreaterThan(100);
    },
  );

  it('keeps the first seen of any number of equals, be they given again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.array(fc.nat(), { maxLength: 30 }), (count, order) => {
        const model = new Model({ keep: 4, maxNodes: 12 });
        const tree = new HeaderTree(kind, checkpoint, { header: model.best.header, work: 1n }, { keep: 4 });
        // Total work six each, in one to three headers.
        const splits = [[6], [3, 3], [1, 2, 3], [5, 1]];
        const runs = Array.from({ length: count }, (_, i) => {
          const run: Known[] = [];
          for (const work of splits[i % splits.length] ?? [])
            run.push(model.make(run.at(-1) ?? model.best, work));
          return run.map(({ header }) => header);
        });
        for (const run of runs) tree.add(run);
        for (const i of order) {
          const change = tree.add(runs[i % count] ?? []);
          expect(change).toEqual({ disconnected: [], connected: [] });
          expect(tree.tip).toBe(runs[0]?.at(-1));
        }
      }),
    );
  });
});
