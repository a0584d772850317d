import { useFastHasher } from '../../proofs/hash/fast.js';
import { LevelStore } from '../../storage/level.js';
import { transferCall } from './calls.js';
import { World } from './world.js';

/** Makes blocks in a folder until it is killed; says each height once it is stored. */
const path = process.argv[2];
if (path === undefined) throw new Error('which folder?');
useFastHasher();
const world = await World.create({ store: await LevelStore.open(path) });
const to = new Uint8Array(20).fill(9);
process.on('disconnect', () => process.exit());
for (;;) {
  const { header } = await world.produce({ transactions: [world.transaction(transferCall(to, 1n))] });
  process.send?.(header.height);
}
