import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { payEthereum } from '../../devnet/payments/ethereum.js';
import { callNode } from '../../devnet/rpcClient.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { checkHistory, FinalityLedger } from './support/checks.js';
import { ethereumHashAt } from './support/foreign.js';
import { type ChainView, crossroot, freePorts, type Ports, seeded, tempFolder, Up } from './support/up.js';

/** Repeat a run with SEED=n. */
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = 5;
const CHAIN = 'ethereum-local';

let folder: string;
let ports: Ports;
let up: Up;
let anvil: { url: string };
let beacon: string;

beforeAll(async () => {
  useFastHasher();
  folder = await tempFolder('committee');
  ports = await freePorts();
  anvil = { url: `http://127.0.0.1:${ports.ethereum}` };
  beacon = `http://127.0.0.1:${ports.bitcoin}`;
  // No Bitcoin chain here: its port is the beacon chain's.
  const devnet = { port: ports.ethereum, beaconPort: ports.bitcoin };
  up = new Up(folder, ports, { chains: [{ name: CHAIN, policy: 'finalized', devnet }], demo: false });
  up.start();
});
afterAll(async () => {
  await up?.kill();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const view = () => up.get<ChainView>(`/v1/chains/${CHAIN}`);
const final = async () => Number((await view()).finalized?.height ?? -1);

function reaches(height: number): Promise<unknown> {
  return up.until(`height ${height} to be final`, async () => (await final()) >= height);
}

async function faults(asked: object): Promise<void> {
  const response = await fetch(`${beacon}/devnet/faults`, { method: 'POST', body: JSON.stringify(asked) });
  expect(response.status).toBe(200);
}

async function beaconBlock(id: string): Promise<{ slot: number; height: number }> {
  const response = await fetch(`${beacon}/eth/v2/beacon/blocks/${id}`);
  const { data } = (await response.json()) as {
    data: { message: { slot: string; body: { execution_payload: { block_number: string } } } };
  };
  const { slot, body } = data.message;
  return { slot: Number(slot), height: Number(body.execution_payload.block_number) };
}
const finalOnBeacon = async () => (await beaconBlock('finalized')).height;

/** Waits until the beacon chain has gone on by so many slots. */
async function passes(slots: number): Promise<void> {
  const { slot } = await beaconBlock('head');
  const passed = async () => (await beaconBlock('head')).slot >= slot + slots;
  await up.until(`${slots} slots to pass`, passed);
}

async function proven(name: string): Promise<string> {
  const paid = await payEthereum(anvil.url, { wei: 10n ** 15n });
  await reaches(paid.blockNumber);
  const file = `${folder}/${name}.json`;
  const args = [
    '--chain',
    CHAIN,
    '--tx',
    paid.transactionHash,
    '--kind',
    'log',
    '--log',
    String(paid.logIndex),
  ];
  await up.until(
    `the proof ${name}`,
    async () => (await crossroot('prove', ...args, '--api', up.api, '-o', file)).code === 0,
  );
  return file;
}

async function verified(file: string): Promise<void> {
  const { code, stdout } = await crossroot('verify', file, '--data', up.data, '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true });
  expect(stdout).toContain('"sync-committee"');
}

it('a payment is proven with the assurance of a sync committee', async () => {
  await up.until('the chain to be there', async () => (await final()) >= 16);
  await verified(await proven('first'));
});

it('a reorganisation that the beacon chain follows changes nothing that is final', async () => {
  const before = Number((await view()).local?.height);
  await callNode(anvil, 'anvil_reorg', [3, []]);
  await reaches(before);
  expect(await view()).toMatchObject({ epoch: '0', status: 'active' });
  await checkHistory(up, CHAIN, ethereumHashAt(anvil));
});

it('without finality nothing is committed, and it goes on when finality does', async () => {
  await faults({ voters: 0.5 });
  // What was voted for before may still become final, within two epochs; and then gets to the main chain.
  await passes(24);
  const last = await finalOnBeacon();
  await reaches(last);
  await passes(16);
  expect([await finalOnBeacon(), await final()]).toEqual([last, last]);
  await faults({ voters: 1 });
  await reaches(last + 30);
});

it('with barely two thirds of the committee it goes on', async () => {
  const stood = await final();
  await faults({ participants: 22 });
  await reaches(stood + 20);
  await faults({ participants: 32 });
});

it(`goes on after kill -9 of everything at ${ROUNDS} random moments (SEED=${seed})`, async () => {
  const random = seeded(seed);
  const ledger = new FinalityLedger();
  for (let round = 0; round < ROUNDS; round++) {
    await up.kill();
    up.start();
    for (const until = Date.now() + 1000 + random() * 20_000; Date.now() < until; await sleep(500))
      await ledger.note(up);
  }
  await up.kill();
  up.start();
  await up.until('the chain to be there again', async () => (await final()) >= 16);
  const file = await proven('after');
  await verified(file);
  await ledger.check(up);
  expect(await view()).toMatchObject({ epoch: '0', status: 'active' });
  expect(await checkHistory(up, CHAIN, ethereumHashAt(anvil))).toBeGreaterThan(30);
});

it('a node that gives up final blocks is not followed: the beacon chain stands, proofs hold', async () => {
  const stood = await final();
  const tip = Number(await callNode(anvil, 'eth_blockNumber'));
  await callNode(anvil, 'anvil_reorg', [tip - stood + 3, []]);
  await up.until(
    'the beacon chain to say so',
    async () => (await fetch(`${beacon}/eth/v1/node/health`)).status === 503,
  );
  await up.until('its log to say why', async () => up.output.includes('does not have the finalised block'));
  await sleep(5000);
  expect(await final()).toBeLessThanOrEqual(stood + 30);
  expect((await view()).epoch).toBe('0');
  await verified(`${folder}/after.json`);
  expect(await up.stop()).toBe(0);
});
