import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readAccount } from '../../mainchain/contracts/token.js';
import { LevelStore } from '../../storage/level.js';
import { compileEntry } from '../support/compile.js';
import { World } from './world.js';

/** Runs the producer on `path` for some milliseconds after its first block, then kills it. */
async function runAndKill(entry: string, path: string, milliseconds: number): Promise<number> {
  const child = fork(entry, [path], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  let last = 0;
  child.on('message', (height) => {
    last = Number(height);
  });
  await once(child, 'message');
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  child.kill('SIGKILL');
  await once(child, 'exit');
  return last;
}

test('a node killed at any moment loses no stored block and goes on', async () => {
  const entry = await compileEntry('test/mainchain/producer.ts');
  const path = await mkdtemp(join(tmpdir(), 'crossroot-kill-'));
  try {
    let height = 0;
    for (let round = 0; round < 6; round++) {
      const said = await runAndKill(entry, path, Math.random() * 150);
      const store = await LevelStore.open(path);
      const world = await World.create({ store });
      const { head } = world.chain;
      expect(said).toBeGreaterThan(height);
      expect(head.header.height).toBeGreaterThanOrEqual(said);
      const [tip] = world.chain.tips();
      expect(world.chain.tips()).toHaveLength(1);
      expect(world.chain.isAncestor(head.root, tip!)).toBe(true);
      // Every block has its state, with one transfer each.
      for (let h = 0; h <= head.header.height; h++) {
        const state = world.chain.stateAt(world.chain.rootAt(h)!);
        expect(readAccount(state, new Uint8Array(20).fill(9)).balance).toBe(BigInt(h));
      }
      height = head.header.height;
      await store.close();
    }
  } finally {
    await rm(path, { recursive: true });
  }
});
