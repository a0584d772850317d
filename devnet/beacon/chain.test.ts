import { beforeAll, describe, expect, it } from 'vitest';
import { LightClientRuleError } from '../../adapters/ethereum/consensus/index.js';
import { bytesEqual, toHex } from '../../proofs/bytes.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { MemoryStore } from '../../storage/memory.js';
import { forkAtSlot } from './forks.js';
import { BeaconNode } from './node.js';
import { MemoryEngine } from './testing/engine.js';
import { ask, catchUp, read, start } from './testing/follow.js';

useFastHasher();
const NOW = Number.POSITIVE_INFINITY;
const open = (engine: MemoryEngine, firstSlots: number, store = new MemoryStore()) =>
  BeaconNode.open({ store, engine, slotMilliseconds: 0, firstSlots });

describe('a chain through all forks and two committee periods', () => {
  const engine = new MemoryEngine();
  let node: BeaconNode;
  beforeAll(async () => {
    node = await open(engine, 201);
  });

  it('is followed from the first block of each epoch to its end', () => {
    const seen = new Set<string>();
    for (let slot = 8; slot <= 176; slot += 8) {
      seen.add(forkAtSlot(slot));
      const client = start(node, node.chain.store.canonical(slot)!);
      catchUp(node, client);
      expect(toHex(client.finalized.beaconRoot)).toBe(toHex(node.chain.finalized.root));
    }
    expect([...seen]).toEqual(['capella', 'deneb', 'electra', 'fulu']);
  });

  it('is followed slot by slot: every signature, every fork', async () => {
    const fresh = await open(new MemoryEngine(), 2);
    const client = start(fresh, fresh.chain.store.canonical(1)!);
    for (let slot = 3; slot < 150; slot++) {
      await fresh.step();
      const optimistic = read('optimisticUpdate', ask(fresh, '/optimistic_update'));
      expect(optimistic.signatureSlot).toBe(slot);
      client.processOptimisticUpdate(optimistic, NOW);
      expect(client.optimistic.beacon.slot).toBe(slot - 1);
      expect(client.optimistic.execution?.blockNumber).toBe(slot - 1);
      // Without the whole update the next committee would not be known at the period's end.
      if (slot % 64 === 40) catchUp(fresh, client);
    }
    catchUp(fresh, client);
    expect(client.finalized.beacon.slot).toBe(128);
  });

  it('finalises an epoch when the second one after it begins', () => {
    for (let slot = 32; slot <= 200; slot += 8) {
      const record = node.chain.store.record(node.chain.store.canonical(slot)!)!;
      expect(record.justified.epoch).toBe(slot / 8 - 1);
      expect(record.finalized.epoch).toBe(slot / 8 - 2);
      expect(record.finalized.root).toEqual(node.chain.store.canonical(slot - 16));
    }
    expect(node.chain.store.record(node.chain.store.canonical(31)!)!.finalized.epoch).toBe(0);
  });

  it('has another committee each period', () => {
    const updates = node.chain.light.updates(0, 10);
    expect(updates.length).toBe(4);
    const keys = updates.map(({ nextSyncCommittee }) => toHex(nextSyncCommittee.aggregatePubkey));
    expect(new Set(keys).size).toBe(4);
  });

  it('has one execution block in each beacon block', () => {
    for (let slot = 1; slot <= 201; slot++) {
      const { execution } = node.chain.store.record(node.chain.store.canonical(slot)!)!;
      expect(bytesEqual(execution.blockHash, engine.blocks[slot]!.blockHash)).toBe(true);
    }
  });
});

