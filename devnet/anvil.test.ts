import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findAnvil, launchAnvil } from './anvil.js';
import { anvilStateFile, copyState, restoreState, saveState } from './anvilState.js';
import { freePort } from './child.js';
import { MissingBinaryError, PortInUseError } from './errors.js';
import type { ForeignNode } from './foreignNode.js';
import { commandOf } from './processes.js';
import { callNode } from './rpcClient.js';

let dir: string;
let node: ForeignNode | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'anvil-'));
});
afterEach(async () => {
  await node?.stop();
  node = undefined;
  rmSync(dir, { recursive: true });
});

async function start(): Promise<ForeignNode> {
  node = await launchAnvil({ dataDir: dir, port: await freePort(), stateInterval: 1 });
  return node;
}
const hashAt = async (from: ForeignNode, height: number) =>
  (
    (await callNode(from, 'eth_getBlockByNumber', [`0x${height.toString(16)}`, false])) as {
      hash: string;
    } | null
  )?.hash;

/** Height of the chain in the state file; below any where it is not whole. */
function writtenHeight(folder: string): number {
  try {
    return Number(JSON.parse(readFileSync(anvilStateFile(folder), 'utf8')).best_block_number);
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return -1;
    throw error;
  }
}

describe('anvil', () => {
  it('keeps its blocks over a stop and a start', async () => {
    const first = await start();
    await callNode(first, 'anvil_mine', ['0x5']);
    const hashes = await Promise.all([1, 2, 3, 4, 5].map((height) => hashAt(first, height)));
    await first.stop();
    expect(existsSync(join(dir, 'anvil.pid'))).toBe(false);
    const second = await start();
    expect(await Promise.all([1, 2, 3, 4, 5].map((height) => hashAt(second, height)))).toEqual(hashes);
    expect(await callNode(second, 'eth_chainId')).toBe('0x7a69');
  });

  it('ends the orphan of a killed run, keeps its chain and takes its port', async () => {
    const orphan = await start();
    await callNode(orphan, 'anvil_mine', ['0x3']);
    const hash = await hashAt(orphan, 3);
    const port = Number(new URL(orphan.url).port);
    node = undefined;
    const next = await launchAnvil({ dataDir: dir, port });
    node = next;
    expect(commandOf(orphan.pid)).toBeUndefined();
    expect(await hashAt(next, 3)).toBe(hash);
  });

  it('goes on from its last write after kill -9', async () => {
    const first = await start();
    await callNode(first, 'anvil_mine', ['0x3']);
    const hash = await hashAt(first, 3);
    // Until it is written, and not while it is.
    await expect.poll(() => writtenHeight(dir)).toBeGreaterThanOrEqual(3);
    process.kill(first.pid, 'SIGKILL');
    await first.ended;
    expect(await hashAt(await start(), 3)).toBe(hash);
  });

  it('leaves a process alone that is not anvil', async () => {
    writeFileSync(join(dir, 'anvil.pid'), String(process.pid));
    await start();
    expect(commandOf(process.pid)).toBeDefined();
  });

  it('says that a port is in use', async () => {
    const { url } = await start();
    const other = mkdtempSync(join(tmpdir(), 'anvil-'));
    await expect(launchAnvil({ dataDir: other, port: Number(new URL(url).port) })).rejects.toThrow(
      PortInUseError,
    );
    rmSync(other, { recursive: true });
  });

  it('says that the program is missing', async () => {
    await expect(launchAnvil({ dataDir: dir, port: 1, binary: '/nonexistent/anvil' })).rejects.toThrow(
      MissingBinaryError,
    );
    expect(existsSync(findAnvil())).toBe(true);
  });

  it('goes on from what was saved before its first write', async () => {
    const first = await start();
    await callNode(first, 'anvil_mine', ['0x3']);
    const hash = await hashAt(first, 3);
    await saveState(first.url, anvilStateFile(dir));
    process.kill(first.pid, 'SIGKILL');
    await first.ended;
    rmSync(anvilStateFile(dir), { force: true });
    expect(await hashAt(await start(), 3)).toBe(hash);
  });

  it('puts the last whole state in the place of half a file', async () => {
    const state = join(dir, 'state.json');
    writeFileSync(state, '{"whole":1}');
    await copyState(state);
    writeFileSync(state, '{"half":');
    await copyState(state);
    restoreState(state);
    expect(readFileSync(state, 'utf8')).toBe('{"whole":1}');
  });
});
