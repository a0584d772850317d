import { describe, expect, it } from 'vitest';
import { toHex } from '../../proofs/bytes.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { MemoryStore } from '../../storage/memory.js';
import type { ChainEvent } from './chain.js';
import { BeaconDataError, FinalizedLostError } from './errors.js';
import { BeaconNode, type BeaconNodeOptions } from './node.js';
import { prunable } from './prune.js';
import { MemoryEngine } from './testing/engine.js';
import { catchUp, start } from './testing/follow.js';

useFastHasher();
const open = (
  engine: MemoryEngine,
  store = new MemoryStore(),
  more: Partial<BeaconNodeOptions> = {},
): Promise<BeaconNode> =>
  BeaconNode.open({ store, engine, slotMilliseconds: 0, firstSlots: 40, now: () => 1_700_000_000, ...more });

async function steps(node: BeaconNode, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await node.step();
}

describe('restart', () => {
  it('goes on where it was', async () => {
    const engine = new MemoryEngine();
    const store = new MemoryStore();
    const first = await open(engine, store);
    await steps(first, 5);
    const head = toHex(first.chain.head.root);
    const again = await open(engine, store);
    expect(toHex(again.chain.head.root)).toBe(head);
    expect(again.chain.light.finalityUpdate?.finalizedHeader.beacon.slot).toBe(24);
    await steps(again, 30);
    const client = start(again, again.chain.store.canonical(16)!);
    catchUp(again, client);
    expect(client.finalized.beacon.slot).toBe(56);
  });

  it('makes the same chain over the same execution blocks', async () => {
    const one = await open(new MemoryEngine());
    const other = await open(new MemoryEngine());
    expect(toHex(other.chain.head.root)).toBe(toHex(one.chain.head.root));
  });

  it('takes execution blocks that it had not seen before it ended', async () => {
    const engine = new MemoryEngine();
    const store = new MemoryStore();
    const first = await open(engine, store);
    await engine.mine();
    await engine.mine();
    const again = await open(engine, store);
    expect(again.chain.head.slot).toBe(first.chain.head.slot);
    await steps(again, 2);
    expect(engine.blocks.length).toBe(43);
    expect(again.chain.executionOf(again.chain.head.record).number).toBe(42);
  });

  it('goes back to the newest block that the execution chain still has', async () => {
    const engine = new MemoryEngine();
    const store = new MemoryStore();
    await open(engine, store);
    engine.drop(5);
    const again = await open(engine, store, { firstSlots: 0 });
    expect(again.chain.head.slot).toBe(35);
    await steps(again, 40);
    // What came before is not signed again: slots of the lost branch stay empty.
    expect(again.chain.store.canonical(38)).toBeUndefined();
    const client = start(again, again.chain.store.canonical(16)!);
    catchUp(again, client);
    expect(client.finalized.beacon.slot).toBeGreaterThanOrEqual(56);
  });

  it('says clearly that a finalised block is gone', async () => {
    const engine = new MemoryEngine();
    const store = new MemoryStore();
    await open(engine, store);
    engine.drop(17);
    await expect(open(engine, store)).rejects.toThrow(FinalizedLostError);
  });

  it('refuses data of another version', async () => {
    const store = new MemoryStore();
    await store.batch([
      { type: 'put', key: Uint8Array.of(0), value: new TextEncoder().encode('{"version":2}') },
    ]);
    await expect(open(new MemoryEngine(), store)).rejects.toThrow(BeaconDataError);
  });
});

describe('reorganisation of the execution chain', () => {
  it('above finality becomes one of the beacon chain', async () => {
    const events: ChainEvent[] = [];
    const engine = new MemoryEngine();
    const node = await open(engine, new MemoryStore(), { onEvent: (event) => events.push(event) });
    const old = node.chain.head;
    engine.drop(3);
    for (let i = 0; i < 4; i++) await engine.mine();
    events.length = 0;
    await node.step();
    expect(events.map(({ type, slot }) => [type, slot])).toEqual([
      ['reorg', 37],
      ['head', 41],
    ]);
    expect(toHex(node.chain.head.record.header.parentRoot)).toBe(toHex(node.chain.store.canonical(37)!));
    expect(node.chain.store.canonical(38)).toBeUndefined();
    // The orphan can still be looked up, and is not on the chain.
    expect(node.chain.store.record(old.root)?.header.slot).toBe(40);
    await steps(node, 60);
    const client = start(node, node.chain.store.canonical(37)!);
    catchUp(node, client);
    expect(client.finalized.beaconRoot).toEqual(
      node.chain.store.record(node.chain.head.record.header.parentRoot)!.finalized.root,
    );
  });

  it('keeps best updates that are on the chain', async () => {
    const engine = new MemoryEngine();
    const node = await open(engine, new MemoryStore(), { firstSlots: 66 });
    engine.drop(4);
    await steps(node, 70);
    const updates = node.chain.light.updates(0, 8);
    expect(updates.length).toBe(3);
    const client = start(node, node.chain.store.canonical(8)!);
    catchUp(node, client);
    expect(client.finalized.beacon.slot).toBeGreaterThan(104);
  });

  it('below finality is refused; it goes on once the blocks are back', async () => {
    const engine = new MemoryEngine();
    const problems: (string | undefined)[] = [];
    const node = await open(engine, new MemoryStore(), {
      slotMilliseconds: 5,
      onProblem: (problem) => problems.push(problem),
    });
    const finalized = toHex(node.chain.finalized.root);
    const kept = engine.blocks.slice();
    engine.blocks.splice(10);
    engine.branch++;
    await expect.poll(() => node.problem, { timeout: 90_000 }).toMatch(/does not have the finalised block/);
    expect(toHex(node.chain.finalized.root)).toBe(finalized);
    await engine.mine();
    engine.branch--;
    engine.blocks.splice(0, engine.blocks.length, ...kept);
    await expect.poll(() => node.problem, { timeout: 90_000 }).toBeUndefined();
    expect(problems.length).toBe(2);
    const { slot } = node.chain.head;
    await expect.poll(() => node.chain.head.slot, { timeout: 90_000 }).toBeGreaterThan(slot);
    await node.close();
  });
});

describe('data on disk', () => {
  it('keeps no state from before the finalised block, and lasting records of the blocks that epochs begin with', async () => {
    const engine = new MemoryEngine();
    const node = await open(engine, new MemoryStore(), { firstSlots: 100 });
    const { store } = node.chain;
    const { slot } = node.chain.finalized.record.header;
    expect(await store.statesBelow(slot)).toEqual([]);
    expect(store.state(slot, node.chain.finalized.root)).toBeDefined();
    const { writes, pruned } = await prunable(store, 0, slot, 16);
    await store.write(writes);
    expect(pruned).toBe(slot - 16);
    for (let one = 1; one < 100; one++) {
      const root = store.canonical(one);
      expect(root !== undefined, `slot ${one}`).toBe(one >= pruned || one % 8 === 0);
      if (root !== undefined && one < pruned) expect(start(node, root).finalized.beacon.slot).toBe(one);
    }
  });
});