describe('faults on request', () => {
  it('few participants: blocks that a light client does not take for final', async () => {
    const node = await open(new MemoryEngine(), 41);
    const client = start(node, node.chain.store.canonical(16)!);
    catchUp(node, client);
    node.faults = { ...node.faults, participants: 21 };
    for (let i = 0; i < 10; i++) await node.step();
    const update = read('finalityUpdate', ask(node, '/finality_update'));
    expect(update.finalizedHeader.beacon.slot).toBe(32);
    const before = client.finalized.beacon.slot;
    client.processFinalityUpdate(update, NOW);
    expect(client.finalized.beacon.slot).toBe(before);
    node.faults = { ...node.faults, participants: 22 };
    await node.step();
    catchUp(node, client);
    expect(client.finalized.beacon.slot).toBe(32);
  });

  it('no participants: nothing is signed', async () => {
    const node = await open(new MemoryEngine(), 20);
    node.faults = { ...node.faults, participants: 0 };
    const before = ask(node, '/optimistic_update');
    await node.step();
    expect(ask(node, '/optimistic_update')).toEqual(before);
  });

  it('too few votes: no finality, and it comes back', async () => {
    const node = await open(new MemoryEngine(), 40);
    const { epoch } = node.chain.finalized;
    node.faults = { ...node.faults, voters: 0.6 };
    for (let i = 0; i < 40; i++) await node.step();
    expect(node.chain.finalized.epoch).toBe(epoch);
    node.faults = { ...node.faults, voters: 1 };
    for (let i = 0; i < 41; i++) await node.step();
    expect(node.chain.finalized.epoch).toBeGreaterThan(epoch + 5);
    const client = start(node, node.chain.store.canonical(8)!);
    catchUp(node, client);
    expect(client.finalized.beaconRoot).toEqual(node.chain.finalized.root);
  });

  it('skipped slots: epochs without a block in their first slot are finalised by the one before', async () => {
    const node = await open(new MemoryEngine(), 39);
    node.faults = { ...node.faults, skip: 3 };
    await node.step();
    expect(node.chain.head.slot).toBe(43);
    expect(node.faults.skip).toBe(0);
    for (let i = 0; i < 30; i++) await node.step();
    const skipped = node.chain.store.record(node.chain.store.canonical(57)!)!;
    expect(skipped.finalized.epoch).toBe(5);
    expect(node.chain.store.record(skipped.finalized.root)!.header.slot).toBe(39);
    const client = start(node, node.chain.store.canonical(16)!);
    catchUp(node, client);
    expect(client.finalized.beaconRoot).toEqual(node.chain.finalized.root);
  });

  it('equivocation: two blocks of one slot, each signed over by the committee', async () => {
    const node = await open(new MemoryEngine(), 40);
    node.faults = { ...node.faults, equivocate: true };
    await node.step();
    const [pair] = node.chain.light.equivocations;
    expect(pair?.slot).toBe(41);
    const [first, second] = pair!.roots;
    expect(toHex(first)).toBe(toHex(node.chain.head.root));
    const one = node.chain.store.record(first)!.header;
    const other = node.chain.store.record(second)!.header;
    expect(one.proposerIndex).toBe(other.proposerIndex);
    expect(toHex(one.bodyRoot)).not.toBe(toHex(other.bodyRoot));
    await node.step();
    const client = start(node, node.chain.store.canonical(40)!);
    client.processOptimisticUpdate(read('optimisticUpdate', ask(node, '/optimistic_update')), NOW);
    expect(client.optimistic.beaconRoot).toEqual(first);
    const twin = start(node, node.chain.store.canonical(40)!);
    twin.processOptimisticUpdate(pair!.optimisticUpdate, NOW);
    expect(twin.optimistic.beaconRoot).toEqual(second);
  });

  it('a changed signature is none', async () => {
    const node = await open(new MemoryEngine(), 20);
    const client = start(node, node.chain.store.canonical(8)!);
    const update = read('optimisticUpdate', ask(node, '/optimistic_update'));
    update.attestedHeader.beacon.stateRoot[0]! ^= 1;
    expect(() => client.processOptimisticUpdate(update, NOW)).toThrow(LightClientRuleError);
  });
});
