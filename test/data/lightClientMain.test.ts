import { beforeAll, describe, expect, it } from 'vitest';
import { chainFinality } from '../../mainchain/rpc/chainState.js';
import { PolicyKind, SubmitLightClientType } from '../../proofs/containers/calls.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import { type Call, Method } from '../../proofs/containers/transaction.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { registerCall } from '../mainchain/foreign.js';
import { chainState, leafPieces } from '../mainchain/queries.js';
import { World } from '../mainchain/world.js';
import { CommitteeReplay, standInEthereum } from '../support/committeeReplay.js';
import { lightClientFiles } from '../support/lightClient.js';
import { hasData, needsData } from './folder.js';

const BATCH = 2016;
beforeAll(useFastHasher);

describe.skipIf(!hasData)(needsData('light client data of public networks, in the main chain'), () => {
  const files = lightClientFiles().filter(({ name }) => !name.includes('portal'));

  it.each(files)('$name: every update a transaction, its headers after it', async (file) => {
    const replay = new CommitteeReplay(file);
    // Headers are stand-ins here, so that an update of the next period may be ahead of them in the main chain's clock.
    const world = await World.create({ kinds: [standInEthereum], genesis: { time: 1_800_000_000_000 } });
    const { name } = file.network;
    const view = () => world.chain.stateAt(world.chain.head.root);
    const state = () => chainState(view(), name)!;
    const finality = () => chainFinality(view(), [standInEthereum], name)!;
    const applied = async (call: Call) => expect(await world.outcome(call)).toBe('applied');
    const { height: start } = replay.spec.checkpoint;
    const policy = { kind: PolicyKind.finalized, value: 0 };
    await applied(registerCall(world, replay.spec, policy, replay.header(start).raw));
    await applied(replay.bootstrap());

    /** All headers below the newest final block, and every leaf. */
    const link = async () => {
      for (let { pending } = finality(); pending !== undefined; pending = finality().pending) {
        const from = Math.max(state().tip.height + 1, pending.height - BATCH + 1);
        await applied(replay.finalized(from, pending.height));
      }
      while (state().committed.height < state().tip.height) await applied(replay.finalized(1, 0));
    };
    let { header } = file.bootstrap.data;
    for (const [i, { data }] of file.updates.entries()) {
      // One of the first period may only bring the next committee.
      if (data.finalizedHeader.beacon.slot > header.beacon.slot) header = data.finalizedHeader;
      if (i === 1) await refusals(world, replay, i);
      await applied(replay.update(i, i % 2 === 1));
      const { blockNumber: height, blockHash: hash } = header.execution;
      expect(finality().final).toMatchObject({ height, hash, knowsNext: true });
      // The first three periods with every header; the others' are left waiting.
      if (i < 3) {
        await link();
        expect(state().committed).toEqual({ height, hash });
      }
    }
    const waiting = file.updates.length > 3;
    expect(finality().pending === undefined).toBe(!waiting);
    const { leaf } = leafPieces(view(), name, state().committed.height)!;
    expect(leaf.assurance).toBe(Assurance.syncCommittee);
    for (const [i, { data }] of file.finalityUpdates.entries()) {
      const call = replay.finalityUpdate(i);
      if (call === undefined) continue;
      await applied(call);
      expect(finality().final.height).toBe(data.finalizedHeader.execution.blockNumber);
    }
  });
});

/** A real update with a bit changed anywhere, of another period, or too early is refused by name, and changes nothing. */
async function refusals(world: World, replay: CommitteeReplay, i: number): Promise<void> {
  const before = world.chain.header(world.chain.head.root)!.indexRoot;
  const last = replay.file.updates.length - 1;
  expect(await world.outcome(replay.update(i - 1))).toBe('light-client:not-relevant');
  if (last > i) expect(await world.outcome(replay.update(i + 1))).toBe('light-client:period-skip');
  const { payload } = replay.update(i);
  const call = SubmitLightClientType.deserialize(payload);
  const named =
    /^(light-client:[a-z-]+|malformed-light-client|unknown-chain|finality-started|headers-first)$/;
  for (let n = 0; n < 60; n++) {
    const { data, committee } = { data: call.data.slice(), committee: call.committee.slice() };
    const bytes = n % 3 === 0 ? committee : data;
    const at = Math.floor((bytes.length * (n + 0.5)) / 60);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (n % 8));
    const changed = SubmitLightClientType.serialize({ ...call, data, committee });
    expect(await world.outcome({ method: Method.submitLightClient, payload: changed })).toMatch(named);
  }
  expect(world.chain.header(world.chain.head.root)!.indexRoot).toEqual(before);
}
