import { beforeAll, describe, expect, it } from 'vitest';
import { trustedBlockCheckpoint } from '../../adapters/ethereum/trustedBlock.js';
import { specFor } from '../../adapters/registry.js';
import { type Policy, PolicyKind } from '../../proofs/containers/calls.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import type { Call } from '../../proofs/containers/transaction.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import {
  COMMITTEE_CHAIN,
  COMMITTEE_WINDOW,
  CommitteeForeign,
  smallEthereum,
  YoungForeign,
} from '../../test/mainchain/committee.js';
import { attestCall, registerCall, specRootOf, submitCall } from '../../test/mainchain/foreign.js';
import { branchHash, chainState, leafPieces } from '../../test/mainchain/queries.js';
import { World } from '../../test/mainchain/world.js';
import { chainFinality } from '../rpc/chainState.js';
import { MAX_FINALITY_LEAD } from './context.js';

beforeAll(useFastHasher);

const view = (world: World) => world.chain.stateAt(world.chain.head.root);
const state = (world: World) => chainState(view(world), COMMITTEE_CHAIN)!;
const finality = (world: World) => chainFinality(view(world), [smallEthereum], COMMITTEE_CHAIN);

async function begin(foreign: CommitteeForeign, policy?: Policy, started = true): Promise<World> {
  const world = await World.create({ kinds: [smallEthereum] });
  expect(await world.outcome(foreign.register(world, policy))).toBe('applied');
  if (started) expect(await world.outcome(foreign.bootstrap())).toBe('applied');
  return world;
}

