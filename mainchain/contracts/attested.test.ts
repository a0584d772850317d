import { BitArray } from '@chainsafe/ssz';
import { expect, test } from 'vitest';
import { CommitAttestedType, type Policy, PolicyKind } from '../../proofs/containers/calls.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import { Method } from '../../proofs/containers/transaction.js';
import {
  attestCall,
  registerCall,
  specRootOf,
  submitCall,
  TOY_WINDOW,
  toyCheckpoint,
  toyHeader,
  toyKind,
  toyRun,
  toySpec,
} from '../../test/mainchain/foreign.js';
import { chainState, leafPieces, reorgsOf } from '../../test/mainchain/queries.js';
import { World } from '../../test/mainchain/world.js';
import { readEvidence } from './evidence.js';

const specRoot = specRootOf(toySpec());
const NAME = 'toy-local';
const view = (world: World) => world.chain.stateAt(world.chain.head.root);
const state = (world: World) => chainState(view(world), NAME)!;

async function toyWorld(policy: Policy = { kind: PolicyKind.finalized, value: 0 }): Promise<World> {
  const world = await World.create({ kinds: [toyKind] });
  expect(await world.outcome(registerCall(world, toySpec(), policy, toyCheckpoint.raw))).toBe('applied');
  return world;
}

test('a quorum commits a range, and the next one follows on', async () => {
  const world = await toyWorld();
  const run = toyRun(toyCheckpoint, 5);
  expect(await world.outcome(attestCall(world, run.slice(0, 3)))).toBe('applied');
  expect(state(world)).toMatchObject({
    size: 4,
    committed: { height: 103 },
    tip: { height: 103, work: 0n },
    lastSeq: 1,
  });
  expect(await world.outcome(attestCall(world, run.slice(3), { seq: 7 }, [1, 2, 3]))).toBe('applied');
  expect(state(world)).toMatchObject({ size: 6, lastSeq: 7, epoch: 0 });
  const { leaf } = leafPieces(view(world), NAME, 105)!;
  expect(leaf).toMatchObject({
    assurance: Assurance.attested,
    rulesVersion: 3,
    blockHash: run[4]!.hash,
    mainHeight: 3,
  });
});

test('each refusal has its name and changes nothing', async () => {
  const world = await toyWorld();
  const run = toyRun(toyCheckpoint, 4);
  await world.call(attestCall(world, run.slice(0, 2), { seq: 5 }));
  const before = state(world);
  const next = run.slice(2);
  const gap = toyRun(run[3]!, 1);
  const early = [toyHeader(103, run[1]!.hash, 1_900_000_000)];
  const cases: [string, ReturnType<typeof attestCall>][] = [
    ['bad-seq', attestCall(world, next, { seq: 5 })],
    ['bad-range', attestCall(world, gap, { seq: 6 })],
    ['bad-range', attestCall(world, next, { seq: 6, to: 102 })],
    ['bad-range', attestCall(world, next, { seq: 6, to: 105 })],
    ['bad-range', attestCall(world, [toyCheckpoint], { seq: 6, epoch: 1 })],
    ['too-many-headers', attestCall(world, next, { seq: 6, to: 103 + 2016 })],
    ['bad-epoch', attestCall(world, next, { seq: 6, epoch: 1 })],
    ['bad-epoch', attestCall(world, run.slice(1), { seq: 6 })],
    ['bad-digest', attestCall(world, next, { seq: 6, digest: specRoot })],
    ['no-quorum', attestCall(world, next, { seq: 6 }, [0, 1])],
    ['no-change', attestCall(world, run.slice(1), { seq: 6, epoch: 1 })],
    ['header:bad-prevblk', attestCall(world, [toyHeader(103, specRoot, 1_700_000_000)], { seq: 6 })],
    ['malformed-headers', attestCall(world, [{ ...next[0]!, raw: next[0]!.raw.slice(1) }], { seq: 6 })],
    ['header-too-early', attestCall(world, early, { seq: 6 })],
    ['unknown-chain', attestCall(world, next, { seq: 6, specRoot: run[0]!.hash })],
    ['wrong-assurance', submitCall(specRoot, 102, next)],
  ];
  for (const [name, call] of cases) expect(await world.outcome(call), name).toBe(name);
  const good = CommitAttestedType.deserialize(attestCall(world, next, { seq: 6 }).payload);
  const withBits = (bits: BitArray) => ({
    method: Method.commitAttested,
    payload: CommitAttestedType.serialize({ ...good, bits }),
  });
  expect(await world.outcome(withBits(BitArray.fromBoolArray([true, true, true])))).toBe('bad-bits');
  expect(await world.outcome(withBits(BitArray.fromBoolArray([true, true, true, false, false])))).toBe(
    'bad-bits',
  );
  expect(await world.outcome(withBits(BitArray.fromBoolArray([true, true, true, true])))).toBe(
    'bad-signature',
  );
  expect(state(world)).toEqual(before);
});

