import fc from 'fast-check';
import { expect, it } from 'vitest';
import { verifyHeaderRun } from '../../adapters/bitcoin/rules/verifyRun.js';
import { startRegtest, unspentOf } from '../../test/support/regtest.js';
import type { RegtestNode } from './node.js';
import { displayId } from './wallet.js';

const OTHER = Uint8Array.of(0x51);
const rawChain = (node: RegtestNode) =>
  Array.from({ length: node.chain.tip.height }, (_, i) => node.chain.rawBlock(node.chain.entryAt(i + 1)!));

/** A second node that only ever saw the best chain. */
async function rebuilt(node: RegtestNode): Promise<string[]> {
  const fresh = await startRegtest({ firstBlocks: 0 });
  for (const raw of rawChain(node)) await fresh.node.submitBlock(raw);
  const set = await unspentOf(fresh.node);
  await fresh.close();
  return set;
}

it('invalidateblock, reconsiderblock and heavier branches leave exactly the set of a rebuild', async () => {
  const step = fc.oneof(
    fc.record({ op: fc.constant('pay' as const), n: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ op: fc.constant('mine' as const), n: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ op: fc.constant('invalidate' as const), n: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ op: fc.constant('reconsider' as const), n: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ op: fc.constant('branch' as const), n: fc.integer({ min: 1, max: 4 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
      const a = await startRegtest();
      const { node } = a;
      const start = node.chain.tip.height;
      const failed: string[] = [];
      for (const { op, n } of steps) {
        const { tip } = node.chain;
        if (op === 'pay') await node.pay(n % 2 ? OTHER : node.wallet.script, BigInt(n) * 1_000_000n);
        if (op === 'mine') await node.generate(n, node.wallet.script);
        if (op === 'invalidate' && tip.height - n > start) {
          const entry = node.chain.entryAt(tip.height - n)!;
          failed.push(entry.key);
          await node.invalidate(entry);
        }
        if (op === 'reconsider' && failed[n] !== undefined)
          await node.reconsider(node.chain.entry(failed[n]!)!);
        if (op === 'branch' && tip.height - n >= start) {
          const b = await startRegtest({ firstBlocks: 0 });
          for (const raw of rawChain(node).slice(0, tip.height - n)) await b.node.submitBlock(raw);
          const branch = await b.node.generate(n + 1, OTHER);
          for (const entry of branch) await node.submitBlock(b.node.chain.rawBlock(entry));
          expect(node.chain.tip.key).toBe(branch.at(-1)!.key);
          await b.close();
        }
        const best = Math.max(
          ...node.chain
            .tips()
            .filter((t) => !t.invalid)
            .map((t) => t.height),
        );
        expect(node.chain.tip.height).toBe(best);
      }
      expect(await unspentOf(node)).toEqual(await rebuilt(node));
      await a.close();
    }),
    { numRuns: 25 },
  );
});

it('a payment of a lost branch returns to the mempool and enters the new one', async () => {
  const a = await startRegtest();
  const { node } = a;
  const { id } = await node.pay(OTHER, 5000n);
  const [block] = await node.generate(1, node.wallet.script);
  expect(node.mempool.size).toBe(0);
  expect(node.chain.transaction(id)?.entry).toBe(block);
  await node.invalidate(block!);
  expect(node.mempool.get(id)).toBeDefined();
  expect(node.chain.transaction(id)).toBeUndefined();
  const [next] = await node.generate(1, node.wallet.script);
  expect(node.chain.transaction(id)?.entry).toBe(next);
  await a.close();
});

it('of two branches with equal work the first seen stays; after reconsidering it is back', async () => {
  const a = await startRegtest();
  const { node } = a;
  const [first] = await node.generate(1, node.wallet.script);
  await node.invalidate(first!);
  const [second] = await node.generate(1, node.wallet.script);
  expect(node.chain.tip).toBe(second);
  await node.reconsider(first!);
  expect(node.chain.tip).toBe(first);
  expect(node.chain.tips().length).toBe(2);
  await a.close();
});

it('our own header rules accept the chain that it mines', async () => {
  const a = await startRegtest();
  const { chain } = a.node;
  await a.node.generate(50, a.node.wallet.script);
  const headers = Array.from({ length: chain.tip.height + 1 }, (_, i) => chain.entryAt(i)!.header);
  const summary = await verifyHeaderRun(
    'bitcoin-regtest',
    headers,
    { kind: 'genesis' },
    Math.floor(Date.now() / 1000),
  );
  expect(summary.tipHash).toBe(displayId(chain.tip.key));
  expect(BigInt(`0x${summary.chainWork}`)).toBe(chain.tip.work);
  await a.close();
});
