import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryStore } from '../../../storage/memory.js';
import { BestHashes } from './bestHashes.js';

test('hashes by height are what was written last, of each chain by itself', async () => {
  const height = fc.oneof(fc.nat(300), fc.integer({ min: 2 ** 40, max: 2 ** 40 + 70 }));
  const change = fc.record({ height, hash: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 })) });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { maxLength: 30 }), { maxLength: 12 }), async (batches) => {
      const store = new MemoryStore();
      const other = new BestHashes(store, 'b');
      await store.batch(other.writes(new Map([[7, new Uint8Array(32)]])));
      const model = new Map<number, Uint8Array | undefined>();
      for (const batch of batches) {
        const changes = new Map(batch.map((each) => [each.height, each.hash ?? undefined]));
        await store.batch(new BestHashes(store, 'a').writes(changes));
        for (const [at, hash] of changes) model.set(at, hash);
        const best = new BestHashes(store, 'a');
        for (const [at, hash] of model) expect(best.get(at)).toEqual(hash);
        expect(best.get(301)).toBeUndefined();
      }
      // Zeros are a hash like any other.
      expect(other.get(7)).toEqual(new Uint8Array(32));
      expect(other.get(8)).toBeUndefined();
    }),
  );
});
