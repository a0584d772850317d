// Asks the cross-chain index of a relay: every output of a script with what spends it, and all logs of a contract.
//   queryIndex.js [address of a relay, such as http://127.0.0.1:4700]
// Without an argument: runs `crossroot up` with fresh data in a temporary folder meanwhile.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Transaction } from 'bitcoinjs-lib';
import { Interface } from 'ethers';
import { PAYMENT_LOG_ABI } from '../contracts/PaymentLog.generated.js';
import { paymentLogAddress } from '../devnet/payments/ethereum.js';
import { freePorts } from '../devnet/ports.js';
import { fromHex } from '../proofs/bytes.js';

type Row = Record<string, unknown>;
interface Answer {
  readonly view: { readonly number: string; readonly height: string };
  readonly rows: readonly Row[];
  readonly next?: string | null;
  readonly contents?: { readonly to: string | null };
}

/** The first start makes keys, nodes and tables; a busy machine takes its time. */
const deadline = Date.now() + 240_000;
const [given] = process.argv.slice(2);
if (given === undefined && !(await hasIndex())) {
  console.log('skipped: the optional package chdb is not installed, and no relay was named');
  process.exit(0);
}
const local = given === undefined ? await runUp() : undefined;
const base = `${given ?? local?.url}/v1/index/chains`;
try {
  await bitcoin();
  await ethereum();
} finally {
  await local?.end();
}

/** Outputs by script: those of the script that the miner of the newest block that is there is paid by. */
async function bitcoin(): Promise<void> {
  const chain = `${base}/bitcoin-regtest`;
  const coinbase = await until(async () => {
    const { contents } = await get(`${chain}/coverage`);
    if (!contents?.to) return undefined;
    return (await get(`${chain}/blocks/${contents.to}/txs?limit=1`)).rows[0];
  });
  const script = Transaction.fromBuffer(fromHex(String(coinbase.raw))).outs[0]?.script ?? new Uint8Array();
  const { view, rows } = await all(`${chain}/outputs?script=${Buffer.from(script).toString('hex')}`);
  const unspent = rows.filter((row) => row.spentBy === null);
  const satoshi = unspent.reduce((sum, row) => sum + BigInt(String(row.value)), 0n);
  console.log(`bitcoin-regtest at height ${view.height}: ${rows[0]?.address} was paid ${rows.length} times,`);
  console.log(`  ${unspent.length} outputs of ${satoshi} satoshi are unspent`);
  assert(rows.some((row) => row.txid === coinbase.hash));
  // The same question at the same event: the same answer, whatever has happened since.
  const again = await all(`${chain}/outputs?script=${Buffer.from(script).toString('hex')}&at=${view.number}`);
  assert.deepEqual(again.rows, rows);
}

/** Logs by contract and topic: the payments of the development contract. */
async function ethereum(): Promise<void> {
  const chain = `${base}/ethereum-local`;
  const topic = new Interface(PAYMENT_LOG_ABI).getEvent('Paid')?.topicHash;
  const found = await until(async () => {
    const logs = await all(`${chain}/logs?address=${paymentLogAddress()}&topic=${topic}`);
    return logs.rows.length === 0 ? undefined : logs;
  });
  for (const { height, transactionHash, topics } of found.rows) {
    console.log(`ethereum-local block ${height}: paid in ${String(transactionHash)}`);
    assert.equal((topics as string[])[0], topic);
    const { rows } = await get(`${chain}/txs/${String(transactionHash)}/receipt?at=${found.view.number}`);
    assert.equal(rows[0]?.succeeded, true);
  }
}

async function get(url: string): Promise<Answer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** Every page of a question, all of the first one's view. */
async function all(url: string): Promise<Answer> {
  const first = await get(url);
  const rows = [...first.rows];
  for (let { next } = first; next; ) {
    const page = await get(`${url}&cursor=${encodeURIComponent(next)}`);
    assert.deepEqual(page.view, first.view);
    rows.push(...page.rows);
    next = page.next;
  }
  return { view: first.view, rows };
}

/** Asks until there is an answer: the relay may be starting, the index filling. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  let problem: unknown;
  for (; Date.now() < deadline; await sleep(500)) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      problem = error;
    }
  }
  throw new Error('the index did not answer', { cause: problem });
}

/** Whether `up` can have an index here: the package exists for Linux and macOS. */
function hasIndex(): Promise<boolean> {
  return import('chdb/connection').then(
    () => true,
    () => false,
  );
}

/** `crossroot up` on free ports, in a folder that is gone afterwards. */
async function runUp() {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-example-'));
  const port = await freePorts(24);
  const chains = [
    {
      name: 'bitcoin-regtest',
      policy: 'confirmations(2)',
      devnet: { port: port + 1, blockMilliseconds: 1000 },
    },
    { name: 'ethereum-local', policy: 'finalized', devnet: { port: port + 2, beaconPort: port + 3 } },
  ];
  const main = { p2pPort: port + 4, rpcPort: port + 10 };
  const file = join(folder, 'crossroot.json');
  writeFileSync(file, JSON.stringify({ api: { port }, main, chains }));
  const words = ['bin/bootstrap.mjs', 'up', '--config', file, '--data', join(folder, 'data')];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const end = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  // Nothing of it outlives this program.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void end().then(() => process.exit(1)));
  return { url: `http://127.0.0.1:${port}`, end };
}
