import { FinalityStateType, readFinality } from '../mainchain/contracts/finality.js';
import { PolicyKind } from '../proofs/containers/calls.js';
import type { Call } from '../proofs/containers/transaction.js';
import { useFastHasher } from '../proofs/hash/fast.js';
import { hasData } from '../test/data/folder.js';
import { CommitteeForeign, smallEthereum } from '../test/mainchain/committee.js';
import { registerCall } from '../test/mainchain/foreign.js';
import { chainState } from '../test/mainchain/queries.js';
import { World } from '../test/mainchain/world.js';
import { CommitteeReplay, standInEthereum } from '../test/support/committeeReplay.js';
import { sixPeriods } from '../test/support/lightClient.js';
import { median } from './measure.js';

/** What a chain that its own committees make final costs the main chain: milliseconds of execution, bytes of transactions and state. */
const ROUNDS = 7;
const policy = { kind: PolicyKind.finalized, value: 0 };

useFastHasher();
await measureHeaders();
if (hasData) await measureUpdates();
else console.log('no real chain data in ../shared/data: updates of 512 keys are not measured');

/** A block with one call, built: its median time less that of an empty block. Nothing is imported. */
async function timeOf(world: World, call: Call): Promise<number> {
  const transaction = world.transaction(call);
  const build = async (transactions: (typeof transaction)[]) => {
    const start = performance.now();
    const built = await world.build({ transactions });
    const took = performance.now() - start;
    if (built.dropped.length > 0) throw new Error(built.dropped[0]?.reason);
    return took;
  };
  const [empty, full]: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    const [a, b] = [await build([]), await build([transaction])];
    if (round === 0) continue;
    empty.push(a);
    full.push(b);
  }
  return median(full) - median(empty);
}

async function apply(world: World, call: Call): Promise<void> {
  const outcome = await world.outcome(call);
  if (outcome !== 'applied') throw new Error(outcome);
}

function line(what: string, bytes: number, ms?: number): void {
  const time = ms === undefined ? '' : `${ms.toFixed(2).padStart(10)} ms`;
  console.log(`  ${what.padEnd(58)} ${bytes.toLocaleString('en').padStart(10)} bytes${time}`);
}

async function measureUpdates(): Promise<void> {
  console.log(
    '\nFinality as main-chain transactions: mainnet, 512 keys (bytes of the call; execution of its block)',
  );
  const replay = new CommitteeReplay(sixPeriods());
  const world = await World.create({ kinds: [standInEthereum], genesis: { time: 1_800_000_000_000 } });
  const { height } = replay.spec.checkpoint;
  await apply(world, registerCall(world, replay.spec, policy, replay.header(height).raw));
  const bootstrap = replay.bootstrap();
  line('bootstrap', bootstrap.payload.length, await timeOf(world, bootstrap));
  await apply(world, bootstrap);
  for (let i = 0; i < 3; i++) {
    const [brief, whole] = [replay.update(i), replay.update(i, true)];
    line(
      `update of a period, signers by the aggregate (${i + 1})`,
      brief.payload.length,
      await timeOf(world, brief),
    );
    if (i === 0) line('the same with the whole committee', whole.payload.length, await timeOf(world, whole));
    await apply(world, brief);
  }
  const state = readFinality(world.chain.stateAt(world.chain.head.root), replay.specRoot);
  if (state === undefined) throw new Error('nothing is known');
  line('in the state: the chain’s finality', FinalityStateType.serialize(state).length);
  line('of that, a committee', 32);
}

async function measureHeaders(): Promise<void> {
  console.log(
    '\nHeaders below a final block: real rules and hashes (bytes of the call; execution of its block)',
  );
  const foreign = new CommitteeForeign();
  const world = await World.create({ kinds: [smallEthereum] });
  await apply(world, foreign.register(world, policy));
  await apply(world, foreign.bootstrap());
  for (let period = 0; period < 63; period++) {
    const slot = 64 * period + 40;
    await apply(world, foreign.update({ attested: slot + 8, finalized: slot, committee: true }));
  }
  await apply(world, foreign.finalized(foreign.run(4, 40)));
  const top = 64 * 62 + 40;
  const descending = foreign.finalized(foreign.run(top - 1999, top));
  line('2,000 headers, linked downwards', descending.payload.length, await timeOf(world, descending));
  await apply(world, descending);
  const joining = foreign.finalized(foreign.run(41, top - 2000));
  const count = top - 2000 - 40;
  line(
    `${count} headers that join the branch, 2,016 leaves`,
    joining.payload.length,
    await timeOf(world, joining),
  );
  await apply(world, joining);
  const leaves = foreign.finalized([]);
  const waiting =
    top - (chainState(world.chain.stateAt(world.chain.head.root), 'ethereum-local')?.committed.height ?? 0);
  line(`${waiting} leaves alone`, leaves.payload.length, await timeOf(world, leaves));
}