describe('a chain that is followed by its committees', () => {
  const foreign = new CommitteeForeign();
  const ok = async (world: World, call: Call) => expect(await world.outcome(call)).toBe('applied');

  it('begins at its trusted block, takes finality, then the headers below it', async () => {
    const world = await begin(foreign);
    expect(finality(world)).toEqual({
      final: { height: 3, hash: foreign.header(3).hash, slot: 3, period: 0, knowsNext: false },
    });
    await ok(world, foreign.update({ attested: 20, finalized: 16, committee: true }));
    const { hash } = foreign.header(16);
    expect(finality(world)).toEqual({
      final: { height: 16, hash, slot: 16, period: 0, knowsNext: true },
      pending: { height: 16, hash },
    });
    expect(state(world)).toMatchObject({ size: 1, tip: { height: 3 } });

    await ok(world, foreign.finalized(foreign.run(10, 16)));
    expect(finality(world)!.pending).toEqual({ height: 9, hash: foreign.header(9).hash });
    expect(state(world)).toMatchObject({ size: 1, tip: { height: 3, work: 0n } });
    expect(branchHash(view(world), COMMITTEE_CHAIN, 12, [smallEthereum])).toBeUndefined();
    expect(leafPieces(view(world), COMMITTEE_CHAIN, 12)).toBeUndefined();

    await ok(world, foreign.finalized(foreign.run(4, 9)));
    expect(finality(world)!.pending).toBeUndefined();
    expect(state(world)).toMatchObject({ size: 14, tip: { height: 16 }, committed: { height: 16, hash } });
    for (const height of [3, 4, 12, 16]) {
      const { leaf } = leafPieces(view(world), COMMITTEE_CHAIN, height)!;
      expect(leaf).toMatchObject({ assurance: Assurance.syncCommittee, height });
      expect(leaf.blockHash).toEqual(foreign.header(height).hash);
    }
  });

  it('goes over periods, and forgets what is out of the window', async () => {
    const world = await begin(foreign);
    await ok(world, foreign.update({ attested: 20, finalized: 16, committee: true }));
    await ok(world, foreign.finalized(foreign.run(4, 16)));
    // Into the next period, first without its successor's committee.
    await ok(world, foreign.update({ attested: 75, finalized: 70 }, { kind: 'finalityUpdate' }));
    await ok(world, foreign.finalized(foreign.run(17, 70)));
    expect(finality(world)!.final).toMatchObject({ period: 1, knowsNext: false });
    await ok(world, foreign.update({ attested: 80, finalized: 70, committee: true }));
    expect(finality(world)!.final).toMatchObject({ height: 70, knowsNext: true });
    await ok(world, foreign.update({ attested: 140, finalized: 136, absent: [0, 5, 9] }));
    await ok(world, foreign.finalized(foreign.run(71, 136)));
    expect(state(world)).toMatchObject({
      committed: { height: 136 },
      windowBase: 136 - COMMITTEE_WINDOW + 1,
    });
  });

  it('finishes a run before it begins another one', async () => {
    const world = await begin(foreign);
    await ok(world, foreign.update({ attested: 20, finalized: 16, committee: true }));
    await ok(world, foreign.finalized(foreign.run(12, 16)));
    await ok(world, foreign.update({ attested: 34, finalized: 30 }));
    await ok(world, foreign.update({ attested: 44, finalized: 40 }));
    expect(finality(world)).toMatchObject({ final: { height: 40 }, pending: { height: 11 } });
    await ok(world, foreign.finalized(foreign.run(4, 11)));
    expect(state(world)).toMatchObject({ committed: { height: 16 } });
    expect(finality(world)!.pending).toEqual({ height: 40, hash: foreign.header(40).hash });
    await ok(world, foreign.finalized(foreign.run(17, 40)));
    expect(state(world)).toMatchObject({ committed: { height: 40 } });
  });

  it('goes on after a restart in the middle of a run', async () => {
    const world = await begin(foreign);
    await ok(world, foreign.update({ attested: 20, finalized: 16, committee: true }));
    await ok(world, foreign.finalized(foreign.run(9, 16)));
    const before = finality(world);
    await world.open(world.store);
    expect(finality(world)).toEqual(before);
    await ok(world, foreign.finalized(foreign.run(4, 8)));
    expect(state(world)).toMatchObject({ committed: { height: 16 } });
  });

  it('waits for the age that its policy asks for', async () => {
    const world = await begin(foreign, { kind: PolicyKind.age, value: 60 });
    await ok(world, foreign.update({ attested: 20, finalized: 16, committee: true }));
    await ok(world, foreign.finalized(foreign.run(4, 16)));
    // Blocks of these headers are years old.
    expect(state(world)).toMatchObject({ committed: { height: 16 } });
    const young = new YoungForeign();
    const other = await begin(young, { kind: PolicyKind.age, value: 60 });
    await ok(other, young.update({ attested: 20, finalized: 16, committee: true }));
    await ok(other, young.finalized(young.run(4, 16)));
    expect(state(other)).toMatchObject({ committed: { height: 3 }, tip: { height: 16 } });
    expect(await other.outcome(young.finalized([]))).toBe('nothing-to-advance');
    // A slot lasts a second.
    const slot = 60 * 60 + 12 * 10;
    expect(await other.outcome(young.finalized([]), undefined, { slot })).toBe('applied');
    expect(state(other).committed.height).toBe(10);
  });

  it('takes each refusal’s name', async () => {
    const fresh = await begin(foreign, undefined, false);
    const update = { attested: 20, finalized: 16, committee: true } as const;
    const none = new Uint8Array(0);
    expect(await fresh.outcome(foreign.update(update))).toBe('finality-not-started');
    expect(await fresh.outcome(foreign.finalized(foreign.run(4, 5)))).toBe('finality-not-started');
    expect(await fresh.outcome(foreign.bootstrap(5))).toBe('light-client:untrusted-root');
    expect(await fresh.outcome(foreign.lightClientCall({ step: 0, data: none }))).toBe(
      'malformed-light-client',
    );
    expect(
      await fresh.outcome(
        foreign.lightClientCall({ step: 0, data: foreign.bootstrapData(), committee: Uint8Array.of(1) }),
      ),
    ).toBe('malformed-light-client');
    expect(await fresh.outcome(foreign.lightClientCall({ step: 2 }))).toBe('malformed-light-client');

    const world = await begin(foreign);
    const refused = async (call: Call, code: string) => expect(await world.outcome(call)).toBe(code);
    await refused(foreign.bootstrap(), 'finality-started');
    await refused(foreign.finalized(foreign.run(4, 5)), 'not-missing');
    await refused(foreign.finalized([]), 'nothing-to-advance');
    await refused(foreign.update({ attested: 70, finalized: 66 }), 'light-client:period-skip');
    await refused(foreign.update(update, { period: 1 }), 'light-client:wrong-committee');
    await refused(
      foreign.update({ ...update, absent: Array.from({ length: 11 }, (_, seat) => seat) }),
      'light-client:too-few-participants',
    );
    await refused(foreign.update({ attested: 20 }), 'light-client:not-relevant');
    const { data, committee } = foreign.encoded(update);
    await refused(foreign.lightClientCall({ data, committee: none }), 'malformed-light-client');
    await refused(foreign.lightClientCall({ data: none, committee }), 'malformed-light-client');
    await refused(
      foreign.lightClientCall({ data: Uint8Array.of(1, 9), committee }),
      'light-client:unsupported-fork',
    );
    expect(finality(world)!.final.height).toBe(3);

    await ok(world, foreign.update(update));
    const run = foreign.run(10, 16);
    await refused(foreign.update(update), 'light-client:not-relevant');
    await refused(foreign.finalized(foreign.run(3, 16)), 'not-missing');
    await refused(foreign.finalized(foreign.run(10, 15)), 'not-missing');
    await refused(foreign.finalized(foreign.run(10, 17)), 'not-missing');
    await refused(foreign.finalized(foreign.run(17, 18)), 'not-missing');
    await refused(foreign.finalized(run, { from: 11 }), 'malformed-headers');
    await refused(foreign.finalized(run, { headers: Uint8Array.of(1, 2, 3) }), 'malformed-headers');
    await refused(foreign.finalized([...run.slice(0, 6), foreign.make(16, {})]), 'not-final');
    await refused(foreign.finalized([foreign.make(10, {}), ...run.slice(1)]), 'unlinked-headers');
    expect(finality(world)).toMatchObject({ pending: { height: 16 } });

    // Other ways to bring headers are closed to it, and this one to other chains.
    await refused(submitCall(foreign.specRoot, 3, foreign.run(4, 5)), 'wrong-assurance');
    await refused(attestCall(world, foreign.run(4, 5), { specRoot: foreign.specRoot }), 'wrong-assurance');
  });

  it('refuses calls of other chains', async () => {
    const world = await World.create({ kinds: [smallEthereum] });
    expect(await world.outcome(foreign.bootstrap())).toBe('unknown-chain');
    const { height, hash, raw } = foreign.header(3);
    const spec = specFor(COMMITTEE_CHAIN, {
      height,
      hash,
      work: 0n,
      periodStartTime: 0,
      periodStartBits: 0,
    });
    const policy = { kind: PolicyKind.finalized, value: 0 };
    await ok(world, registerCall(world, spec, policy, raw));
    const specRoot = specRootOf(spec);
    const bootstrap = foreign.lightClientCall({ specRoot, step: 0, data: foreign.bootstrapData() });
    expect(await world.outcome(bootstrap)).toBe('wrong-assurance');
    expect(await world.outcome(foreign.finalized(foreign.run(4, 5), { specRoot }))).toBe('wrong-assurance');
  });

  it('is registered with its own parameters and policies alone', async () => {
    const world = await World.create({ kinds: [smallEthereum] });
    const refused = async (call: Call, code: string) => expect(await world.outcome(call)).toBe(code);
    for (const kind of [PolicyKind.confirmations, PolicyKind.realtime, PolicyKind.safe])
      await refused(
        foreign.register(world, { kind, value: kind === PolicyKind.confirmations ? 1 : 0 }),
        'bad-policy',
      );
    // Half a second a slot: more blocks than may wait.
    const minutes = MAX_FINALITY_LEAD / 2 / 120;
    await refused(
      foreign.register(world, { kind: PolicyKind.age, value: Math.floor(minutes) + 1 }),
      'bad-policy',
    );
    const { parameters } = smallEthereum.networks[0]!;
    const policy = { kind: PolicyKind.finalized, value: 0 };
    const { raw } = foreign.header(3);
    await refused(registerCall(world, { ...foreign.spec, parameters }, policy, raw), 'spec-mismatch');
    const unsigned = { ...foreign.spec, checkpoint: { ...foreign.spec.checkpoint, work: 0n } };
    await refused(registerCall(world, unsigned, policy, raw), 'spec-mismatch');
    await refused(registerCall(world, foreign.spec, policy, foreign.header(4).raw), 'malformed-headers');
    await ok(world, foreign.register(world, { kind: PolicyKind.age, value: Math.floor(minutes) }));

    // A trusted block that contains another execution block than the checkpoint says.
    const other = await World.create({ kinds: [smallEthereum] });
    const root = foreign.spec.checkpoint.work.toString(16).padStart(64, '0');
    const at = foreign.header(4);
    const wrong = specFor(
      COMMITTEE_CHAIN,
      trustedBlockCheckpoint(Buffer.from(root, 'hex'), at.height, at.hash),
    );
    await ok(other, registerCall(other, wrong, policy, at.raw));
    const specRoot = specRootOf(wrong);
    const call = foreign.lightClientCall({ specRoot, step: 0, data: foreign.bootstrapData() });
    expect(await other.outcome(call)).toBe('checkpoint-mismatch');
  });
});
