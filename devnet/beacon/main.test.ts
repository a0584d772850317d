import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BeaconApi } from '../../adapters/ethereum/sources/beacon/api.js';
import { toHex } from '../../proofs/bytes.js';
import { compileEntry } from '../../test/support/compile.js';
import { DRIVEN, launchAnvil } from '../anvil.js';
import { anvilStateFile } from '../anvilState.js';
import { freePort } from '../child.js';
import { NodeStartError } from '../errors.js';
import type { ForeignNode } from '../foreignNode.js';
import { type BeaconProcess, startBeaconProcess } from './start.js';
import { NETWORK } from './testing/follow.js';

/** The beacon chain as a process of its own. */
let folder: string;
let program: string;
let anvil: ForeignNode;
let beacon: BeaconProcess | undefined;
const rootFile = () => join(folder, 'trust', 'root');

beforeAll(async () => {
  program = await compileEntry('devnet/beacon/main.ts');
  folder = mkdtempSync(join(tmpdir(), 'beacon-process-'));
  anvil = await launchAnvil({ dataDir: join(folder, 'anvil'), port: await freePort(), ...DRIVEN });
});
afterAll(async () => {
  await beacon?.stop();
  await anvil?.stop();
  rmSync(folder, { recursive: true });
});

const start = (execution = anvil.url) =>
  startBeaconProcess({
    ...{ program, dataDir: join(folder, 'beacon'), port: 0, slotMilliseconds: 100, execution },
    ...{ executionState: anvilStateFile(join(folder, 'anvil')), trustedBlockFile: rootFile() },
  });
async function finalized() {
  const api = new BeaconApi(NETWORK, { url: beacon?.url ?? '' });
  try {
    const { root, slot } = await api.finalizedBlock();
    // A light client can begin at it.
    expect((await api.bootstrap(root)).data.header.beacon.slot).toBe(slot);
    return { slot, root: toHex(root) };
  } finally {
    await api.close();
  }
}

it('names the block that is final at its first start, and goes on from disk', async () => {
  beacon = await start();
  const root = readFileSync(rootFile(), 'utf8');
  expect(root).toMatch(/^0x[0-9a-f]{64}\n$/);
  const first = await finalized();
  await expect.poll(async () => (await finalized()).slot, { timeout: 90_000 }).toBeGreaterThan(first.slot);
  await beacon.stop();
  expect(await beacon.ended).toContain('exit code 0');
  beacon = await start();
  expect((await finalized()).slot).toBeGreaterThan(first.slot);
  // Whoever has trusted it goes on from it.
  expect(readFileSync(rootFile(), 'utf8')).toBe(root);
  await beacon.stop();
});

it('says what is wrong, and ends', async () => {
  await expect(start(`http://127.0.0.1:${await freePort()}`)).rejects.toThrow(NodeStartError);
  const { status, stderr } = spawnSync(process.execPath, [program, '--port', '70000'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/not a whole number from 0 to 65535/)]);
});
