import { expect, test } from 'vitest';
import { nobleBls } from '../../proofs/bls/bls.js';
import { RotateKeyType } from '../../proofs/containers/calls.js';
import { DelegateSetType } from '../../proofs/containers/consensus.js';
import { Method } from '../../proofs/containers/transaction.js';
import { LightClient } from '../../proofs/verify/lightClient.js';
import { trustFromGenesis } from '../../proofs/verify/trust.js';
import { possession, seeded, World } from '../../test/mainchain/world.js';
import { BlsSigner } from '../crypto/signer.js';
import { roundRobin } from './schedule.js';

async function rotatingWorld(): Promise<World> {
  const world = await World.create({ genesis: { termBlocks: 4 } });
  const fresh = BlsSigner.fromSeed(seeded('second term'));
  const delegate = world.delegates[2]!;
  delegate.keys.push(fresh);
  const payload = RotateKeyType.serialize({ blsKey: fresh.publicKey, proofOfPossession: possession(fresh) });
  expect(await world.outcome({ method: Method.rotateKey, payload }, delegate.account)).toBe('applied');
  return world;
}

test('a term ends when its set has finalised a block at its nominal end, and not before', async () => {
  const world = await rotatingWorld();
  while (world.chain.head.header.height < 6) await world.produce();
  // The nominal end is height 3. Earlier links, and links that skip a block, do not close the term.
  for (const [source, target] of [
    [2, 3],
    [3, 5],
  ] as const) {
    const built = await world.build({ certificate: world.certificate(source, target) });
    expect(built.header).toMatchObject({ term: 0, termStart: 0 });
  }
  const old = world.chain.head.header;
  const certificate = world.certificate(4, 5);
  expect(world.chain.closesTerm(world.chain.head.root, certificate)).toBe(true);
  const first = await world.produce({ certificate });
  expect(first.header).toMatchObject({
    height: 7,
    term: 1,
    termStart: 7,
    round: 0,
    position: 0,
    producer: 0,
  });
  expect(first.header.setRoot).toEqual(old.nextSetRoot);
  expect(first.header.setRoot).not.toEqual(old.setRoot);
  expect(world.chain.termAt(first.root)).toMatchObject({ term: 1, start: 7, startSlot: old.slot + 1 });
  for (let i = 0; i < 5; i++) await world.produce();
  expect(world.chain.head.header).toMatchObject({ height: 12, term: 1, setRoot: first.header.setRoot });
  // The new set links across the boundary; the same certificate of the old set does not open a term twice.
  expect((await world.build({ certificate: world.certificate(6, 7) })).header.term).toBe(1);
  expect((await world.build({ certificate })).header.term).toBe(1);
});

test('the light client follows the hand-over that the chain made', async () => {
  const world = await rotatingWorld();
  while (world.chain.head.header.height < 5) await world.produce();
  const certificate = world.certificate(3, 4);
  const first = await world.produce({ certificate });
  for (let i = 0; i < 2; i++) await world.produce();
  const client = new LightClient(trustFromGenesis(world.genesis), nobleBls);
  const compact = (c: typeof certificate) => ({
    term: c.vote.term,
    targetRoot: c.vote.target.root,
    bits: c.bits,
    signature: c.signature,
  });
  const header = world.chain.header(world.chain.rootAt(3)!)!;
  const { next } = world.chain.setsAt(world.chain.rootAt(3)!);
  expect(DelegateSetType.hashTreeRoot(next)).toEqual(first.header.setRoot);
  client.applyHandover({ header, certificate: compact(certificate), members: next });
  const finalized = client.verify(first.header, compact(world.certificate(6, 7)));
  expect(finalized.header.height).toBe(6);
});

test('a block that carries the closing certificate must open the next term', async () => {
  const world = await rotatingWorld();
  while (world.chain.head.header.height < 5) await world.produce();
  const certificate = world.certificate(3, 4);
  const parentRoot = world.chain.head.root;
  const opened = await world.build({ certificate });
  const stay = world.chain.termAt(parentRoot);
  const header = { ...opened.header, term: 0, termStart: 0, setRoot: stay.setRoot };
  const block = { ...opened.block, block: { ...opened.block.block, header } };
  await expect(world.chain.import(block, Number.MAX_SAFE_INTEGER)).rejects.toThrow(/bad-term/);
  await expect(world.chain.import(opened.block, Number.MAX_SAFE_INTEGER)).resolves.toMatchObject({
    status: 'imported',
  });
});

test('turns: every delegate once a round, and one of them again', () => {
  const members = Array.from({ length: 4 }, () => ({
    account: new Uint8Array(20),
    blsKey: new Uint8Array(48),
  }));
  const term = { term: 0, start: 0, startSlot: 1, setRoot: new Uint8Array(32), members };
  const producers = Array.from({ length: 10 }, (_, i) => roundRobin.producerAt(i + 1, term).producer);
  expect(producers).toEqual([0, 1, 2, 3, 0, 0, 1, 2, 3, 1]);
  expect(roundRobin.producerAt(10, term)).toEqual({ round: 1, position: 4, producer: 1 });
});
