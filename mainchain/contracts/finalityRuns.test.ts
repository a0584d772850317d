import { beforeAll, describe, expect, it } from 'vitest';
import { integerBytes } from '../../adapters/ethereum/rlp/read.js';
import { concatBytes } from '../../proofs/bytes.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import type { Call } from '../../proofs/containers/transaction.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import {
  COMMITTEE_CHAIN,
  COMMITTEE_WINDOW,
  CommitteeForeign,
  smallEthereum,
} from '../../test/mainchain/committee.js';
import { governCall } from '../../test/mainchain/foreign.js';
import { chainState } from '../../test/mainchain/queries.js';
import { World } from '../../test/mainchain/world.js';
import { chainFinality } from '../rpc/chainState.js';
import { MAX_BATCH_HEADERS, MAX_FINALITY_LEAD } from './context.js';
import { readEvidence } from './evidence.js';

beforeAll(useFastHasher);

const view = (world: World) => world.chain.stateAt(world.chain.head.root);
const state = (world: World) => chainState(view(world), COMMITTEE_CHAIN)!;
const finality = (world: World) => chainFinality(view(world), [smallEthereum], COMMITTEE_CHAIN);

async function begin(foreign: CommitteeForeign): Promise<World> {
  const world = await World.create({ kinds: [smallEthereum] });
  expect(await world.outcome(foreign.register(world))).toBe('applied');
  expect(await world.outcome(foreign.bootstrap())).toBe('applied');
  return world;
}

describe('headers below a final block', () => {
  it('keep their chain’s rules, across batches and where they join', async () => {
    const time = (at: number) => ({ timestamp: integerBytes(at) });
    for (const bad of [4, 9, 10, 16]) {
      // Each block later than its parent, but for one.
      const foreign = new (class extends CommitteeForeign {
        override make(height: number, changes: object) {
          return super.make(height, height === bad ? { ...changes, ...time(1_500_000_000) } : changes);
        }
      })();
      const world = await begin(foreign);
      expect(await world.outcome(foreign.update({ attested: 20, finalized: 16, committee: true }))).toBe(
        'applied',
      );
      const outcomes = [
        await world.outcome(foreign.finalized(foreign.run(10, 16))),
        await world.outcome(foreign.finalized(foreign.run(4, 9))),
      ];
      expect(outcomes).toContain('header:older-block-time');
      expect(state(world).size).toBe(1);
    }
  });

  it('cost their part of a block, as updates do', async () => {
    const foreign = new CommitteeForeign();
    const world = await begin(foreign);
    const update = foreign.update({ attested: 20, finalized: 16, committee: true });
    // 64 headers each, and one for the aggregate key and the path.
    const transactions = Array.from({ length: 63 }, (_, i) => world.transaction(update, { nonce: 2 + i }));
    const finalized = world.transaction(foreign.finalized(foreign.run(4, 16)), { nonce: 65 });
    const over = { reason: 'over-budget', retryable: true };
    // Before there is anything to link, headers cost themselves alone.
    const built = await world.produce({ transactions: transactions.slice(0, 62) });
    expect(built.dropped).toEqual([]);
    const full = [...transactions.slice(62), finalized];
    expect((await world.build({ transactions: full })).dropped).toEqual([]);
    const whole = foreign.update({ attested: 34, finalized: 30 }, { whole: true });
    const many = Array.from({ length: 60 }, (_, i) => world.transaction(whole, { nonce: 64 + i }));
    // A whole committee of 32 keys counts 17 more.
    const dropped = (await world.build({ transactions: many })).dropped;
    expect(dropped.length).toBe(60 - Math.floor(4096 / 81));
    expect(dropped[0]).toMatchObject(over);
  });

  it('are linked and appended in batches, however many they are', async () => {
    const foreign = new CommitteeForeign();
    const world = await begin(foreign);
    const ok = async (call: Call) => expect(await world.outcome(call)).toBe('applied');
    for (let period = 0; period < 35; period++) {
      const slot = 64 * period + 40;
      await ok(foreign.update({ attested: slot + 8, finalized: slot, committee: true }));
    }
    const top = 64 * 34 + 40;
    expect(finality(world)).toMatchObject({ final: { height: top }, pending: { height: 40 } });
    await ok(foreign.finalized(foreign.run(4, 40)));
    expect(finality(world)).toMatchObject({ pending: { height: top } });
    const tooMany = foreign.finalized(foreign.run(top - MAX_BATCH_HEADERS, top));
    expect(await world.outcome(tooMany)).toBe('too-many-headers');
    await ok(foreign.finalized(foreign.run(1000, top)));
    await ok(foreign.finalized(foreign.run(500, 999)));
    await ok(foreign.finalized(foreign.run(41, 499)));
    expect(state(world)).toMatchObject({
      tip: { height: top },
      committed: { height: 40 + MAX_BATCH_HEADERS },
    });
    expect(finality(world)!.pending).toBeUndefined();
    await ok(foreign.finalized([]));
    expect(state(world)).toMatchObject({
      committed: { height: top, hash: foreign.header(top).hash },
      windowBase: top - COMMITTEE_WINDOW + 1,
    });
    expect(await world.outcome(foreign.finalized([]))).toBe('nothing-to-advance');
  });

  it('come before finality gets too far ahead of them', async () => {
    const far = new (class extends CommitteeForeign {
      override header(height: number) {
        return height === 30 ? this.make(MAX_FINALITY_LEAD + 4, {}) : super.header(height);
      }
    })();
    const world = await begin(far);
    expect(await world.outcome(far.update({ attested: 34, finalized: 30, committee: true }))).toBe(
      'headers-first',
    );
    expect(finality(world)!.final.height).toBe(3);
  });
});

