import { expect, test } from 'vitest';
import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { GovernanceKind, PolicyKind, PolicyType } from '../../proofs/containers/calls.js';
import { CommitmentType, ReorgType } from '../../proofs/containers/commitment.js';
import { LeafType } from '../../proofs/containers/leaf.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { rootFromPath } from '../../proofs/history/path.js';
import { bitcoinWorld, NAME, spec, specRoot, state, view } from '../../test/mainchain/bitcoinWorld.js';
import { governCall, mine, regtestGenesis, SMALL_WINDOW, submitCall } from '../../test/mainchain/foreign.js';
import { branchHash, leafPieces, reorgPieces, reorgsOf } from '../../test/mainchain/queries.js';

test('headers are taken in batches and committed when the policy allows', async () => {
  const world = await bitcoinWorld();
  const run = mine(regtestGenesis, 5);
  expect(await world.outcome(submitCall(specRoot, 0, run.slice(0, 3)))).toBe('applied');
  expect(state(world)).toMatchObject({
    size: 3,
    committed: { height: 2 },
    tip: { height: 3 },
    epoch: 0,
    lastSeq: 0,
  });
  expect(await world.outcome(submitCall(specRoot, 3, run.slice(3)))).toBe('applied');
  expect(state(world)).toMatchObject({
    committed: { height: 4 },
    tip: { height: 5, work: spec.checkpoint.work * 6n },
  });
  for (const header of [regtestGenesis, ...run]) {
    expect(branchHash(view(world), NAME, header.height, [bitcoinKind])).toEqual(header.hash);
  }
  expect(branchHash(view(world), NAME, 6, [bitcoinKind])).toBeUndefined();

  const pieces = leafPieces(view(world), NAME, 2)!;
  const leaf = { specRoot, ...pieces.leaf };
  const history = rootFromPath(LeafType.hashTreeRoot(leaf), 2, 0, pieces.commitment.size, pieces.historyPath);
  const commitment = CommitmentType.hashTreeRoot({ ...pieces.commitment, specRoot, historyRoot: history });
  const { indexPosition, indexSize, indexPath } = pieces.index;
  expect(rootFromPath(commitment, indexPosition, 0, indexSize, indexPath)).toEqual(
    world.chain.head.header.indexRoot,
  );
  expect(leafPieces(view(world), NAME, 5)).toBeUndefined();
});

test('each refusal of a batch has its name and costs only the fee', async () => {
  const world = await bitcoinWorld();
  const run = mine(regtestGenesis, 4);
  await world.call(submitCall(specRoot, 0, run));
  const before = state(world);
  const next = mine(run[3]!, 3);
  const bad = { ...next[1]!, raw: next[1]!.raw.slice() };
  bad.raw[40]! ^= 1;
  const cases: [string, ReturnType<typeof submitCall>][] = [
    ['unknown-chain', submitCall(sha256(specRoot), 0, run)],
    ['unknown-fork', submitCall(specRoot, 5, next)],
    ['insufficient-work', submitCall(specRoot, 0, run)],
    ['insufficient-work', submitCall(specRoot, 0, mine(regtestGenesis, 4, 1))],
    ['insufficient-work', submitCall(specRoot, 2, mine(run[1]!, 2, 1))],
    ['header:bad-prevblk', submitCall(specRoot, 4, next.slice(1))],
    ['header:bad-prevblk', submitCall(specRoot, 3, next)],
    ['nothing-to-advance', submitCall(specRoot, 4, [])],
    ['malformed-headers', submitCall(specRoot, 4, [{ ...next[0]!, raw: next[0]!.raw.slice(1) }])],
  ];
  for (const [name, call] of cases) expect(await world.outcome(call), name).toBe(name);
  expect(await world.outcome(submitCall(specRoot, 4, [next[0]!, bad, next[2]!]))).toMatch(
    /^header:(high-hash|bad-prevblk)$/,
  );
  expect(await world.outcome({ ...submitCall(specRoot, 4, next), payload: Uint8Array.of(1, 2) })).toBe(
    'malformed-call',
  );
  expect(state(world)).toEqual(before);
});