test('a range from below the tip truncates under the next epoch', async () => {
  const world = await toyWorld();
  const run = toyRun(toyCheckpoint, 5);
  await world.call(attestCall(world, run));
  const old = state(world);
  const other = toyRun(run[1]!, 2, 1);
  expect(await world.outcome(attestCall(world, other, { seq: 2, epoch: 1 }))).toBe('applied');
  expect(state(world)).toMatchObject({
    epoch: 1,
    reorgCount: 1,
    size: 5,
    tip: { height: 104, hash: other[1]!.hash },
    committed: { height: 104 },
  });
  expect(reorgsOf(view(world), NAME)).toMatchObject([
    { forkHeight: 102, epoch: 1, oldSize: 6, oldRoot: old.historyRoot, newTipHeight: 104 },
  ]);
  expect(await world.outcome(attestCall(world, toyRun(other[1]!, 1), { seq: 3, epoch: 1 }))).toBe('applied');
});

test('a reorganisation deeper than the window pauses the chain', async () => {
  const world = await toyWorld();
  const run = toyRun(toyCheckpoint, TOY_WINDOW + 6);
  await world.call(attestCall(world, run));
  const before = state(world);
  expect(before.windowBase).toBe(107);
  expect(await world.outcome(attestCall(world, toyRun(run[4]!, 2, 1), { seq: 2, epoch: 1 }))).toBe('applied');
  expect(state(world)).toEqual({ ...before, status: ChainStatus.paused, lastSeq: 2 });
  expect(readEvidence(view(world), specRoot, 0)).toMatchObject({ forkHeight: 105, branchCount: 2 });
  expect(await world.outcome(attestCall(world, toyRun(run.at(-1)!, 1), { seq: 3 }))).toBe('chain-paused');
});

test('an age policy is checked for attested chains too', async () => {
  const world = await toyWorld({ kind: PolicyKind.age, value: 60 });
  const late = [toyHeader(101, toyCheckpoint.hash, 1_700_000_000 - 600)];
  expect(await world.outcome(attestCall(world, late))).toBe('policy-not-met');
  expect(await world.outcome(attestCall(world, late), undefined, { slot: 3600 })).toBe('applied');
});

test('headers must be linked even if the rules of their kind do not look', async () => {
  const world = await World.create({ kinds: [{ ...toyKind, validate: () => undefined }] });
  const policy: Policy = { kind: PolicyKind.finalized, value: 0 };
  await world.call(registerCall(world, toySpec(), policy, toyCheckpoint.raw));
  const [first, second] = toyRun(toyCheckpoint, 2);
  const stray = toyHeader(102, toyCheckpoint.hash, second!.time);
  expect(await world.outcome(attestCall(world, [first!, stray]))).toBe('unlinked-headers');
  expect(await world.outcome(attestCall(world, [toyHeader(101, stray.hash, 1_600_000_100)]))).toBe(
    'unlinked-headers',
  );
  expect(await world.outcome(attestCall(world, [first!, second!]))).toBe('applied');
});
