import { bytesEqual } from '../../proofs/bytes.js';
import type { KeyValueWrite } from '../../storage/keyValue.js';
import { SLOTS_PER_EPOCH } from './preset.js';
import { type BeaconStore, write } from './store.js';

/** Slots behind the finalised block that stay whole. */
const KEPT_SLOTS = 4096;

/**
 * What may go once a block is finalised: states before it, blocks that are long past. The blocks that epochs begin with stay
 * as records, so that a light client can start from any of them.
 */
export async function prunable(
  store: BeaconStore,
  from: number,
  finalizedSlot: number,
  kept = KEPT_SLOTS,
): Promise<{ readonly writes: KeyValueWrite[]; readonly pruned: number }> {
  const writes: KeyValueWrite[] = (await store.statesBelow(finalizedSlot)).map(write.no);
  // The genesis block is left alone.
  const first = Math.max(1, from);
  const end = Math.max(first, Math.floor((finalizedSlot - kept) / SLOTS_PER_EPOCH) * SLOTS_PER_EPOCH);
  const blocks = end > first ? await store.blocks(first, end) : [];
  const onChain = blocks.filter(({ slot, root }) => {
    const canonical = store.canonical(slot);
    return canonical !== undefined && bytesEqual(canonical, root);
  });
  const lasting = new Set<Uint8Array>();
  onChain.forEach(({ slot, root }, i) => {
    const boundary = Math.ceil(slot / SLOTS_PER_EPOCH) * SLOTS_PER_EPOCH;
    if (boundary < (onChain[i + 1]?.slot ?? end)) lasting.add(root);
  });
  for (const block of blocks) {
    writes.push(write.noBlock(block.root));
    if (lasting.has(block.root)) continue;
    writes.push(...write.noRecord(block.slot, block.root));
    if (onChain.includes(block)) writes.push(write.notCanonical(block.slot));
  }
  return { writes, pruned: end };
}