test('a header ahead of the slot time is too early, not invalid', async () => {
  const world = await bitcoinWorld();
  const [first] = mine({ ...regtestGenesis, time: 1_700_000_000 + 7200 }, 1);
  expect(await world.outcome(submitCall(specRoot, 0, [first!]))).toBe('header-too-early');
  expect(await world.outcome(submitCall(specRoot, 0, [first!]), undefined, { slot: 700 })).toBe('applied');
});

test('a reorganisation above the committed leaves changes no history', async () => {
  const world = await bitcoinWorld({ kind: PolicyKind.confirmations, value: 4 });
  const run = mine(regtestGenesis, 6);
  await world.call(submitCall(specRoot, 0, run));
  expect(state(world).committed.height).toBe(3);
  const other = mine(run[3]!, 3, 9);
  // Sent from further down: the shared headers are recognised.
  expect(await world.outcome(submitCall(specRoot, 1, [...run.slice(1, 4), ...other]))).toBe('applied');
  expect(state(world)).toMatchObject({
    epoch: 0,
    reorgCount: 0,
    committed: { height: 4 },
    tip: { height: 7 },
  });
  expect(branchHash(view(world), NAME, 7, [bitcoinKind])).toEqual(other[2]!.hash);
  expect(branchHash(view(world), NAME, 5, [bitcoinKind])).toEqual(other[0]!.hash);
});

test('a reorganisation below a committed leaf truncates, raises the epoch and is kept for ever', async () => {
  const world = await bitcoinWorld();
  const run = mine(regtestGenesis, 6);
  await world.call(submitCall(specRoot, 0, run));
  const old = state(world);
  const oldRoot = world.chain.head.root;
  const other = mine(run[1]!, 5, 7);
  expect(await world.outcome(submitCall(specRoot, 2, other))).toBe('applied');
  expect(state(world)).toMatchObject({
    epoch: 1,
    reorgCount: 1,
    size: 7,
    committed: { height: 6, hash: other[3]!.hash },
  });
  const [reorg] = reorgsOf(view(world), NAME);
  expect(reorg).toEqual({
    specRoot,
    forkHeight: 2,
    epoch: 1,
    oldSize: old.size,
    oldRoot: old.historyRoot,
    oldTipHeight: 6,
    oldTipHash: run[5]!.hash,
    newTipHeight: 7,
    newTipHash: other[4]!.hash,
    mainHeight: world.chain.head.header.height,
  });
  const pieces = reorgPieces(view(world), NAME, 0)!;
  const reorgRoot = rootFromPath(
    ReorgType.hashTreeRoot(reorg!),
    0,
    0,
    pieces.commitment.reorgCount,
    pieces.reorgPath,
  );
  const commitment = CommitmentType.hashTreeRoot({ ...pieces.commitment, specRoot, reorgRoot });
  expect(
    rootFromPath(commitment, pieces.place.indexPosition, 0, pieces.place.indexSize, pieces.place.indexPath),
  ).toEqual(world.chain.head.header.indexRoot);
  // The state of the older block still proves the older leaf.
  const before = leafPieces(world.chain.stateAt(oldRoot), NAME, 3)!;
  expect(before.leaf.blockHash).toEqual(run[2]!.hash);
  expect(leafPieces(view(world), NAME, 3)!.leaf.blockHash).toEqual(other[0]!.hash);
  // Back again, with a heavier branch.
  expect(await world.outcome(submitCall(specRoot, 6, mine(run[5]!, 2, 8)))).toBe('header:bad-prevblk');
  expect(await world.outcome(submitCall(specRoot, 2, [...run.slice(2), ...mine(run[5]!, 2, 8)]))).toBe(
    'applied',
  );
  expect(state(world)).toMatchObject({ epoch: 2, reorgCount: 2, tip: { height: 8 } });
});

