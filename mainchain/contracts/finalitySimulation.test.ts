import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { SubmitLightClientType } from '../../proofs/containers/calls.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import type { Call } from '../../proofs/containers/transaction.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { COMMITTEE_CHAIN, CommitteeForeign, smallEthereum } from '../../test/mainchain/committee.js';
import { branchHash, chainState, leafPieces } from '../../test/mainchain/queries.js';
import { World } from '../../test/mainchain/world.js';
import { chainFinality } from '../rpc/chainState.js';

beforeAll(useFastHasher);

const REFUSAL =
  /^(light-client:[a-z-]+|malformed-light-client|malformed-headers|not-missing|not-final|unlinked-headers|nothing-to-advance|finality-started)$/;

const honest = new CommitteeForeign();
/** Another chain from the same trusted block, signed by nobody who counts. */
const other = new CommitteeForeign(3, 1, { of: honest, shared: 3 });

const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('update' as const),
      by: fc.nat(40),
      committee: fc.boolean(),
      whole: fc.boolean(),
      absent: fc.nat(10),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('headers' as const), count: fc.integer({ min: 1, max: 30 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('flip' as const),
      by: fc.nat(40),
      at: fc.nat(),
      bit: fc.nat(7),
      ofCommittee: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('strangers' as const), by: fc.nat(40), period: fc.nat(3) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('otherHeaders' as const), count: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('far' as const), by: fc.integer({ min: 130, max: 400 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'again' as const, 'nothing' as const) }),
  },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

test('whatever comes in whatever order, leaves are the final chain’s and nothing else is taken', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 40 }), async (actions) => {
      const world = await World.create({ kinds: [smallEthereum] });
      const view = () => world.chain.stateAt(world.chain.head.root);
      const finality = () => chainFinality(view(), [smallEthereum], COMMITTEE_CHAIN)!;
      const state = () => chainState(view(), COMMITTEE_CHAIN)!;
      await world.outcome(honest.register(world));
      expect(await world.outcome(honest.bootstrap())).toBe('applied');

      /** The call of an action, and whether it may be applied. */
      const callOf = (one: Action): { call: Call; mayApply: boolean } => {
        const { final, pending } = finality();
        const next = (by: number) => Math.max(final.slot + 1 + by, 8);
        const parts = (by: number) => ({ attested: next(by) + 4, finalized: next(by), committee: true });
        switch (one.do) {
          case 'update': {
            const absent = Array.from({ length: one.absent }, (_, seat) => 3 * seat);
            const update = { ...parts(one.by), committee: one.committee, absent };
            return { call: honest.update(update, { whole: one.whole }), mayApply: true };
          }
          case 'flip': {
            const call = honest.update(parts(one.by));
            const argument = SubmitLightClientType.deserialize(call.payload);
            const bytes = one.ofCommittee ? argument.committee : argument.data;
            const at = one.at % bytes.length;
            bytes[at] = (bytes[at] ?? 0) ^ (1 << one.bit);
            return { call: { ...call, payload: SubmitLightClientType.serialize(argument) }, mayApply: false };
          }
          case 'strangers': {
            const { attested } = parts(one.by);
            const period = Math.floor((attested + 1) / 64) + 1 + one.period;
            return { call: honest.update(parts(one.by), { period }), mayApply: false };
          }
          case 'far':
            return { call: honest.update(parts(one.by)), mayApply: false };
          case 'headers': {
            if (pending === undefined) return { call: honest.finalized([]), mayApply: false };
            const from = Math.max(state().tip.height + 1, pending.height - one.count + 1);
            return { call: honest.finalized(honest.run(from, pending.height)), mayApply: true };
          }
          case 'otherHeaders': {
            const to = pending?.height ?? final.height + 1;
            const from = Math.max(4, to - one.count + 1);
            return { call: other.finalized(other.run(from, Math.max(to, from))), mayApply: false };
          }
          case 'again':
            return { call: honest.bootstrap(), mayApply: false };
          default:
            return { call: honest.finalized([]), mayApply: false };
        }
      };

      for (const one of actions) {
        if (one.do === 'restart') {
          await world.open(world.store);
          continue;
        }
        const before = { finality: finality(), state: state() };
        const { call, mayApply } = callOf(one);
        const outcome = await world.outcome(call);
        if (outcome === 'applied') expect([one.do, mayApply]).toEqual([one.do, true]);
        else {
          expect(outcome).toMatch(REFUSAL);
          expect({ finality: finality(), state: state() }).toEqual(before);
        }
        const { final, pending } = finality();
        const { committed, tip, status } = state();
        expect(status).toBe(ChainStatus.active);
        expect(final.slot).toBeGreaterThanOrEqual(before.finality.final.slot);
        expect(committed.height).toBeLessThanOrEqual(final.height);
        expect(committed).toEqual({ height: tip.height, hash: tip.hash });
        expect(committed.hash).toEqual(honest.header(committed.height).hash);
        expect(pending === undefined).toBe(tip.height === final.height);
        if (pending !== undefined) expect(pending.hash).toEqual(honest.header(pending.height).hash);
      }
      for (let height = 3; height <= state().committed.height; height++) {
        const { hash } = honest.header(height);
        expect(leafPieces(view(), COMMITTEE_CHAIN, height)!.leaf.blockHash).toEqual(hash);
        expect(branchHash(view(), COMMITTEE_CHAIN, height, [smallEthereum])).toEqual(hash);
      }
    }),
    { numRuns: 8 },
  );
});
