import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PolicyKind } from '../../proofs/containers/calls.js';
import { LevelStore } from '../../storage/level.js';
import { MemoryStore } from '../../storage/memory.js';
import { transferCall } from '../../test/mainchain/calls.js';
import {
  mine,
  registerCall,
  regtestGenesis,
  regtestSpec,
  smallBitcoin,
  specRootOf,
  submitCall,
} from '../../test/mainchain/foreign.js';
import { chainState } from '../../test/mainchain/queries.js';
import { World } from '../../test/mainchain/world.js';
import { readAccount } from '../contracts/token.js';
import { ChainStoreError } from './errors.js';

const to = new Uint8Array(20).fill(7);

async function busyChain(world: World): Promise<void> {
  const spec = regtestSpec();
  const run = mine(regtestGenesis, 30);
  await world.call(
    registerCall(world, spec, { kind: PolicyKind.confirmations, value: 2 }, regtestGenesis.raw),
  );
  for (let i = 0; i < 30; i += 10) await world.call(submitCall(specRootOf(spec), i, run.slice(i, i + 10)));
  await world.call(submitCall(specRootOf(spec), 25, mine(run[24]!, 7, 5)));
  await world.call(transferCall(to, 9n));
}

test('the same blocks give the same states anywhere, also one at a time', async () => {
  const world = await World.create({ kinds: [smallBitcoin] });
  await busyChain(world);
  const other = await World.create({ kinds: [smallBitcoin] });
  for (let height = 1; height <= world.chain.head.header.height; height++) {
    const root = world.chain.rootAt(height)!;
    const result = await other.chain.import(world.chain.block(root)!, Number.MAX_SAFE_INTEGER);
    expect(result).toMatchObject({ status: 'imported', root });
    expect(other.chain.receipts(root)).toEqual(world.chain.receipts(root));
  }
  await other.chain.setHead(world.chain.head.root);
  const state = chainState(other.chain.stateAt(other.chain.head.root), 'bitcoin-regtest');
  expect(state).toEqual(chainState(world.chain.stateAt(world.chain.head.root), 'bitcoin-regtest'));
  expect(state).toMatchObject({ reorgCount: 1, epoch: 1, tip: { height: 32 } });
});

test('a node that is opened again goes on where it was', async () => {
  const path = await mkdtemp(join(tmpdir(), 'crossroot-chain-'));
  try {
    const store = await LevelStore.open(path);
    const world = await World.create({ kinds: [smallBitcoin], store });
    await busyChain(world);
    const { head } = world.chain;
    const unset = await world.build();
    await world.chain.import(unset.block, world.chain.slotTime(unset.header.slot));
    await world.chain.close();
    await store.close();
    const again = await LevelStore.open(path);
    await world.open(again);
    expect(world.chain.head).toEqual(head);
    expect(world.chain.tips()).toEqual([unset.root]);
    await world.chain.setHead(unset.root);
    await world.call(submitCall(specRootOf(regtestSpec()), 32, []));
    expect(readAccount(world.chain.stateAt(world.chain.head.root), to).balance).toBe(9n);
    await again.close();
  } finally {
    await rm(path, { recursive: true });
  }
});

test('a store of another genesis is refused', async () => {
  const store = new MemoryStore();
  await World.create({ store });
  await expect(World.create({ store, n: 5 })).rejects.toThrow(ChainStoreError);
});

test('a write that fails leaves nothing, and the block can come again', async () => {
  const store = new MemoryStore();
  const world = await World.create({ store });
  const built = await world.build({ transactions: [world.transaction(transferCall(to, 1n))] });
  const now = world.chain.slotTime(built.header.slot);
  const { batch } = store;
  store.batch = () => Promise.reject(new Error('disk full'));
  await expect(world.chain.import(built.block, now)).rejects.toThrow('disk full');
  expect(world.chain.has(built.root)).toBe(false);
  store.batch = batch;
  expect((await world.chain.import(built.block, now)).status).toBe('imported');
  await world.open(store);
  expect(readAccount(world.chain.stateAt(built.root), to).balance).toBe(1n);
});
