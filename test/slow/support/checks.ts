import { join } from 'node:path';
import { expect } from 'vitest';
import { findNetwork } from '../../../adapters/registry.js';
import { EmbeddedLog } from '../../../indexers/log/embedded.js';
import { Replay } from '../../../indexers/log/replay.js';
import { httpClient } from '../../../mainchain/rpc/http.js';
import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import { LevelStore } from '../../../storage/level.js';
import type { Up } from './up.js';

const DELEGATES = 4;

export function delegates(up: Up) {
  return Array.from({ length: DELEGATES }, (_, i) =>
    httpClient({ url: `http://127.0.0.1:${up.ports.rpc + i}` }),
  );
}

/** Final main blocks seen so far: whatever is final once is final for ever, on every node. */
export class FinalityLedger {
  readonly #seen = new Map<number, string>();

  async note(up: Up): Promise<void> {
    for (const node of delegates(up)) {
      try {
        const { finalized } = await node.status();
        const root = toHex(finalized.root);
        expect(this.#seen.get(finalized.height) ?? root, `main height ${finalized.height}`).toBe(root);
        this.#seen.set(finalized.height, root);
      } catch (error) {
        // A node that is not up (any more) has nothing to say at this moment.
        if (!(error instanceof Error) || error.name !== 'NodeUnavailableError') throw error;
      }
    }
  }

  get size(): number {
    return this.#seen.size;
  }

  /** Every final block seen is in every node's chain, and no delegate has been seen contradicting itself. */
  async check(up: Up): Promise<void> {
    for (const node of delegates(up)) {
      for (const [height, root] of this.#seen) {
        const found = await node.header(height);
        expect(found && toHex(found.root), `main height ${height}`).toBe(root);
      }
      expect(await node.evidence()).toEqual([]);
    }
  }
}

/** The log of a stopped relay: numbered without gaps, and its replay is the chain that `hashAt` tells. */
export async function checkLog(
  up: Up,
  chain: string,
  hashAt: (height: number) => Promise<string>,
): Promise<{ events: number; tip: number }> {
  const store = await LevelStore.open(join(up.data, 'relay'));
  try {
    const log = new EmbeddedLog(store);
    const replay = new Replay();
    let next = 1;
    for (;;) {
      const events = await log.read(chain, next, 1000);
      if (events.length === 0) break;
      for (const event of events) {
        expect(event.number).toBe(next++);
        replay.apply(event);
      }
    }
    const { kind } = findNetwork(chain);
    const tip = replay.tip;
    if (tip === undefined) throw new Error(`the log of ${chain} is empty`);
    for (let height = 0; height <= tip.height; height++) {
      const hash = replay.hashAt(height);
      if (hash === undefined) throw new Error(`${chain}: height ${height} is missing in the log`);
      expect(kind.displayHash(hash), `${chain} height ${height}`).toBe(await hashAt(height));
    }
    return { events: next - 1, tip: tip.height };
  } finally {
    await store.close();
  }
}

/** The main chain's history of a foreign chain holds exactly its blocks from `start` to the committed tip. */
export async function checkHistory(
  up: Up,
  chain: string,
  hashAt: (height: number) => Promise<string>,
): Promise<number> {
  const [node] = delegates(up);
  const state = await node!.chain(chain);
  if (state === undefined) throw new Error(`${chain} is not registered`);
  const { kind } = findNetwork(chain);
  expect(state.committed.height).toBe(state.start + state.size - 1);
  await up.until(`${chain} ${state.committed.height} to be final`, async () =>
    node!.leafAnchor(chain, state.committed.height),
  );
  const step = Math.max(1, Math.floor(state.size / 40));
  for (let height = state.start; height <= state.committed.height; height += step) {
    const { leaf } = await node!.leafAnchor(chain, height);
    expect(leaf.height).toBe(height);
    expect(kind.displayHash(leaf.blockHash), `${chain} height ${height}`).toBe(await hashAt(height));
  }
  for (const other of delegates(up)) {
    const theirs = await other.chain(chain);
    expect(theirs && bytesEqual(theirs.specRoot, state.specRoot)).toBe(true);
  }
  return state.committed.height;
}
