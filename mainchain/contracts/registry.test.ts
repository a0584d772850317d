import { BitArray } from '@chainsafe/ssz';
import { expect, test } from 'vitest';
import { utf8, ZERO32 } from '../../proofs/bytes.js';
import {
  GovernanceKind,
  GovernedCallType,
  type Policy,
  PolicyKind,
  PolicyType,
} from '../../proofs/containers/calls.js';
import { ChainStatus, CommitmentType } from '../../proofs/containers/commitment.js';
import type { ChainSpec } from '../../proofs/containers/spec.js';
import { Method } from '../../proofs/containers/transaction.js';
import { append, emptyHistory, historyRoot } from '../../proofs/history/history.js';
import { discardNodes } from '../../proofs/history/nodes.js';
import {
  governCall,
  registerCall,
  regtestGenesis,
  regtestSpec,
  smallBitcoin,
  specRootOf,
  toyCheckpoint,
  toyKind,
  toySpec,
} from '../../test/mainchain/foreign.js';
import { chainState } from '../../test/mainchain/queries.js';
import { World } from '../../test/mainchain/world.js';
import { chainStates } from '../rpc/chainState.js';
import { governanceSequence } from './chains.js';
import { commitmentsOf } from './histories.js';

const finalized: Policy = { kind: PolicyKind.finalized, value: 0 };
const two: Policy = { kind: PolicyKind.confirmations, value: 2 };
const view = (world: World) => world.chain.stateAt(world.chain.head.root);
const create = () => World.create({ kinds: [smallBitcoin, toyKind] });

test('chains are registered in order and committed in the header', async () => {
  const world = await create();
  expect(await world.outcome(registerCall(world, toySpec(), finalized, toyCheckpoint.raw))).toBe('applied');
  expect(await world.outcome(registerCall(world, regtestSpec(), two, regtestGenesis.raw))).toBe('applied');
  expect(chainStates(view(world)).map((c) => c.name)).toEqual(['toy-local', 'bitcoin-regtest']);
  expect(chainState(view(world), 'toy-local')).toMatchObject({
    size: 1,
    start: 100,
    committed: { height: 100, hash: toyCheckpoint.hash },
  });
  const roots = commitmentsOf(view(world)).map((c) => CommitmentType.hashTreeRoot(c));
  expect(historyRoot(append(emptyHistory(0), roots, discardNodes))).toEqual(
    world.chain.head.header.indexRoot,
  );
  expect(governanceSequence(view(world))).toBe(2);
  expect(chainState(view(world), 'nothing')).toBeUndefined();
});

test('each refusal of a registration has its name', async () => {
  const world = await create();
  const spec = regtestSpec();
  const raw = regtestGenesis.raw;
  const register = (s: ChainSpec, policy = two, header = raw) => registerCall(world, s, policy, header);
  const checkpoint = (change: Partial<ChainSpec['checkpoint']>) => ({
    ...spec,
    checkpoint: { ...spec.checkpoint, ...change },
  });
  const changed = raw.slice();
  changed[0]! ^= 1;
  const cases: [string, ReturnType<typeof register>][] = [
    ['unknown-kind', register({ ...spec, kind: 77 })],
    ['unknown-network', register({ ...spec, name: utf8('bitcoin-mainnet') })],
    ['spec-mismatch', register({ ...spec, parameters: Uint8Array.of(1) })],
    ['spec-mismatch', register({ ...spec, genesisHash: ZERO32 })],
    ['checkpoint-mismatch', register(spec, two, changed)],
    ['checkpoint-mismatch', register(checkpoint({ work: 0n }))],
    ['checkpoint-mismatch', register(checkpoint({ work: spec.checkpoint.work + 1n }))],
    [
      'checkpoint-mismatch',
      register(
        { ...toySpec(), checkpoint: { ...toySpec().checkpoint, work: 1n } },
        finalized,
        toyCheckpoint.raw,
      ),
    ],
    ['malformed-headers', register(spec, two, raw.slice(1))],
    ['bad-policy', register(spec, finalized)],
    ['bad-policy', register(spec, { kind: PolicyKind.confirmations, value: 20 })],
    ['bad-policy', register(spec, { kind: PolicyKind.confirmations, value: 0 })],
    ['bad-policy', register(spec, { kind: 9, value: 0 })],
    ['malformed-action', governCall(world, { kind: GovernanceKind.register, payload: Uint8Array.of(1) })],
    ['unknown-action', governCall(world, { kind: 99 })],
    ['unknown-chain', governCall(world, { kind: GovernanceKind.pause, specRoot: specRootOf(spec) })],
    ['bad-sequence', governCall(world, { sequence: 1 })],
    ['no-quorum', registerCall(world, spec, two, raw, [0, 3])],
    ['spec-mismatch', governCall(world, { ...registration(world, spec), specRoot: ZERO32 })],
  ];
  for (const [name, call] of cases) expect(await world.outcome(call), name).toBe(name);
  expect(chainStates(view(world))).toEqual([]);
  expect(governanceSequence(view(world))).toBe(0);
  expect(await world.outcome(register(spec))).toBe('applied');
  expect(await world.outcome(register(checkpoint({ periodStartTime: 1 })))).toBe('name-taken');
});

function registration(world: World, spec: ChainSpec) {
  return GovernedCallType.deserialize(registerCall(world, spec, two, regtestGenesis.raw).payload).action;
}

test('pausing, resuming and policies', async () => {
  const world = await create();
  const specRoot = specRootOf(toySpec());
  await world.call(registerCall(world, toySpec(), finalized, toyCheckpoint.raw));
  const pause = () => governCall(world, { kind: GovernanceKind.pause, specRoot });
  const resume = () => governCall(world, { kind: GovernanceKind.resume, specRoot });
  const policy = (value: number) =>
    governCall(world, {
      kind: GovernanceKind.setPolicy,
      specRoot,
      payload: PolicyType.serialize({ kind: PolicyKind.age, value }),
    });
  expect(await world.outcome(resume())).toBe('chain-not-paused');
  expect(await world.outcome(governCall(world, { specRoot, payload: Uint8Array.of(1) }))).toBe(
    'malformed-action',
  );
  const old = pause();
  expect(await world.outcome(old)).toBe('applied');
  expect(await world.outcome(old)).toBe('bad-sequence');
  expect(await world.outcome(pause())).toBe('chain-paused');
  expect(commitmentsOf(view(world))[0]!.status).toBe(ChainStatus.paused);
  expect(await world.outcome(resume())).toBe('applied');
  expect(await world.outcome(policy(0))).toBe('bad-policy');
  expect(await world.outcome(policy(10))).toBe('applied');
  expect(chainState(view(world), 'toy-local')).toMatchObject({
    policyVersion: 2,
    policy: { kind: PolicyKind.age, value: 10 },
  });
});

test('bits name exactly the delegates there are, and only real signatures count', async () => {
  const world = await create();
  const call = governCall(world, {});
  const decoded = GovernedCallType.deserialize(call.payload);
  const withBits = (...bits: boolean[]) => ({
    method: Method.govern,
    payload: GovernedCallType.serialize({ ...decoded, bits: BitArray.fromBoolArray(bits) }),
  });
  expect(await world.outcome(withBits(true, true, true, false, false))).toBe('bad-bits');
  expect(await world.outcome(withBits(true, true, true))).toBe('bad-bits');
  expect(await world.outcome(withBits(true, true, false, true))).toBe('bad-signature');
  expect(await world.outcome(withBits(true, true, false, false))).toBe('no-quorum');
});
