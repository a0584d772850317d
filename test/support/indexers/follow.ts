import { expect } from 'vitest';
import { HeaderBook } from '../../../indexers/follow/book.js';
import { Follower, type FollowerOptions } from '../../../indexers/follow/follower.js';
import { EmbeddedLog } from '../../../indexers/log/embedded.js';
import { Replay } from '../../../indexers/log/replay.js';
import { toBareHex } from '../../../proofs/bytes.js';
import type { KeyValueStore } from '../../../storage/keyValue.js';
import { fakeCheckpoint, fakeKind } from './fakeKind.js';
import type { FakeChain, FakeSource } from './fakeSource.js';

export const NOW = 1_000_000;

export function open(store: KeyValueStore, sources: FakeSource[], more: Partial<FollowerOptions> = {}) {
  return Follower.open({
    chain: sources[0]!.chain,
    kind: fakeKind,
    checkpoint: fakeCheckpoint,
    sources,
    log: new EmbeddedLog(store),
    store,
    batch: 7,
    pollMs: 1,
    maxBackoffMs: 5,
    timeoutMs: 20,
    now: () => NOW,
    ...more,
  });
}

export async function replay(store: KeyValueStore, chain: string): Promise<Replay> {
  const replayed = new Replay();
  for (const event of await new EmbeddedLog(store).read(chain, 1, 1e6)) replayed.apply(event);
  return replayed;
}

export async function expectFollowed(store: KeyValueStore, chain: string, world: FakeChain): Promise<void> {
  const replayed = await replay(store, chain);
  const hashes = (blocks: readonly { hash: Uint8Array }[]) => blocks.map((block) => toBareHex(block.hash));
  expect(hashes(replayed.blocks)).toEqual(hashes(world.best));
  const book = new HeaderBook(store, chain, fakeKind, fakeCheckpoint);
  expect(book.tip()?.height).toBe(world.tip.height);
  expect(book.applied()).toBe(replayed.number);
  for (const header of world.best) expect(book.header(header.height)?.hash).toEqual(header.hash);
  expect(book.bestHash(world.tip.height + 1)).toBeUndefined();
  expect(book.work(world.tip.height)).toBe(5n + BigInt(world.workOf()));
  expect(book.finalized()?.height).toBe(replayed.finalized?.height);
}

export async function until(done: () => boolean, milliseconds = 10_000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!done()) {
    if (Date.now() > end) throw new Error('took too long');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
