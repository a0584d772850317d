import { type ChildProcess, fork } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { consensusNetwork, LightClient } from '../../adapters/ethereum/consensus/index.js';
import { BeaconApi } from '../../adapters/ethereum/sources/beacon/api.js';
import type { BeaconInit, FromChild } from '../../cli/processes/messages.js';
import { launchAnvil } from '../../devnet/anvil.js';
import { anvilStateFile } from '../../devnet/anvilState.js';
import { freePort } from '../../devnet/child.js';
import type { ForeignNode } from '../../devnet/foreignNode.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { toHex } from '../../proofs/bytes.js';
import { ensureBuilt } from '../support/built.js';
import { seeded, tempFolder } from './support/up.js';

/** Repeat a run with SEED=n. */
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = 7;
const ENTRY = fileURLToPath(new URL('../../dist/cli/processes/beacon.js', import.meta.url));
const NETWORK = consensusNetwork('ethereum-local')!;

let folder: string;
let ports: { anvil: number; beacon: number };
let anvil: ForeignNode | undefined;
let child: ChildProcess | undefined;

beforeAll(async () => {
  ensureBuilt();
  folder = await tempFolder('beacon');
  ports = { anvil: await freePort(), beacon: await freePort() };
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await anvil?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

async function startBoth(): Promise<void> {
  anvil = await launchAnvil({
    dataDir: join(folder, 'anvil'),
    port: ports.anvil,
    blockTime: 'never',
    copyInterval: 2000,
  });
  const init: BeaconInit = {
    role: 'beacon',
    dataDir: join(folder, 'beacon'),
    execution: anvil.url,
    executionState: anvilStateFile(join(folder, 'anvil')),
    port: ports.beacon,
    slotMilliseconds: 500,
    chains: [],
    logFile: join(folder, 'beacon.log'),
    logLevel: 'info',
  };
  const process = fork(ENTRY, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  child = process;
  await new Promise<void>((resolve, reject) => {
    process.on('message', (message: FromChild) => {
      if (message.type === 'ready') resolve();
      if (message.type === 'failed') reject(new Error(message.message));
    });
    process.once('exit', (code) => reject(new Error(`exit code ${code}`)));
    process.send({ type: 'init', init });
  });
}

it(`keeps its finalised chain when it and anvil are killed at ${ROUNDS} random moments (SEED=${seed})`, async () => {
  const random = seeded(seed);
  const finalised = new Map<number, string>();
  let client: LightClient | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    await startBoth();
    const api = new BeaconApi(NETWORK, { url: `http://127.0.0.1:${ports.beacon}`, requestsPerSecond: 100 });
    const begin = await api.finalizedBlock();
    client ??= LightClient.start(NETWORK, begin.root, (await api.bootstrap(begin.root)).data, blstBls);
    // The first time before anvil has written its state at all.
    for (
      const end = Date.now() + 300 + (round === 0 ? 0 : random() * 12_000);
      Date.now() < end;
      await sleep(300)
    ) {
      for (const { data } of await api.updates(Math.floor(client.finalized.beacon.slot / 64), 16))
        if (data.attestedHeader.beacon.slot > client.finalized.beacon.slot)
          client.processUpdate(data, Number.POSITIVE_INFINITY);
      const update = await api.finalityUpdate();
      if (update !== undefined && update.data.finalizedHeader.beacon.slot > client.finalized.beacon.slot)
        client.processFinalityUpdate(update.data, Number.POSITIVE_INFINITY);
      finalised.set(client.finalized.beacon.slot, toHex(client.finalized.beaconRoot));
    }
    for (const [slot, root] of finalised) {
      const at = await api.blockAt(slot);
      expect(at && toHex(at.root), `slot ${slot}`).toBe(root);
    }
    await api.close();
    // Both at once, or one just before the other.
    const pids = random() < 0.5 ? [child!.pid!, anvil!.pid] : [anvil!.pid, child!.pid!];
    const ended = [anvil!.ended, new Promise((resolve) => child!.once('exit', resolve))];
    for (const pid of pids) {
      process.kill(pid, 'SIGKILL');
      if (random() < 0.5) await sleep(random() * 600);
    }
    await Promise.all(ended);
  }
  expect(finalised.size).toBeGreaterThan(1);
});