test('headers leave the window but stay in the history', async () => {
  const world = await bitcoinWorld();
  const run = mine(regtestGenesis, 50);
  await world.call(submitCall(specRoot, 0, run.slice(0, 30)));
  await world.call(submitCall(specRoot, 30, run.slice(30)));
  expect(state(world)).toMatchObject({ windowBase: 50 - SMALL_WINDOW + 1, tip: { height: 50 } });
  expect(branchHash(view(world), NAME, 3, [bitcoinKind])).toEqual(run[2]!.hash);
});

test('an age policy advances with an empty batch', async () => {
  const world = await bitcoinWorld({ kind: PolicyKind.age, value: 10 });
  const run = mine({ ...regtestGenesis, time: 1_700_000_000 - 1200 }, 3);
  expect(await world.outcome(submitCall(specRoot, 0, run))).toBe('applied');
  expect(state(world)).toMatchObject({ committed: { height: 1 }, tip: { height: 3 } });
  expect(await world.outcome(submitCall(specRoot, 3, []))).toBe('nothing-to-advance');
  expect(await world.outcome(submitCall(specRoot, 3, []), undefined, { slot: 600 })).toBe('applied');
  expect(state(world).committed.height).toBe(2);
});

test('an age policy refuses more waiting headers than two windows', async () => {
  const world = await bitcoinWorld({ kind: PolicyKind.age, value: 40_000 });
  const run = mine({ ...regtestGenesis, time: 1_700_000_000 - 600 * 60 }, 45);
  expect(await world.outcome(submitCall(specRoot, 0, run))).toBe('window-full');
  expect(await world.outcome(submitCall(specRoot, 0, run.slice(0, 39)))).toBe('applied');
  expect(state(world)).toMatchObject({ windowBase: 0, size: 1 });
});

test('a new policy applies to new leaves and is counted', async () => {
  const world = await bitcoinWorld();
  const payload = PolicyType.serialize({ kind: PolicyKind.realtime, value: 0 });
  await world.call(submitCall(specRoot, 0, mine(regtestGenesis, 3)));
  expect(await world.outcome(governCall(world, { kind: GovernanceKind.setPolicy, specRoot, payload }))).toBe(
    'applied',
  );
  expect(await world.outcome(submitCall(specRoot, 3, []))).toBe('applied');
  expect(state(world)).toMatchObject({ policyVersion: 2, committed: { height: 3 } });
  expect(leafPieces(view(world), NAME, 2)!.leaf.policyVersion).toBe(1);
  expect(leafPieces(view(world), NAME, 3)!.leaf.policyVersion).toBe(2);
});

test('more headers than a batch or a block may have', async () => {
  const world = await bitcoinWorld(undefined, bitcoinKind);
  const run = mine(regtestGenesis, 4100);
  expect(await world.outcome(submitCall(specRoot, 0, run.slice(0, 2017)))).toBe('too-many-headers');
  expect(await world.outcome(submitCall(specRoot, 0, run))).toBe('too-many-headers');
  const one = world.transaction(submitCall(specRoot, 0, run.slice(0, 2016)));
  const { nonce } = one.transaction;
  const two = world.transaction(submitCall(specRoot, 2016, run.slice(2016, 4032)), { nonce: nonce + 1 });
  const three = world.transaction(submitCall(specRoot, 4032, run.slice(4032)), { nonce: nonce + 2 });
  const built = await world.produce({ transactions: [one, two, three] });
  expect(built.dropped.map((d) => [d.reason, d.retryable])).toEqual([['over-budget', true]]);
  expect(state(world).tip.height).toBe(4032);
  await world.produce({ transactions: [three] });
  expect(state(world)).toMatchObject({ tip: { height: 4100 }, windowBase: 4100 - 4032 + 1 });
  expect(bytesEqual(branchHash(view(world), NAME, 1, [bitcoinKind])!, run[0]!.hash)).toBe(true);
});