describe('finality that contradicts itself', () => {
  it('pauses the chain where a final run does not meet the branch', async () => {
    const honest = new CommitteeForeign();
    const world = await begin(honest);
    await world.outcome(honest.update({ attested: 20, finalized: 16, committee: true }));
    await world.outcome(honest.finalized(honest.run(4, 16)));
    const other = new CommitteeForeign(3, 1, { of: honest, shared: 12 });
    expect(other.specRoot).toEqual(honest.specRoot);
    expect(await world.outcome(other.update({ attested: 34, finalized: 30 }))).toBe('applied');
    expect(await world.outcome(other.finalized(other.run(25, 30)))).toBe('applied');
    const rest = other.run(17, 24);
    expect(await world.outcome(other.finalized(rest))).toBe('applied');
    expect(state(world)).toMatchObject({ status: ChainStatus.paused, committed: { height: 16 }, epoch: 0 });
    const evidence = readEvidence(view(world), honest.specRoot, 0)!;
    expect(evidence).toMatchObject({ forkHeight: 16, branchCount: 8, ownTipHeight: 16 });
    expect(view(world).nodes.get(evidence.branchDigest)).toEqual(concatBytes(...rest.map(({ raw }) => raw)));
    expect(await world.outcome(other.update({ attested: 44, finalized: 40 }))).toBe('chain-paused');
    expect(await world.outcome(other.finalized([]))).toBe('chain-paused');
    // Resumed by the delegates, it stays on its branch: what paused it cannot do so again, and finality that meets the branch goes on.
    const resume = () => governCall(world, { kind: 3, specRoot: honest.specRoot });
    expect(await world.outcome(resume())).toBe('applied');
    expect(await world.outcome(other.finalized(rest))).toBe('not-missing');
    expect(await world.outcome(other.update({ attested: 34, finalized: 30 }))).toBe(
      'light-client:not-relevant',
    );
    expect(await world.outcome(honest.update({ attested: 34, finalized: 30 }))).toBe(
      'light-client:not-relevant',
    );
    // A newer contradiction pauses it again.
    expect(await world.outcome(other.update({ attested: 44, finalized: 40 }))).toBe('applied');
    expect(await world.outcome(other.finalized(other.run(17, 40)))).toBe('applied');
    expect(state(world)).toMatchObject({ status: ChainStatus.paused, committed: { height: 16 } });
    expect(readEvidence(view(world), honest.specRoot, 1)).toMatchObject({ branchCount: 24 });
    expect(await world.outcome(resume())).toBe('applied');
    expect(await world.outcome(honest.update({ attested: 54, finalized: 50 }))).toBe('applied');
    expect(await world.outcome(honest.finalized(honest.run(17, 50)))).toBe('applied');
    const { hash } = honest.header(50);
    expect(state(world)).toMatchObject({ status: ChainStatus.active, committed: { height: 50, hash } });
  });

  it('pauses the chain where a later final block is not above an earlier one', async () => {
    const honest = new CommitteeForeign();
    const world = await begin(honest);
    await world.outcome(honest.update({ attested: 20, finalized: 16, committee: true }));
    // The block of slot 30 is said to be at height 10.
    const { beacon } = honest;
    const lower = new (class extends CommitteeForeign {
      override header(height: number) {
        return super.header(height === 30 ? 10 : height);
      }
    })();
    expect(lower.specRoot).toEqual(honest.specRoot);
    const { data, committee } = lower.encoded({ attested: 34, finalized: 30 });
    expect(beacon.network).toBe(lower.beacon.network);
    expect(await world.outcome(honest.lightClientCall({ data, committee }))).toBe('applied');
    expect(state(world).status).toBe(ChainStatus.paused);
    const evidence = readEvidence(view(world), honest.specRoot, 0)!;
    expect(evidence).toMatchObject({ forkHeight: 9, branchCount: 0 });
    expect(evidence.branchTip).toEqual(honest.header(10).hash);
    expect(view(world).nodes.get(evidence.branchDigest)).toEqual(data);
    // Nor can that update, once the delegates have resumed the chain.
    const resume = governCall(world, { kind: 3, specRoot: honest.specRoot });
    expect(await world.outcome(resume)).toBe('applied');
    expect(await world.outcome(honest.lightClientCall({ data, committee }))).toBe(
      'light-client:not-relevant',
    );
    expect(state(world)).toMatchObject({ status: ChainStatus.active, committed: { height: 3 } });
    expect(await world.outcome(honest.update({ attested: 44, finalized: 40 }))).toBe('applied');
    expect(await world.outcome(honest.finalized(honest.run(4, 40)))).toBe('applied');
    expect(state(world)).toMatchObject({ committed: { height: 40, hash: honest.header(40).hash } });
  });

  it('pauses the chain where a final block is not above its tip, also after it was resumed', async () => {
    const honest = new CommitteeForeign();
    const world = await begin(honest);
    await world.outcome(honest.update({ attested: 20, finalized: 16, committee: true }));
    await world.outcome(honest.finalized(honest.run(4, 16)));
    // Blocks of slots 30 and 40 are said to be at heights 10 and 12.
    const lower = new (class extends CommitteeForeign {
      override header(height: number) {
        return super.header(height === 30 ? 10 : height === 40 ? 12 : height);
      }
    })();
    for (const [i, attested] of [34, 44].entries()) {
      const { data, committee } = lower.encoded({ attested, finalized: attested - 4 });
      expect(await world.outcome(honest.lightClientCall({ data, committee }))).toBe('applied');
      expect(state(world)).toMatchObject({ status: ChainStatus.paused, committed: { height: 16 } });
      expect(readEvidence(view(world), honest.specRoot, i)).toMatchObject({ forkHeight: 9 + 2 * i });
      const resume = governCall(world, { kind: 3, specRoot: honest.specRoot });
      expect(await world.outcome(resume)).toBe('applied');
    }
    expect(await world.outcome(honest.update({ attested: 54, finalized: 50 }))).toBe('applied');
    expect(await world.outcome(honest.finalized(honest.run(17, 50)))).toBe('applied');
    expect(state(world)).toMatchObject({ committed: { height: 50, hash: honest.header(50).hash } });
  });
});
