import { describe, expect, it } from 'vitest';
import { verifyBranches } from '../../adapters/chain/branches.js';
import { fromHex, toBareHex } from '../../proofs/bytes.js';
import { MemoryStore } from '../../storage/memory.js';
import { fakeKind } from '../../test/support/indexers/fakeKind.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { NOW, open } from '../../test/support/indexers/follow.js';
import type { Follower } from './follower.js';

/** A follower at height 120 whose block 112 is final, and a source that then leaves that chain after height 105. */
async function conflict(chain: string, restart = false) {
  const store = new MemoryStore();
  const world = new FakeChain();
  world.mine(20);
  world.finalizedHeight = 112;
  const ours = [...world.best];
  const source = new FakeSource('turncoat', world, chain);
  let follower = await open(store, [source]);
  await follower.pollAll();
  expect(follower.book.finalized()?.height).toBe(112);
  if (restart) {
    await follower.stop();
    follower = await open(store, [source]);
  }
  world.fork(15, 40);
  world.finalizedHeight = undefined;
  await follower.pollAll();
  return { store, world, ours, source, follower };
}

async function kept(follower: Follower) {
  const [newest] = await follower.evidence.list(follower.chain, 1);
  return follower.evidence.get(follower.chain, newest?.number ?? 0);
}

describe.each(['fake-work', 'fake-attested'])('a branch of %s that would undo a final block', (chain) => {
  it.each([false, true])('is kept as evidence with both branches (restarted before: %s)', async (restart) => {
    const { world, ours, follower } = await conflict(chain, restart);
    expect(follower.book.tip()?.hash).toEqual(ours.at(-1)?.hash);
    expect(follower.book.finalized()?.height).toBe(112);
    const found = await kept(follower);
    expect(found?.evidence).toMatchObject({
      kind: 'finality-conflict',
      source: 'turncoat',
      height: 105,
      seen: NOW,
      branches: true,
      message: expect.stringContaining('from height 105 would undo the finalised block 112'),
    });
    const record = found?.branches;
    expect(record).toMatchObject({ format: 'crossroot-branches', version: 1, chain, forkHeight: 105 });
    const raw = (headers: readonly { raw: Uint8Array }[]) => headers.map((header) => toBareHex(header.raw));
    expect(record?.trunk).toEqual(raw(ours.slice(0, 6)));
    expect([...record!.ours.first, ...record!.ours.last]).toEqual(raw(ours.slice(6)));
    // Theirs as far as it was read: one call of seven headers at most, from the fork on.
    const theirs = [...record!.theirs.first, ...record!.theirs.last];
    expect(theirs.length).toBeGreaterThan(0);
    expect(theirs.length).toBeLessThanOrEqual(7);
    expect(theirs).toEqual(raw(world.best.slice(6, 6 + theirs.length)));
  });

  it('checks from the record alone, and no longer once a byte is changed', async () => {
    const { follower } = await conflict(chain);
    const record = JSON.parse(JSON.stringify((await kept(follower))?.branches));
    const summary = verifyBranches(fakeKind, record, NOW);
    expect(summary.ours).toMatchObject({ headers: 15, tipHeight: 120, work: 15n });
    expect(summary.theirs.work).toBe(BigInt(summary.theirs.headers));
    for (const [part, other] of [
      ['ours', 'theirs'],
      ['theirs', 'ours'],
    ] as const) {
      const bad = structuredClone(record);
      const raw = fromHex(bad[part].first[0], 'header');
      raw[20]! ^= 1;
      bad[part].first[0] = toBareHex(raw);
      expect(() => verifyBranches(fakeKind, bad, NOW)).toThrow();
      const swapped = { ...record, [part]: { ...record[part], first: record[other].first.slice(1) } };
      expect(() => verifyBranches(fakeKind, swapped, NOW)).toThrow();
    }
  });

  it('is recorded once while the source stays on it, and again after a restart', async () => {
    const { store, source, follower } = await conflict(chain);
    await follower.pollAll();
    await follower.pollAll();
    expect(await follower.evidence.list(chain, 10)).toHaveLength(1);
    expect(follower.status().sources[0]).toMatchObject({ healthy: false, faults: 0 });
    await follower.stop();
    const again = await open(store, [source]);
    await again.pollAll();
    const records = await again.evidence.list(chain, 10);
    expect(records.map((one) => [one.number, one.kind])).toEqual([
      [2, 'finality-conflict'],
      [1, 'finality-conflict'],
    ]);
    for (const { number } of records) expect(again.evidence.get(chain, number)?.branches).toBeDefined();
  });
});
