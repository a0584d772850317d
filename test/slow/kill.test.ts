import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { payBitcoin } from '../../devnet/payments/bitcoin.js';
import { payEthereum } from '../../devnet/payments/ethereum.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { checkHistory, checkLog, FinalityLedger } from './support/checks.js';
import {
  bitcoinHashAt,
  ethereumHashAt,
  externalChains,
  type ForeignNodes,
  startForeignNodes,
} from './support/foreign.js';
import { type ChainView, crossroot, freePorts, type Ports, seeded, tempFolder, Up } from './support/up.js';

/** Repeat a run with SEED=n. */
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = 20;

let folder: string;
let ports: Ports;
let foreign: ForeignNodes;
let up: Up;

beforeAll(async () => {
  useFastHasher();
  folder = await tempFolder('kill');
  ports = await freePorts();
  foreign = await startForeignNodes(folder, ports, 1500);
  up = new Up(folder, ports, { ...externalChains(folder, foreign), demo: false });
});

afterAll(async () => {
  await up?.kill();
  await Promise.all([foreign?.bitcoin.stop(), foreign?.ethereum.stop()]);
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** As `caughtUp`, when what is committed and what was read last are the node's blocks, also where it has lost some. */
async function agrees(chain: string, distance: number, hashAt: (height: number) => Promise<string>) {
  const view = await caughtUp(chain, distance);
  for (const block of [view?.local, view?.committed])
    if (!block || (await hashAt(Number(block.height))) !== block.hash) return undefined;
  return view;
}

async function caughtUp(chain: string, distance: number): Promise<ChainView | undefined> {
  const view = await up.get<ChainView>(`/v1/chains/${chain}`);
  const { local, committed, finalized } = view;
  if (local === null || committed === null || finalized === null) return undefined;
  const near = Number(local.height) - Number(committed.height) <= distance;
  return near && Number(finalized.height) >= Number(committed.height) - distance ? view : undefined;
}

it(`goes on after kill -9 of the whole process tree at ${ROUNDS} random moments (SEED=${seed})`, async () => {
  const random = seeded(seed);
  const ledger = new FinalityLedger();
  const paid: { chain: string; transaction: string }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    up.start();
    // Every other round from the first instants of a start on, the others well into normal work, however long a start takes.
    const working = round % 2 === 1;
    if (working) await up.until('its API', () => up.get('/v1/main/finality'));
    const until = Date.now() + (working ? random() * 6000 : 800 + random() * 9000);
    if (round % 5 === 2) {
      const payment = await payBitcoin(foreign.bitcoinRpc, { satoshi: 1_000_000n });
      paid.push({ chain: 'bitcoin-regtest', transaction: payment.txid });
    }
    if (round % 5 === 4) {
      const payment = await payEthereum(foreign.ethereum.url, { wei: 10n ** 15n });
      paid.push({ chain: 'ethereum-local', transaction: payment.transactionHash });
    }
    while (Date.now() < until) {
      await ledger.note(up);
      await sleep(Math.min(400, Math.max(0, until - Date.now())));
    }
    await up.kill();
  }
  up.start();
  const bitcoin = await up.until('bitcoin-regtest to catch up', () => caughtUp('bitcoin-regtest', 4));
  const ethereum = await up.until('ethereum-local to catch up', () => caughtUp('ethereum-local', 14));
  expect(ledger.size).toBeGreaterThan(5);
  await ledger.check(up);
  // The foreign nodes lived on: no reorganisation, so nothing was ever truncated.
  expect([bitcoin.epoch, ethereum.epoch]).toEqual(['0', '0']);
  expect([bitcoin.status, ethereum.status]).toEqual(['active', 'active']);
  expect(await checkHistory(up, 'bitcoin-regtest', bitcoinHashAt(foreign.bitcoinRpc))).toBeGreaterThan(110);
  expect(await checkHistory(up, 'ethereum-local', ethereumHashAt(foreign.ethereumRpc))).toBeGreaterThan(10);
  for (const { chain, transaction } of paid) {
    const proof = await up.until(`the proof of ${transaction}`, () =>
      up.bytes(`/v1/chains/${chain}/txs/${transaction}/proof`),
    );
    expect(proof.length).toBeGreaterThan(1000);
  }
  const before = (await up.get<{ finalized: { height: string } }>('/v1/main/finality')).finalized.height;
  expect(await up.stop()).toBe(0);
  const logs = [
    await checkLog(up, 'bitcoin-regtest', bitcoinHashAt(foreign.bitcoinRpc)),
    await checkLog(up, 'ethereum-local', ethereumHashAt(foreign.ethereumRpc)),
  ];
  // No reorganisation: a connect a height, and (Ethereum) finalizes.
  expect(logs[0]!.events).toBe(logs[0]!.tip + 1);
  up.start();
  await up.until(
    'finality to go on',
    async () =>
      Number((await up.get<{ finalized: { height: string } }>('/v1/main/finality')).finalized.height) >
      Number(before),
  );
});

it('takes foreign blocks lost in a kill of everything for an ordinary reorganisation', async () => {
  await up.until('bitcoin-regtest to catch up', () => caughtUp('bitcoin-regtest', 4));
  process.kill(foreign.bitcoin.pid, 'SIGKILL');
  process.kill(foreign.ethereum.pid, 'SIGKILL');
  await Promise.all([foreign.bitcoin.ended, foreign.ethereum.ended, up.kill()]);
  foreign = await startForeignNodes(folder, ports, 1500);
  up.start();
  const [bitcoinHash, ethereumHash] = [
    bitcoinHashAt(foreign.bitcoinRpc),
    ethereumHashAt(foreign.ethereumRpc),
  ];
  const bitcoin = await up.until('bitcoin-regtest to be the node’s', () =>
    agrees('bitcoin-regtest', 4, bitcoinHash),
  );
  const ethereum = await up.until('ethereum-local to be the node’s', () =>
    agrees('ethereum-local', 14, ethereumHash),
  );
  expect([bitcoin.status, ethereum.status]).toEqual(['active', 'active']);
  await checkHistory(up, 'bitcoin-regtest', bitcoinHash);
  await checkHistory(up, 'ethereum-local', ethereumHash);
  const payment = await payBitcoin(foreign.bitcoinRpc, { satoshi: 1_000_000n });
  const file = `${folder}/after.json`;
  await up.until(
    'its proof',
    async () =>
      (
        await crossroot(
          'prove',
          '--chain',
          'bitcoin-regtest',
          '--tx',
          payment.txid,
          '--api',
          up.api,
          '-o',
          file,
        )
      ).code === 0,
  );
  expect(await crossroot('verify', file, '--data', up.data)).toMatchObject({ code: 0 });
  expect(await up.stop()).toBe(0);
});
