import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { payBitcoin } from '../../devnet/payments/bitcoin.js';
import { payEthereum } from '../../devnet/payments/ethereum.js';
import { callNode } from '../../devnet/rpcClient.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { checkHistory } from './support/checks.js';
import {
  bitcoinHashAt,
  ethereumHashAt,
  externalChains,
  type ForeignNodes,
  startForeignNodes,
} from './support/foreign.js';
import { type ChainView, crossroot, freePorts, tempFolder, Up } from './support/up.js';

let folder: string;
let foreign: ForeignNodes;
let up: Up;

beforeAll(async () => {
  useFastHasher();
  folder = await tempFolder('reorg');
  const ports = await freePorts();
  // Bitcoin blocks come when the test says so.
  foreign = await startForeignNodes(folder, ports, 3_600_000);
  up = new Up(folder, ports, { ...externalChains(folder, foreign), demo: false });
  up.start();
  await up.until('both chains to be committed', async () => {
    const [bitcoin, ethereum] = await Promise.all([view('bitcoin-regtest'), view('ethereum-local')]);
    return (
      bitcoin.finalized !== null && Number(bitcoin.finalized.height) >= 109 && ethereum.finalized !== null
    );
  });
});

afterAll(async () => {
  await up?.kill();
  await Promise.all([foreign?.bitcoin.stop(), foreign?.ethereum.stop()]);
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

let paidLast = '';

const view = (chain: string) => up.get<ChainView>(`/v1/chains/${chain}`);

async function mine(count: number): Promise<void> {
  await callNode(foreign.bitcoinRpc, 'generatetoaddress', [
    count,
    await callNode(foreign.bitcoinRpc, 'getnewaddress'),
  ]);
}

const hashAt = (height: number) => bitcoinHashAt(foreign.bitcoinRpc)(height);
const heightNow = async () => Number(await callNode(foreign.bitcoinRpc, 'getblockcount'));

async function committed(chain: string, height: number, hash?: string, epoch?: string): Promise<ChainView> {
  return up.until(`${chain} ${height} to be final`, async () => {
    const now = await view(chain);
    if (
      now.committed === null ||
      Number(now.committed.height) < height ||
      Number(now.finalized?.height ?? -1) < height
    )
      return undefined;
    if (epoch !== undefined && now.epoch !== epoch) return undefined;
    if (hash === undefined) return now;
    const header = await up.get<{ hash: string }>(`/v1/chains/${chain}/headers/${height}`);
    return header.hash === hash && now;
  });
}

async function prove(chain: string, transaction: string, name: string, ...more: string[]): Promise<string> {
  const file = `${folder}/${name}.json`;
  await up.until(`the proof ${name}`, async () => {
    const { code, stderr } = await crossroot(
      'prove',
      '--chain',
      chain,
      ...(transaction === '' ? [] : ['--tx', transaction]),
      '--api',
      up.api,
      '-o',
      file,
      ...more,
    );
    if (code !== 0) throw new Error(stderr);
    return true;
  });
  return file;
}

it('Bitcoin, above the committed point: the epoch stays', async () => {
  await mine(1);
  const tip = await heightNow();
  await up.until(
    'the tip to be seen',
    async () => Number((await view('bitcoin-regtest')).local?.height) === tip,
  );
  await callNode(foreign.bitcoinRpc, 'invalidateblock', [await hashAt(tip)]);
  await mine(3);
  const now = await committed('bitcoin-regtest', tip + 1, await hashAt(tip + 1));
  expect(now.epoch).toBe('0');
  await checkHistory(up, 'bitcoin-regtest', hashAt);
});

it('Bitcoin, below the committed point: truncated, re-appended, and an old proof is superseded offline', async () => {
  const paid = await payBitcoin(foreign.bitcoinRpc, { satoshi: 2_000_000n });
  await mine(2);
  const height = (await heightNow()) - 2;
  expect(await hashAt(height)).toBe(paid.blockHash);
  paidLast = paid.txid;
  await committed('bitcoin-regtest', height + 1);
  const old = await prove('bitcoin-regtest', paid.txid, 'old');
  expect(await crossroot('verify', old, '--data', up.data)).toMatchObject({ code: 0 });

  await callNode(foreign.bitcoinRpc, 'invalidateblock', [paid.blockHash]);
  await mine(6);
  expect(await hashAt(height)).not.toBe(paid.blockHash);
  const now = await committed('bitcoin-regtest', height + 4, await hashAt(height + 4), '1');
  expect(now).toMatchObject({ epoch: '1', status: 'active' });
  await checkHistory(up, 'bitcoin-regtest', hashAt);
  const { reorganisations: reorgs } = await up.get<{ reorganisations: { forkHeight: string }[] }>(
    '/v1/chains/bitcoin-regtest/reorgs',
  );
  expect(reorgs).toHaveLength(1);
  expect(reorgs[0]!.forkHeight).toBe(String(height - 1));

  // Alone the old proof still holds, as of its main height; with the reorg proof it is told superseded.
  const reorg = await prove('bitcoin-regtest', '', 'reorg', '--reorg', '0');
  expect(await crossroot('verify', old, '--data', up.data)).toMatchObject({ code: 0 });
  expect(await crossroot('verify', reorg, '--data', up.data)).toMatchObject({ code: 0 });
  const both = await crossroot('verify', old, reorg, '--data', up.data, '--json');
  expect(both.code).toBe(1);
  expect(both.stdout).toContain('"superseded"');
  // The payment went back to the memory pool and into another block: its new proof is not superseded by the same reorganisation.
  const again = await prove('bitcoin-regtest', paid.txid, 'again');
  expect(await crossroot('verify', again, reorg, '--data', up.data)).toMatchObject({ code: 0 });
});

it('Ethereum, above the committed point: the epoch stays', async () => {
  const before = await view('ethereum-local');
  const tip = Number(before.local?.height);
  await callNode(foreign.ethereumRpc, 'anvil_reorg', [3, []]);
  const now = await committed('ethereum-local', tip + 1);
  expect(now.epoch).toBe('0');
  await checkHistory(up, 'ethereum-local', ethereumHashAt(foreign.ethereumRpc));
});

it('Ethereum, below the committed point: truncated, re-appended, and an old proof is superseded offline', async () => {
  const paid = await payEthereum(foreign.ethereum.url, { wei: 10n ** 16n });
  await committed('ethereum-local', paid.blockNumber);
  const old = await prove(
    'ethereum-local',
    paid.transactionHash,
    'old-log',
    '--kind',
    'log',
    '--log',
    String(paid.logIndex),
  );
  expect(await crossroot('verify', old, '--data', up.data)).toMatchObject({ code: 0 });
  const tip = Number(await callNode(foreign.ethereumRpc, 'eth_blockNumber'));
  // It makes a block a second meanwhile: far enough below.
  await callNode(foreign.ethereumRpc, 'anvil_reorg', [tip - paid.blockNumber + 5, []]);
  const hash = await ethereumHashAt(foreign.ethereumRpc)(paid.blockNumber);
  expect(hash).not.toBe(paid.blockHash);
  const now = await committed('ethereum-local', paid.blockNumber, hash, '1');
  expect(now).toMatchObject({ epoch: '1', status: 'active' });
  const reorg = await prove('ethereum-local', '', 'eth-reorg', '--reorg', '0');
  const both = await crossroot('verify', old, reorg, '--data', up.data, '--json');
  expect(both.code).toBe(1);
  expect(both.stdout).toContain('"superseded"');
});

it('delegates pause, resume and change the policy by quorum, as their configurations say', async () => {
  const file = await prove('bitcoin-regtest', paidLast, 'before-pause');
  const base = externalChains(folder, foreign) as { chains: { name: string; policy: string }[] };
  const restart = async (over: object) => {
    expect(await up.stop()).toBe(0);
    const chains = base.chains.map((chain) =>
      chain.name === 'bitcoin-regtest' ? { ...chain, ...over } : chain,
    );
    up.configure({ chains, demo: false });
    up.start();
  };
  await restart({ status: 'paused' });
  await up.until(
    'bitcoin-regtest to be paused',
    async () => (await view('bitcoin-regtest')).status === 'paused',
  );
  expect(await crossroot('verify', file, '--data', up.data)).toMatchObject({ code: 0 });
  await restart({ status: 'active', policy: 'confirmations(3)' });
  await up.until('bitcoin-regtest to be active again', async () => {
    const now = (await view('bitcoin-regtest')) as ChainView & { policyVersion: number };
    return now.status === 'active' && now.policyVersion === 2;
  });
  await mine(3);
  const tip = await heightNow();
  const now = await committed('bitcoin-regtest', tip - 2);
  expect(Number(now.committed?.height)).toBe(tip - 2);
});

it('a trust file of the running chain stands for its genesis', async () => {
  const trust = `${folder}/trust.json`;
  expect(await crossroot('trust', '--api', up.api, '-o', trust)).toMatchObject({ code: 0 });
  const file = await prove('bitcoin-regtest', paidLast, 'for-trust');
  expect(await crossroot('verify', file, '--trust', trust)).toMatchObject({ code: 0 });
  expect(await crossroot('verify', file, '--data', `${folder}/nothing-here`)).toMatchObject({ code: 1 });
});

it('a proof with one byte changed is refused, whichever it is', async () => {
  const paid = await payBitcoin(foreign.bitcoinRpc, { satoshi: 3_000_000n });
  await mine(3);
  const file = await prove('bitcoin-regtest', paid.txid, 'bytes', '--format', 'ssz');
  const good = await readFile(file);
  const bad = [];
  for (let i = 0; i < good.length; i += Math.ceil(good.length / 24)) {
    const copy = Buffer.from(good);
    copy[i]! ^= 1;
    const name = `${folder}/bad-${i}.ssz`;
    await writeFile(name, copy);
    bad.push(name);
  }
  const { code, stdout } = await crossroot('verify', ...bad, '--data', up.data, '--json');
  expect(code).toBe(1);
  const { files } = JSON.parse(stdout) as { files: { ok: boolean; error?: { flaw?: string } }[] };
  expect(files.filter((one) => one.ok || one.error?.flaw === undefined)).toEqual([]);
});
