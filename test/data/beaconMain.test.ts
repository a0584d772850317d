import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { periodAt } from '../../adapters/ethereum/consensus/index.js';
import { BeaconApi } from '../../adapters/ethereum/sources/beacon/api.js';
import { LightClientSync } from '../../indexers/follow/lightClient/sync.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { chainFinality } from '../../mainchain/rpc/chainState.js';
import { LightClientStep, PolicyKind, SubmitLightClientType } from '../../proofs/containers/calls.js';
import { type Call, Method } from '../../proofs/containers/transaction.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { MemoryStore } from '../../storage/memory.js';
import { registerCall } from '../mainchain/foreign.js';
import { chainState } from '../mainchain/queries.js';
import { World } from '../mainchain/world.js';
import { serveRecorded } from '../support/beacon.js';
import { CommitteeReplay, standInEthereum } from '../support/committeeReplay.js';
import { sixPeriods } from '../support/lightClient.js';
import { hasData, needsData } from './folder.js';
import { recordedOf } from './recorded.js';

const BATCH = 2016;
/** Periods whose headers are brought too: finality may lead the leaves by three or four. */
const LINKED = 3;

describe.skipIf(!hasData)(needsData('real mainnet periods from a Beacon API into the main chain'), () => {
  beforeAll(useFastHasher);
  const closing: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  it('what a relay reads over HTTP is all that delegates need to know six periods’ finality', async () => {
    const file = sixPeriods();
    const { network } = file;
    const { recorded, root } = recordedOf('mainnet_helios.json', network);
    const server = await serveRecorded(recorded);
    closing.push(() => server.close());
    const source = new BeaconApi(network, { url: server.url, requestsPerSecond: 1000 });
    closing.push(() => source.close());
    const newest = Math.max(...file.finalityUpdates.map(({ data }) => data.signatureSlot));
    const now = () => network.genesisTime + ((newest + 1) * network.slotMilliseconds) / 1000;
    const sync = await LightClientSync.open({
      network,
      trustedRoot: root,
      sources: [source],
      store: new MemoryStore(),
      bls: blstBls,
      now,
    });
    await sync.pollAll();

    const replay = new CommitteeReplay(file);
    const world = await World.create({ kinds: [standInEthereum], genesis: { time: 1_800_000_000_000 } });
    const view = () => world.chain.stateAt(world.chain.head.root);
    const finality = () => chainFinality(view(), [standInEthereum], network.name)!;
    const state = () => chainState(view(), network.name)!;
    const applied = async (call: Call) => expect(await world.outcome(call)).toBe('applied');
    const submit = (step: number, data: Uint8Array, committee: Uint8Array): Call => ({
      method: Method.submitLightClient,
      payload: SubmitLightClientType.serialize({ specRoot: replay.specRoot, step, data, committee }),
    });
    const { checkpoint } = replay.spec;
    const policy = { kind: PolicyKind.finalized, value: 0 };
    await applied(registerCall(world, replay.spec, policy, replay.header(checkpoint.height).raw));
    await applied(submit(LightClientStep.bootstrap, sync.bootstrap()!, new Uint8Array(0)));

    const start = periodAt(network, file.bootstrap.data.header.beacon.slot);
    const updates = await sync.updates(start, 16);
    expect(updates.map(({ period }) => period)).toEqual(file.updates.map((_, i) => start + i));
    for (const [i, { bytes }] of updates.entries()) {
      await applied(submit(LightClientStep.update, bytes, sync.committeeFor(bytes)!));
      if (i >= LINKED) continue;
      // The headers between are not in the data: stand-ins join what lies furthest back.
      for (let { pending } = finality(); pending !== undefined; pending = finality().pending) {
        const from = Math.max(state().tip.height + 1, pending.height - BATCH + 1);
        await applied(replay.finalized(from, pending.height));
      }
      while (state().committed.height < state().tip.height) await applied(replay.finalized(1, 0));
    }
    const last = sync.latestFinalityUpdate();
    if (last !== undefined) await applied(submit(LightClientStep.update, last, sync.committeeFor(last)!));
    const own = sync.finalized()!;
    expect(finality().final).toMatchObject({ ...own.execution, slot: own.slot });
  });
});
